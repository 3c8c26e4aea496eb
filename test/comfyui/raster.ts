import sharp, { type Sharp } from 'sharp';
import { mixRasters, type Raster } from '../../src/kernel/kernel.ts';

export type { Raster };

/** One value from 0 to 1 for each pixel. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** An image that takes part in a mix. */
export interface Ingredient {
  readonly raster: Raster;
  /** 0 or less: no effect. */
  readonly weight: number;
  /** Where it takes part; everywhere without one. */
  readonly mask: Mask | undefined;
}

/** Decodes an image file, upright and in sRGB. @throws Error if it isn't one. */
export async function decode(bytes: Buffer): Promise<Raster> {
  return await rasterOf(sharp(bytes).autoOrient());
}

/** A sharp pipeline with the pixels of a raster. */
export function pipeline({ width, height, data }: Raster): Sharp {
  return sharp(data, { raw: { width, height, channels: 4 } });
}

/** The pixels that come out of a sharp pipeline. */
export async function rasterOf(image: Sharp): Promise<Raster> {
  const { data, info } = await image.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

/** A resized raster. `cover` crops around the center, `fill` stretches. */
export async function resized(
  raster: Raster,
  width: number,
  height: number,
  fit: 'cover' | 'fill' | 'contain' = 'fill',
): Promise<Raster> {
  if (raster.width === width && raster.height === height) return raster;
  return await rasterOf(pipeline(raster).resize(width, height, { fit, background: 'black' }));
}

/** The same image with every pixel opaque. */
export function opaque({ width, height, data }: Raster): Raster {
  return { width, height, data: data.map((value, i) => (i % 4 === 3 ? 255 : value)) };
}

/** Whether no pixel is transparent. */
export function isOpaque({ data }: Raster): boolean {
  return data.every((value, i) => i % 4 !== 3 || value === 255);
}

export interface MixOrder {
  readonly width: number;
  readonly height: number;
  /** 32-bit. */
  readonly seed: number;
  readonly sample: number;
  /** From 1 to 20. */
  readonly guidanceScale: number;
}

/**
 * Mixes the images with the kernel. With masks, each region is the mix of the images that take part there. Where none does, the
 * result is a plain color that depends on the seed.
 */
export function mixIngredients(ingredients: readonly Ingredient[], order: MixOrder): Raster {
  const used = ingredients.filter(({ weight }) => weight > 0);
  const { width, height } = order;
  const result: Raster = { width, height, data: new Uint8ClampedArray(width * height * 4) };
  const regions = new Map<string, Raster>();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const present = used.filter(({ mask }) => !mask || valueAt(mask, x / width, y / height) >= 0.5);
      const key = present.length === used.length ? 'all' : present.map((one) => used.indexOf(one)).join();
      const region = regions.get(key) ?? mixOrPlain(present, order);
      regions.set(key, region);
      if (key === 'all' && used.every(({ mask }) => !mask)) return region;
      const i = (y * width + x) * 4;
      result.data.set(region.data.subarray(i, i + 4), i);
    }
  }
  return result;
}

function mixOrPlain(ingredients: readonly Ingredient[], order: MixOrder): Raster {
  const { width, height, seed, sample } = order;
  if (ingredients.length === 0) {
    const color = Math.imul(seed + sample + 1, 0x9e3779b1) >>> 8;
    return plain(width, height, [color & 255, (color >> 8) & 255, (color >> 16) & 255]);
  }
  return mixRasters(
    ingredients.map(({ raster }) => raster),
    ingredients.map(({ weight }) => weight),
    order,
  );
}

/** A raster in one opaque color. */
export function plain(width: number, height: number, [red, green, blue]: [number, number, number]): Raster {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < data.length; i += 4) data.set([red, green, blue, 255], i);
  return { width, height, data };
}

/** A mask's value at a place from 0 to 1 in both directions, without interpolation. */
export function valueAt({ width, height, data }: Mask, x: number, y: number): number {
  const column = Math.min(width - 1, Math.floor(x * width));
  const row = Math.min(height - 1, Math.floor(y * height));
  return data[row * width + column] ?? 0;
}
