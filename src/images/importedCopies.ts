import { createHash } from 'node:crypto';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../storage/durableFile.ts';
import { makeFolder } from '../storage/folder.ts';
import { ignore, ignoreSystemError } from '../storage/systemError.ts';

/** The number of copies that are kept. */
const maxCopies = 300;

/**
 * Saves a copy of an imported image: a pasted one, or a file from outside the workspace. The folder of a copy is named by the
 * hash of its bytes, so each image is saved once. Beyond 300 copies, the oldest are deleted.
 * @param folder absolute path, created if missing.
 * @param isUsed whether to keep the copy in this folder (absolute path) regardless of its age.
 * @returns the absolute path of the copy.
 */
export async function saveImportedCopy(
  folder: string,
  name: string,
  bytes: Uint8Array,
  isUsed: (path: string) => boolean,
): Promise<string> {
  const copyFolder = join(folder, createHash('sha256').update(bytes).digest('hex').slice(0, 8));
  await makeFolder(copyFolder);
  const path = join(copyFolder, name);
  await replaceFile(path, bytes);
  const now = new Date();
  // Not every drive lets us set times. The copy is there, and a later import cleans up.
  await utimes(copyFolder, now, now).catch(ignoreSystemError);
  await removeOldest(folder, (other) => other === copyFolder || isUsed(other)).catch(ignoreSystemError);
  return path;
}

async function removeOldest(folder: string, mustStay: (path: string) => boolean): Promise<void> {
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  if (paths.length <= maxCopies) return;
  const others = paths.filter((path) => !mustStay(path));
  const aged = await Promise.all(
    others.map(async (path) => ({ path, time: (await stat(path).catch(ignore('ENOENT')))?.mtimeMs ?? 0 })),
  );
  const oldest = aged.toSorted((one, other) => one.time - other.time).slice(0, paths.length - maxCopies);
  for (const { path } of oldest) await rm(path, { recursive: true, force: true });
}
