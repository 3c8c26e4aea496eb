import type { RgbPlanes } from './oklab.ts';
import type { Size } from './pyramid.ts';

/** A picture made smaller by a whole number. Base pixel j stands on pixel j × step of the picture. */
export interface Base extends RgbPlanes {
  readonly size: Size;
  readonly step: number;
  /** Coverage from 0 to 1; null where every pixel is opaque. */
  readonly alpha: Float32Array | null;
}

/** The whole number by which a picture is divided so that its longest side is at most `longest` pixels. */
export function baseStep(size: Size, longest: number): number {
  return Math.ceil(Math.max(size.width, size.height) / longest);
}

/** Makes a picture smaller through a triangle filter of 2·step − 1 pixels, the counterpart of straight interpolation; borders repeated. */
export function reduceToBase(words: Int32Array, size: Size, step: number, opaque: boolean): Base {
  const { width, height } = size;
  const baseWidth = Math.ceil(width / step);
  const baseHeight = Math.ceil(height / step);
  const length = baseWidth * baseHeight;
  const r = new Float32Array(length);
  const g = new Float32Array(length);
  const b = new Float32Array(length);
  const alpha = opaque ? null : new Float32Array(length);
  const reach = step - 1;
  const red = new Float64Array(width);
  const green = new Float64Array(width);
  const blue = new Float64Array(width);
  const cover = new Float64Array(width);
  const scale = 1 / (step * step * step * step);
  for (let y = 0; y < baseHeight; y++) {
    red.fill(0);
    green.fill(0);
    blue.fill(0);
    cover.fill(0);
    for (let k = -reach; k <= reach; k++) {
      const row = Math.max(0, Math.min(y * step + k, height - 1)) * width;
      const weight = step - (k < 0 ? -k : k);
      for (let x = 0; x < width; x++) {
        const word = words[row + x]!;
        red[x] = red[x]! + (word & 255) * weight;
        green[x] = green[x]! + ((word >> 8) & 255) * weight;
        blue[x] = blue[x]! + ((word >> 16) & 255) * weight;
      }
      if (alpha) for (let x = 0; x < width; x++) cover[x] = cover[x]! + (words[row + x]! >>> 24) * weight;
    }
    const to = y * baseWidth;
    gather(red, r, to, baseWidth, step, scale);
    gather(green, g, to, baseWidth, step, scale);
    gather(blue, b, to, baseWidth, step, scale);
    if (alpha) gather(cover, alpha, to, baseWidth, step, scale / 255);
  }
  return { size: { width: baseWidth, height: baseHeight }, step, r, g, b, alpha };
}

function gather(row: Float64Array, out: Float32Array, to: number, count: number, step: number, scale: number): void {
  const last = row.length - 1;
  for (let x = 0; x < count; x++) {
    let sum = 0;
    for (let k = 1 - step; k < step; k++) {
      sum += row[Math.max(0, Math.min(x * step + k, last))]! * (step - (k < 0 ? -k : k));
    }
    out[to + x] = sum * scale;
  }
}
