import sharp from 'sharp';
import { mixRasters, type Raster } from '../../src/kernel/kernel.ts';

/** The inputs of a mix. */
export interface Ingredients {
  /** Encoded images, one for each weight. */
  readonly sources: readonly Buffer[];
  readonly weights: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly guidanceScale: number;
  readonly seed: number;
  /** Index among the results of one request, from 0. */
  readonly sample: number;
}

/** Whether sharp can decode these bytes. */
export async function isPicture(bytes: Buffer): Promise<boolean> {
  try {
    await sharp(bytes).resize(16).raw().toBuffer();
    return true;
  } catch {
    return false;
  }
}

/** The largest centered square of an image. The upload route crops to it by default. */
export async function cropToSquare(bytes: Buffer): Promise<Buffer> {
  const { width, height } = (await sharp(bytes).metadata()).autoOrient;
  const side = Math.min(width, height);
  return await sharp(bytes).autoOrient().resize(side, side, { fit: 'cover' }).toBuffer();
}

/** The same image in another format. */
export async function reencoded(bytes: Buffer, format: 'jpeg' | 'webp'): Promise<Buffer> {
  return await sharp(bytes).toFormat(format).toBuffer();
}

/** A PNG of the same size in one color, which the service returns for a blocked result. */
export async function blankLike(bytes: Buffer): Promise<Buffer> {
  const { width, height } = await sharp(bytes).metadata();
  return await sharp({ create: { width, height, channels: 3, background: 'black' } })
    .png()
    .toBuffer();
}

/** Mixes the sources and returns a PNG. The same inputs give the same bytes. */
export async function mixPng(ingredients: Ingredients): Promise<Buffer> {
  const { sources, weights, width, height } = ingredients;
  const rasters = await Promise.all(sources.map((bytes) => rasterOf(bytes, width, height)));
  // It isn't known what the service does if all weights are 0. Here they count as equal.
  const used = weights.some((weight) => weight > 0) ? weights : weights.map(() => 1);
  const { data } = mixRasters(rasters, used, ingredients);
  return await sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

/** The upright image in sRGB, scaled down until it just covers the size. Nothing is cropped. */
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
