import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SourceLocation } from '../images/sourceReader.ts';
import { MixFailure } from '../mix/failure.ts';

/**
 * The location that a recipe's source refers to: a path, a `file:` URI or an http(s) URL.
 * @param base absolute path of the folder that relative paths start from. @param index the image's position in the recipe.
 * @throws MixFailure `invalid-recipe` for any other address.
 */
export function locateSource(source: string, base: string, index: number): SourceLocation {
  if (/^https?:/i.test(source) && URL.canParse(source)) return { kind: 'url', url: source };
  if (/^file:/i.test(source) && URL.canParse(source)) return { kind: 'file', path: fileURLToPath(source) };
  if (/^[a-z][a-z0-9+.-]+:/i.test(source) || source.includes('\0')) {
    throw new MixFailure('invalid-recipe/bad-source', {
      field: `images.${index}`,
      image: index,
      args: { value: source.slice(0, 80) },
    });
  }
  return { kind: 'file', path: resolve(base, source) };
}

/** The address of a location: a `file:` URI or an http(s) URL. */
export function uriOf(location: SourceLocation): string {
  return location.kind === 'url' ? location.url : pathToFileURL(location.path).href;
}

/** The location of a draft's image, by its `file:` URI or http(s) URL. */
export function locationOf(uri: string): SourceLocation {
  return isWebUrl(uri) ? { kind: 'url', url: uri } : { kind: 'file', path: fileURLToPath(uri) };
}

/** Whether a text is an http or https URL. */
export function isWebUrl(text: string): boolean {
  const trimmed = text.trim();
  return /^https?:\/\//i.test(trimmed) && URL.canParse(trimmed);
}
