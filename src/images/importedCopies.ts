import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** So many copies are kept; beyond them those go that were put there longest ago. */
const limit = 300;

/**
 * Keeps a copy of a picture that has no lasting place of its own, under its content's hash. The same picture is kept once.
 * @param folder absolute path; made where it is missing.
 * @param isUsed whether a copy, by its absolute path, must stay however old it is.
 * @returns the absolute path of the copy.
 */
export async function saveImportedCopy(
  folder: string,
  name: string,
  bytes: Uint8Array,
  isUsed: (path: string) => boolean,
): Promise<string> {
  const own = join(folder, createHash('sha256').update(bytes).digest('hex').slice(0, 8));
  await mkdir(own, { recursive: true });
  const path = join(own, name);
  await writeFile(path, bytes);
  const now = new Date();
  await utimes(own, now, now);
  await removeOldest(folder, (kept) => kept === own || isUsed(kept));
  return path;
}

async function removeOldest(folder: string, mustStay: (path: string) => boolean): Promise<void> {
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  if (paths.length <= limit) return;
  const others = paths.filter((path) => !mustStay(path));
  const aged = await Promise.all(others.map(async (path) => ({ path, time: (await stat(path)).mtimeMs })));
  const oldest = aged.toSorted((one, other) => one.time - other.time).slice(0, paths.length - limit);
  for (const { path } of oldest) await rm(path, { recursive: true, force: true });
}
