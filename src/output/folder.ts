import { mkdir, open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { MixFailure } from '../mix/failure.ts';
import { saveFailure, systemCode } from './saveFailure.ts';

/** Makes `folder`, which must lie in `root` once links are followed. @throws MixFailure `save-failed`. */
export async function makeFolderInside(folder: string, root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true });
    const realRoot = await realpath(root);
    // First what is there already: below a link that leads outside nothing may be made.
    if (!isWithin(await realpath(await nearestExisting(folder)), realRoot)) throw outside(folder);
    await mkdir(folder, { recursive: true });
    if (!isWithin(await realpath(folder), realRoot)) throw outside(folder);
  } catch (error) {
    throw error instanceof MixFailure ? error : saveFailure(folder, error);
  }
}

/** Brings the names in a folder down to the disk, where the system can do that for folders. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function nearestExisting(path: string): Promise<string> {
  try {
    await realpath(path);
    return path;
  } catch (error) {
    const parent = dirname(path);
    if (systemCode(error) !== 'ENOENT' || parent === path) throw error;
    return nearestExisting(parent);
  }
}

function isWithin(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function outside(folder: string): MixFailure {
  return new MixFailure('save-failed/folder-outside', { args: { folder }, retryable: false });
}
