import sharp from 'sharp';
import { mixRasters, type Raster } from '../../src/kernel/kernel.ts';

/** What a mix is made of. */
export interface Ingredients {
  /** Encoded pictures, one for each weight. */
  readonly sources: readonly Buffer[];
  readonly weights: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly guidanceScale: number;
  readonly seed: number;
  /** Which of several pictures of one order, from 0. */
  readonly sample: number;
}

/** Whether sharp can read it. */
export async function isPicture(bytes: Buffer): Promise<boolean> {
  try {
    await sharp(bytes).resize(16).raw().toBuffer();
    return true;
  } catch {
    return false;
  }
}

/** The largest square of a picture's middle, as the upload route cuts it unless told not to. */
export async function cropToSquare(bytes: Buffer): Promise<Buffer> {
  const { width, height } = (await sharp(bytes).metadata()).autoOrient;
  const side = Math.min(width, height);
  return await sharp(bytes).autoOrient().resize(side, side, { fit: 'cover' }).toBuffer();
}

/** The same picture in another format. */
export async function reencoded(bytes: Buffer, format: 'jpeg' | 'webp'): Promise<Buffer> {
  return await sharp(bytes).toFormat(format).toBuffer();
}

/** A PNG of the same size in one colour: how the service shows a result that it blocked. */
export async function blankLike(bytes: Buffer): Promise<Buffer> {
  const { width, height } = await sharp(bytes).metadata();
  return await sharp({ create: { width, height, channels: 3, background: 'black' } })
    .png()
    .toBuffer();
}

/** Mixes the sources and returns a PNG; the same ingredients give the same bytes. */
export async function mixPng(ingredients: Ingredients): Promise<Buffer> {
  const { sources, weights, width, height } = ingredients;
  const rasters = await Promise.all(sources.map((bytes) => rasterOf(bytes, width, height)));
  // What the service makes of nothing but zeros is not known; here it takes all alike.
  const used = weights.some((weight) => weight > 0) ? weights : weights.map(() => 1);
  const { data } = mixRasters(rasters, used, ingredients);
  return await sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

/** The upright picture in sRGB, scaled down until it just covers the size; nothing is cropped. */
async function rasterOf(bytes: Buffer, width: number, height: number): Promise<Raster> {
  const { data, info } = await sharp(bytes)
    .autoOrient()
    .resize(width, height, { fit: 'outside', withoutEnlargement: true })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}
