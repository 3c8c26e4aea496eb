import { scramble } from './hash.ts';
import type { Size } from './pyramid.ts';

/** Cells along the longest side, and height, of each octave. */
const OCTAVES = [
  { cells: 3, height: 1 },
  { cells: 6, height: 0.55 },
  { cells: 12, height: 0.3 },
] as const;

/**
 * Smooth fractal noise of a size, within about ±1: the part of an endless field, fixed by the seed, that begins at `at` (in
 * cells of the first octave). It looks the same at every size of one shape.
 */
export function fractalNoise(size: Size, seed: number, at: { readonly x: number; readonly y: number }): Float32Array {
  const { width, height } = size;
  const out = new Float32Array(width * height);
  const longest = Math.max(width, height);
  OCTAVES.forEach(({ cells, height: amplitude }, octave) => {
    const key = scramble(seed ^ Math.imul(octave + 1, 0x9e3779b1));
    const scale = cells / longest;
    const growth = cells / OCTAVES[0].cells;
    const firstColumn = Math.floor(at.x * growth);
    const columns = Math.floor(width * scale) + 3;
    const upper = new Float64Array(columns);
    const lower = new Float64Array(columns);
    let drawn = Number.NaN;
    for (let y = 0; y < height; y++) {
      const v = at.y * growth + (y + 0.5) * scale;
      const row = Math.floor(v);
      const fy = ease(v - row);
      if (row !== drawn) {
        for (let c = 0; c < columns; c++) {
          upper[c] = lattice(key, firstColumn + c, row);
          lower[c] = lattice(key, firstColumn + c, row + 1);
        }
        drawn = row;
      }
      for (let x = 0; x < width; x++) {
        const u = at.x * growth - firstColumn + (x + 0.5) * scale;
        const column = Math.floor(u);
        const fx = ease(u - column);
        const top = upper[column]! + (upper[column + 1]! - upper[column]!) * fx;
        const bottom = lower[column]! + (lower[column + 1]! - lower[column]!) * fx;
        const p = y * width + x;
        out[p] = out[p]! + (top + (bottom - top) * fy) * amplitude;
      }
    }
  });
  return out;
}

function ease(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10);
}

function lattice(key: number, column: number, row: number): number {
  return scramble(key ^ Math.imul(column, 0x27d4eb2f) ^ Math.imul(row, 0x165667b1)) / 2147483648;
}
