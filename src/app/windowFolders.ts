import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ignore, systemCode } from '../storage/systemError.ts';

/** Milliseconds after which a window without a folder isn't expected to open again. */
const unusedAfter = 90 * 86_400_000;

/** Records that a window uses its storage now. @param folder absolute path. */
export async function markUsed(folder: string): Promise<void> {
  const now = new Date();
  await utimes(join(folder, 'draft.json'), now, now).catch(ignore('ENOENT'));
}

/**
 * Deletes the storage of windows without a folder that weren't used for 90 days. What can't be deleted is logged.
 * @param windows absolute path of the folder with the storage of each.
 * @param own absolute path of this window's storage, which stays.
 */
export async function removeUnusedWindows(windows: string, own: string, log: (error: unknown) => void): Promise<void> {
  for (const name of (await readdir(windows).catch(ignore('ENOENT'))) ?? []) {
    const folder = join(windows, name);
    if (folder === own) continue;
    try {
      const lastUse = await lastUseOf(folder);
      if (lastUse !== undefined && Date.now() - lastUse > unusedAfter)
        await rm(folder, { recursive: true, force: true });
    } catch (error) {
      if (systemCode(error) === '') throw error;
      log(error);
    }
  }
}

/** Milliseconds since 1970; undefined if the folder is gone. */
async function lastUseOf(folder: string): Promise<number | undefined> {
  const status =
    (await stat(join(folder, 'draft.json')).catch(ignore('ENOENT', 'ENOTDIR'))) ??
    (await stat(folder).catch(ignore('ENOENT')));
  return status?.mtimeMs;
}
