import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushFolder } from '../output/folder.ts';

/** Writes a file whole or not at all: under another name first, down to the disk, then renamed, and that too. Only this user may read it. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const next = `${path}.new`;
  try {
    const file = await open(next, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, path);
    await flushFolder(dirname(path));
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}
