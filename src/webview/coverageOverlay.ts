import type { Coverage, Raster } from '../kernel/kernel.ts';
import type { Color } from './model/palette.ts';

/** The opacity of the overlay, 0 to 1. What shows through is the mix in grayscale. */
const opacity = 0.62;

/**
 * Overlays a mix with the colors of its images, blended by how much of each pixel comes from which image. Changes the raster.
 * @param colors one per part of the coverage.
 */
export function overlayCoverage(
  { width, height, data }: Raster,
  { size, parts }: Coverage,
  colors: readonly Color[],
): void {
  const blend = blendColors(parts, colors, size.width * size.height);
  for (let y = 0; y < height; y++) {
    const rows = interpolate(y, height, size.height);
    for (let x = 0; x < width; x++) {
      const columns = interpolate(x, width, size.width);
      const at = 4 * (y * width + x);
      const gray = 0.3 * (data[at] ?? 0) + 0.59 * (data[at + 1] ?? 0) + 0.11 * (data[at + 2] ?? 0);
      for (let c = 0; c < 3; c++) {
        const value = (row: number, column: number) => blend[3 * (row * size.width + column) + c] ?? 0;
        const upper = value(rows.from, columns.from) * (1 - columns.part) + value(rows.from, columns.to) * columns.part;
        const lower = value(rows.to, columns.from) * (1 - columns.part) + value(rows.to, columns.to) * columns.part;
        const color = upper * (1 - rows.part) + lower * rows.part;
        data[at + c] = opacity * color + (1 - opacity) * gray;
      }
    }
  }
}

/** The blended color of each pixel of the coverage, as red, green, blue in turn. */
function blendColors(parts: readonly Float32Array[], colors: readonly Color[], length: number): Float32Array {
  const out = new Float32Array(3 * length);
  parts.forEach((part, i) => {
    const color = colors[i] ?? [0, 0, 0];
    for (let p = 0; p < length; p++) {
      for (let c = 0; c < 3; c++) out[3 * p + c] = (out[3 * p + c] ?? 0) + (part[p] ?? 0) * (color[c] ?? 0);
    }
  });
  return out;
}

/**
 * Linear interpolation from a side of `length` pixels into one of `smaller` pixels: the two neighbors of the center of pixel `at`,
 * and the weight of the second, 0 to 1.
 */
function interpolate(at: number, length: number, smaller: number): { from: number; to: number; part: number } {
  const position = Math.max(0, Math.min(smaller - 1, ((at + 0.5) * smaller) / length - 0.5));
  const from = Math.floor(position);
  return { from, to: Math.min(smaller - 1, from + 1), part: position - from };
}
