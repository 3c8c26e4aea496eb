import { lstat, readdir } from 'node:fs/promises';
import { join, parse, sep } from 'node:path';
import { systemCode } from './systemError.ts';

/** A file as its folder spells it. */
export interface SpelledFile {
  /** Absolute path. */
  readonly path: string;
  /** Whether this is certainly the file that was meant: only the Unicode form or the separators differ. */
  readonly isSame: boolean;
  /** The part of the path from the first difference on. Empty if there is none. */
  readonly difference: string;
}

/**
 * Finds a file whose path is written differently on disk. The same name can be composed or decomposed Unicode (macOS writes the
 * second), and a path from Windows has backslashes: such a file is the same. One that differs in case, in percent escapes or
 * in spaces around a name is only similar. Undefined if there is neither.
 * @param path absolute.
 */
export async function findSpelling(path: string): Promise<SpelledFile | undefined> {
  if (await exists(path)) return { path, isSame: true, difference: '' };
  const { root } = parse(path);
  const parts = path.slice(root.length).split(sep);
  const difference: string[] = [];
  let at = root;
  let isSame = true;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    let name = part;
    if (!(await exists(join(at, part)))) {
      const names = await namesIn(at);
      const same = names.find((other) => other.normalize() === part.normalize());
      if (same === undefined && sep === '/' && part.includes('\\')) {
        parts.unshift(...part.split('\\').filter(Boolean));
        continue;
      }
      const found = same ?? names.find((other) => looseForm(other) === looseForm(part));
      if (found === undefined) return undefined;
      if (same === undefined) isSame = false;
      difference.push(found);
      name = found;
    } else if (difference.length > 0) difference.push(name);
    at = join(at, name);
  }
  return { path: at, isSame, difference: difference.join('/') };
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === '' && !isNulInPath(error)) throw error;
    return false;
  }
}

/** The names in a folder. None if it can't be listed, since then nothing is known about them. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === '') throw error;
    return [];
  }
}

function isNulInPath(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE';
}

/** Equal for names that people take for each other. */
function looseForm(name: string): string {
  return decoded(name).normalize('NFKC').toLowerCase().trim();
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}
