import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.object({ publisher: z.string(), name: z.string(), version: z.string() });

/** Installs unpacked extensions as links in `extensionsDir`. */
export async function installExtensions(extensionsDir: string, unpacked: readonly string[]): Promise<void> {
  await mkdir(extensionsDir, { recursive: true });
  for (const folder of unpacked) {
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
    const name = `${manifest.publisher}.${manifest.name}-${manifest.version}`.toLowerCase();
    await symlink(resolve(folder), join(extensionsDir, name), 'junction').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error; // EEXIST: the data folder is being reused
    });
  }
}
