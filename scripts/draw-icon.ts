// Draws media/icon.png, the icon that marketplaces show, from media/icon.svg.
import { resolve } from 'node:path';
import sharp from 'sharp';

const media = resolve(import.meta.dirname, '../media');
const side = 128;

await sharp(resolve(media, 'icon.svg'), { density: 72 * 4 })
  .resize(side, side)
  .png({ compressionLevel: 9 })
  .toFile(resolve(media, 'icon.png'));
