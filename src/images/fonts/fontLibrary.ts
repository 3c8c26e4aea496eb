import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreSystemError } from '../../storage/systemError.ts';
import { systemFontFolders } from './fontFolders.ts';
import { type Face, type ReadBytes, readCoverage, readFaces } from './sfnt.ts';

/** A font file of the system. */
interface FontFile {
  readonly path: string;
  readonly length: number;
  readonly faces: readonly Face[];
}

interface FoundFonts {
  readonly files: readonly FontFile[];
  readonly isComplete: boolean;
}

const maxFiles = 3000;
const maxDepth = 6;
/** Of one file, and of all that one drawing uses, in bytes. */
const maxFileLength = 40 * 2 ** 20;
const maxTotalLength = 96 * 2 ** 20;

/** Finds and reads the system's fonts. Nothing is read before the first question. */
export class FontLibrary {
  readonly #folders: () => Promise<readonly string[]>;
  readonly #searchTime: number;
  #found: Promise<FoundFonts> | undefined;

  /**
   * @param folders absolute paths; by default, those of the system.
   * @param searchTime milliseconds in which fonts are searched. What was found until then is used.
   */
  constructor(folders?: readonly string[], searchTime = 3000) {
    this.#folders = folders ? async () => folders : systemFontFolders;
    this.#searchTime = searchTime;
  }

  /** Whether every font file was seen: there weren't too many, and all folders answered in time. */
  async isComplete(): Promise<boolean> {
    return (await this.#index()).isComplete;
  }

  /** The name of a family as the renderer knows it; undefined if it isn't installed. */
  async find(name: string): Promise<string | undefined> {
    const wanted = name.toLowerCase();
    for (const { faces } of (await this.#index()).files) {
      const face = faces.find(({ names, hasOutlines }) => hasOutlines && names.has(wanted));
      if (face) return face.family;
    }
    return undefined;
  }

  /** The files of these families, and of others that have the characters that those lack. */
  async read(
    families: ReadonlySet<string>,
    characters: readonly number[],
  ): Promise<{ fonts: Uint8Array[]; missing: number[] }> {
    const { files } = await this.#index();
    const end = performance.now() + this.#searchTime;
    const isWanted = ({ faces }: FontFile) => faces.some(({ family }) => families.has(family));
    const fonts: Uint8Array[] = [];
    let missing = [...characters];
    let total = 0;
    for (const file of [...files.filter(isWanted), ...files.filter((other) => !isWanted(other))]) {
      const wanted = isWanted(file);
      if (!wanted && (missing.length === 0 || performance.now() > end)) break;
      if (total + file.length > maxTotalLength) continue;
      const rest = await lacking(file, missing);
      if (!wanted && rest.length === missing.length) continue;
      const bytes = await readPart(file.path, (read) => read(0, file.length));
      if (!bytes) continue;
      fonts.push(bytes);
      total += file.length;
      missing = rest;
    }
    return { fonts, missing };
  }

  #index(): Promise<FoundFonts> {
    this.#found ??= this.#search();
    return this.#found;
  }

  async #search(): Promise<FoundFonts> {
    const files: FontFile[] = [];
    const end = performance.now() + this.#searchTime;
    const timer = new Promise<false>((resolve) => setTimeout(resolve, this.#searchTime, false).unref());
    const search = async () => {
      let isComplete = true;
      for (const folder of await this.#folders()) {
        isComplete = (await searchFolder(folder, maxDepth, files, end)) && isComplete;
      }
      return isComplete;
    };
    // A folder on a network drive may not answer.
    const isComplete = await Promise.race([search(), timer]);
    return { files: [...files].sort((a, b) => (a.path < b.path ? -1 : 1)), isComplete };
  }
}

/** Adds the fonts in a folder. @returns whether all of them were seen. */
async function searchFolder(folder: string, depth: number, files: FontFile[], end: number): Promise<boolean> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(ignoreSystemError)) ?? [];
  let isComplete = true;
  for (const entry of entries) {
    if (files.length >= maxFiles || performance.now() > end) return false;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 0) {
      isComplete = (await searchFolder(path, depth - 1, files, end)) && isComplete;
    } else if (/\.(?:ttf|otf|ttc|otc)$/i.test(entry.name) && !entry.isDirectory()) await addFile(path, files);
  }
  return isComplete;
}

async function addFile(path: string, files: FontFile[]): Promise<void> {
  const file = await readPart(path, async (read, length) => ({ path, length, faces: await readFaces(read) }));
  if (file && file.faces.length > 0 && !files.some((other) => other.path === path)) files.push(file);
}

async function lacking({ path, faces }: FontFile, characters: readonly number[]): Promise<number[]> {
  if (characters.length === 0) return [];
  const rest = await readPart(path, async (read) => {
    let left = [...characters];
    for (const face of faces.filter(({ hasOutlines }) => hasOutlines)) {
      const has = await readCoverage(read, face);
      left = left.filter((character) => !has(character));
    }
    return left;
  });
  return rest ?? [...characters];
}

/** Reads a file in parts. Undefined if it can't be read, isn't a regular file, is too large, or isn't what its tables say. */
async function readPart<T>(
  path: string,
  work: (read: ReadBytes, length: number) => Promise<T>,
): Promise<T | undefined> {
  let file: FileHandle | undefined;
  try {
    const status = await stat(path);
    if (!status.isFile() || status.size > maxFileLength) return undefined; // opening a pipe might never end
    const opened = await open(path, 'r');
    file = opened;
    const read: ReadBytes = async (offset, length) => {
      const buffer = new Uint8Array(Math.max(0, Math.min(length, status.size - offset)));
      const { bytesRead } = await opened.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    };
    return await work(read, status.size);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // an offset outside of a table
    return ignoreSystemError(error);
  } finally {
    await file?.close();
  }
}
