// Draws the two example images: at full size in examples/, and smaller in media/examples/ for the extension itself.
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { dahlia } from './examples/dahlia.ts';
import { dunes } from './examples/dunes.ts';

const root = resolve(import.meta.dirname, '..');
const drawings = { dunes: dunes(1200, 900), dahlia: dahlia(1200, 900) };
const copies = [
  { folder: 'examples', width: 1200, quality: 86 },
  { folder: 'media/examples', width: 800, quality: 80 },
];

for (const { folder, width, quality } of copies) {
  await mkdir(join(root, folder), { recursive: true });
  for (const [name, svg] of Object.entries(drawings)) {
    const file = join(root, folder, `${name}.jpg`);
    const { size } = await sharp(Buffer.from(svg)).resize({ width }).jpeg({ quality, mozjpeg: true }).toFile(file);
    console.log(`${folder}/${name}.jpg ${Math.round(size / 1024)} KB`);
  }
}
