import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Returns a path in the cache outside the source tree: `~/.cache/image-mixer/…`, or under XDG_CACHE_HOME. */
export function cachePath(...parts: string[]): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'image-mixer', ...parts);
}

/** Tells whether something exists at `path`. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Creates `folder` unless it exists. `make` fills a temporary folder next to it, which is then renamed, so an interrupted run
 * leaves nothing half done and two runs at once don't disturb each other.
 */
export async function makeOnce(folder: string, make: (temporary: string) => Promise<void>): Promise<string> {
  if (await exists(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    await make(temporary);
    await rename(temporary, folder);
  } catch (error) {
    if (!(await exists(folder))) throw error; // otherwise another run was faster and its folder is just as good
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folder;
}
