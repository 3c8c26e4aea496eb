import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A path in the cache that outlives the source tree: `~/.cache/image-mixer/…` or below XDG_CACHE_HOME. */
export function cachePath(...parts: string[]): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'image-mixer', ...parts);
}

/** True where something exists at `path`. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * A folder that is made once: `make` fills a temporary neighbour, which then takes its place in one step, so that an
 * interrupted run leaves nothing half done and two runs at once do not disturb each other.
 */
export async function makeOnce(folder: string, make: (temporary: string) => Promise<void>): Promise<string> {
  if (await exists(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    await make(temporary);
    await rename(temporary, folder);
  } catch (error) {
    if (!(await exists(folder))) throw error; // otherwise another run was faster, and its folder is as good
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folder;
}
