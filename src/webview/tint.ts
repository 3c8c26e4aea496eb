import type { Coverage } from '../kernel/kernel.ts';
import type { Raster } from '../images/raster.ts';
import type { Colour } from './model/palette.ts';

/** How much of a pixel is the colour; the rest is the picture, in grey. */
const strength = 0.62;

/** Colours a mix by who has which part of it: each pixel in the blend of the pictures' colours, light and dark as it was. Changes the raster. */
export function tint({ width, height, data }: Raster, { size, parts }: Coverage, colours: readonly Colour[]): void {
  const blend = blended(parts, colours, size.width * size.height);
  for (let y = 0; y < height; y++) {
    const down = between(y, height, size.height);
    for (let x = 0; x < width; x++) {
      const across = between(x, width, size.width);
      const at = 4 * (y * width + x);
      const grey = 0.3 * (data[at] ?? 0) + 0.59 * (data[at + 1] ?? 0) + 0.11 * (data[at + 2] ?? 0);
      for (let c = 0; c < 3; c++) {
        const value = (row: number, column: number) => blend[3 * (row * size.width + column) + c] ?? 0;
        const upper = value(down.from, across.from) * (1 - across.part) + value(down.from, across.to) * across.part;
        const lower = value(down.to, across.from) * (1 - across.part) + value(down.to, across.to) * across.part;
        const colour = upper * (1 - down.part) + lower * down.part;
        data[at + c] = strength * colour + (1 - strength) * grey;
      }
    }
  }
}

/** The colour of each pixel of the coverage: red, green, blue in turn. */
function blended(parts: readonly Float32Array[], colours: readonly Colour[], length: number): Float32Array {
  const out = new Float32Array(3 * length);
  parts.forEach((part, i) => {
    const colour = colours[i] ?? [0, 0, 0];
    for (let p = 0; p < length; p++) {
      for (let c = 0; c < 3; c++) out[3 * p + c] = (out[3 * p + c] ?? 0) + (part[p] ?? 0) * (colour[c] ?? 0);
    }
  });
  return out;
}

/** The two pixels of a smaller side between which the centre of a pixel of a larger one lies, and how far towards the second. */
function between(at: number, length: number, smaller: number): { from: number; to: number; part: number } {
  const place = Math.max(0, Math.min(smaller - 1, ((at + 0.5) * smaller) / length - 0.5));
  const from = Math.floor(place);
  return { from, to: Math.min(smaller - 1, from + 1), part: place - from };
}
