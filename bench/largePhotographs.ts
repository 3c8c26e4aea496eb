import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { photographs } from '../test/hosts/project.ts';

/** Writes up to four different photographs of 12 megapixels into a test project. Returns their paths in it. */
export async function addLargePhotographs(folder: string, count: number): Promise<string[]> {
  await mkdir(join(folder, 'large'));
  const originals = Object.keys(photographs);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const image = sharp(join(folder, originals[index % 2] ?? '')).resize(4000, 3000, { fit: 'cover' });
      const turned = index < 2 ? image : image.flop();
      const path = `large/12mp-${index}.jpg`; // a name that's unique in the tree
      await writeFile(join(folder, path), await turned.jpeg({ quality: 90 }).toBuffer());
      return path;
    }),
  );
}
