import { readFile } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { maxSourceBytes } from '../images/imageLimits.ts';
import { readProvenance } from '../images/imageMetadata.ts';
import { readSourceFile } from '../images/sourceReader.ts';
import { MixFailure } from '../mix/failure.ts';
import type { Notice } from '../mix/notice.ts';
import { recipeOfProvenance } from '../mix/provenance.ts';
import { parseRecipe, type Recipe } from '../mix/recipe.ts';
import { systemCode } from '../storage/systemError.ts';
import { named } from './failureName.ts';

/** Reads a file that isn't on disk, such as an earlier version. What it throws is a MixFailure. */
export type ReadBytes = () => Promise<Uint8Array>;

/** A recipe with notices about how it was written. */
export interface ParsedRecipe {
  readonly recipe: Recipe;
  readonly notices: readonly Notice[];
}

/**
 * Reads a recipe from its file.
 * @param path absolute. @param name what messages call the file. @param read by default, reads the file from disk.
 * @throws MixFailure `invalid-recipe` if the file can't be read, isn't JSON, or has a value out of range.
 */
export async function readRecipe(
  path: string,
  name: string,
  read: ReadBytes = () => readFile(path),
): Promise<ParsedRecipe> {
  let text: string;
  try {
    text = decodeText(await read());
  } catch (cause) {
    if (isEncodingError(cause)) throw new MixFailure('invalid-recipe/encoding', { args: { file: name }, cause });
    const detail = systemCode(cause);
    if (detail === '') throw cause;
    if (detail === 'ENOENT') throw new MixFailure('invalid-recipe/no-file', { args: { file: name }, cause });
    throw new MixFailure('invalid-recipe/unreadable-file', { args: { file: name, detail }, cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    // The rest of V8's message quotes the file, where a password may be.
    const detail = cause.message.replace(/, (?:\.\.\.)?".*is not valid JSON$/s, '');
    throw new MixFailure('invalid-recipe/no-json', { args: { file: name, detail } });
  }
  return parseRecipe(json);
}

/** UTF-8 or UTF-16, by the byte order mark or, since JSON begins with ASCII, by the zeros. @throws TypeError for anything else. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const encoding = isLittle ? 'utf-16le' : isBig ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true }).decode(bytes); // drops the byte order mark
}

/** Whether an error says that bytes aren't text in the encoding that they seem to have. */
export function isEncodingError(error: unknown): boolean {
  return error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
}

/**
 * Reads the recipe in a saved result.
 * @param path absolute. @param name what messages call the file. @param read by default, reads the file from disk.
 * @throws MixFailure `invalid-recipe` if it has none, `unreadable-image` or `image-too-large` if it can't be read.
 */
export async function readRecipeFromImage(
  path: string,
  name: string,
  read: ReadBytes = () => readSourceFile(path, maxSourceBytes),
): Promise<Recipe> {
  const provenance = readProvenance(await named(name, read));
  if (typeof provenance !== 'object' || provenance === null) {
    throw new MixFailure('invalid-recipe/none-in-image', { imageName: name });
  }
  return parseRecipe(recipeOfProvenance(provenance)).recipe;
}
