/**
 * A decoded image: `width × height` pixels of 8-bit sRGB with straight alpha, 4 bytes a pixel (RGBA), rows from the
 * top.
 */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/**
 * The pixels of a raster as 32-bit RGBA words: red in the lowest byte, alpha in the highest (every machine that runs VS Code is
 * little-endian). Shares memory with the raster.
 */
export function wordsOf(raster: Raster): Int32Array<ArrayBuffer> {
  return new Int32Array(raster.data.buffer, raster.data.byteOffset, raster.width * raster.height);
}

/** A raster that shares the memory of the words. */
export function rasterOf(words: Int32Array<ArrayBuffer>, width: number, height: number): Raster {
  return { width, height, data: new Uint8ClampedArray(words.buffer, words.byteOffset, words.length * 4) };
}

/** Whether every pixel is fully opaque. */
export function isOpaque(words: Int32Array): boolean {
  let all = -1;
  for (let i = 0; i < words.length; i++) all &= words[i]!;
  return all >>> 24 === 255;
}
