import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ignore } from './systemError.ts';

/** Milliseconds after which a temporary file belongs to a process that was killed while it wrote. */
const abandonedAfter = 10 * 60_000;

/** The path of a new temporary file in a folder. `removeAbandoned` deletes it if the process doesn't. */
export function temporaryPath(folder: string): string {
  return join(folder, `.image-mixer-${randomUUID()}.tmp`);
}
const temporaryName = /^\.image-mixer-[0-9a-f-]{36}\.tmp$/;

/** Deletes the temporary files in a folder that a killed process left behind. A missing folder has none. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of (await readdir(folder).catch(ignore('ENOENT', 'ENOTDIR'))) ?? []) {
    if (!temporaryName.test(name)) continue;
    const path = join(folder, name);
    const status = await stat(path).catch(ignore('ENOENT'));
    if (status && Math.abs(Date.now() - status.mtimeMs) > abandonedAfter) await rm(path, { force: true });
  }
}

/**
 * Replaces a file completely or not at all, even in a power cut. Only this user may read it.
 * @param options.flush false if an older version may come back after a power cut.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  { flush = true }: { readonly flush?: boolean } = {},
): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryPath(folder);
  try {
    await writeNewFile(temporary, content, { mode: 0o600, flush });
    await rename(temporary, path);
    if (flush) await flushFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a file that doesn't exist yet, or none. @param options.flush whether to wait until its content is on the disk. */
export async function writeNewFile(
  path: string,
  content: string | Uint8Array,
  { mode, flush = true }: { readonly mode?: number; readonly flush?: boolean } = {},
): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    if (flush) await file.sync();
    await file.close();
  } catch (error) {
    await file.close().catch(ignore('EBADF')); // closed already
    await rm(path, { force: true });
    throw error;
  }
}

/** Flushes the names in a folder to the disk, on systems that can do so. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(ignore('EISDIR', 'EACCES', 'EPERM')); // Windows
  if (!handle) return;
  try {
    await handle.sync().catch(ignore('EINVAL', 'EPERM', 'ENOTSUP', 'EBADF')); // file systems that can't
  } finally {
    await handle.close();
  }
}
