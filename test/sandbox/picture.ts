import sharp from 'sharp';

/** A picture of 8-bit sRGB with alpha, 4 bytes a pixel. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

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
    await sharp(bytes).stats();
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

/** A picture of one colour: how the service shows a result that it blocked. */
export async function blankPng(width: number, height: number): Promise<Buffer> {
  return await sharp({ create: { width, height, channels: 3, background: 'black' } })
    .png()
    .toBuffer();
}

/** Mixes the sources and returns a PNG; the same ingredients give the same bytes. */
export async function mixPng(ingredients: Ingredients): Promise<Buffer> {
  const { width, height } = ingredients;
  const rasters = await Promise.all(ingredients.sources.map((bytes) => pixelsOf(bytes, width, height)));
  const { data } = mix(rasters, ingredients);
  return await sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

async function pixelsOf(bytes: Buffer, width: number, height: number): Promise<Pixels> {
  const data = await sharp(bytes).autoOrient().resize(width, height, { fit: 'cover' }).ensureAlpha().raw().toBuffer();
  return { width, height, data: new Uint8ClampedArray(data) };
}

/** Weighted mean with a little noise from the seed. */
function mix(rasters: readonly Pixels[], { weights, width, height, seed, sample }: Ingredients): Pixels {
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  const data = new Uint8ClampedArray(width * height * 4);
  let state = (seed + sample) >>> 0;
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const value = rasters.reduce((sum, raster, index) => sum + (raster.data[at] ?? 0) * (weights[index] ?? 0), 0);
    data[at] = value / total + (at % 4 === 3 ? 0 : (state >>> 30) - 1);
  }
  return { width, height, data };
}
