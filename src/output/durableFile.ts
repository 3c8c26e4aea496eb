import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces a file completely or not at all, even in a power cut. Only this user may read it. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  try {
    await writeFlushed(draft, content, { flag: 'w', mode: 0o600 });
    await rename(draft, path);
    await flushFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Writes a file and waits until its content is on the disk. */
export async function writeFlushed(
  path: string,
  content: string | Uint8Array,
  { flag, mode }: { readonly flag: 'w' | 'wx'; readonly mode?: number },
): Promise<void> {
  const file = await open(path, flag, mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes the names in a folder to the disk, on systems that can do so. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
