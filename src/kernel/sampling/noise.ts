import { scramble } from '../math/contentHash.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';

/** Cells along the longest side, and amplitude, of each octave. */
const OCTAVES = [
  { cells: 3, amplitude: 1 },
  { cells: 6, amplitude: 0.55 },
  { cells: 12, amplitude: 0.3 },
] as const;

/**
 * Fractal value noise, within about ±1: a window of the infinite noise plane that the seed selects. `at` is the window's origin in
 * cells of the first octave. Looks the same at every resolution of one aspect ratio.
 */
export function fractalNoise(size: Size, seed: number, at: { readonly x: number; readonly y: number }): Float32Array {
  const { width, height } = size;
  const out = new Float32Array(width * height);
  const longest = Math.max(width, height);
  OCTAVES.forEach(({ cells, amplitude }, octave) => {
    const key = scramble(seed ^ Math.imul(octave + 1, 0x9e3779b1));
    const scale = cells / longest;
    const growth = cells / OCTAVES[0].cells;
    const firstColumn = Math.floor(at.x * growth);
    const columns = Math.floor(width * scale) + 3;
    const upper = new Float64Array(columns);
    const lower = new Float64Array(columns);
    let latticeRow = Number.NaN;
    for (let y = 0; y < height; y++) {
      const v = at.y * growth + (y + 0.5) * scale;
      const row = Math.floor(v);
      const fy = fade(v - row);
      if (row !== latticeRow) {
        for (let c = 0; c < columns; c++) {
          upper[c] = lattice(key, firstColumn + c, row);
          lower[c] = lattice(key, firstColumn + c, row + 1);
        }
        latticeRow = row;
      }
      for (let x = 0; x < width; x++) {
        const u = at.x * growth - firstColumn + (x + 0.5) * scale;
        const column = Math.floor(u);
        const fx = fade(u - column);
        const top = upper[column]! + (upper[column + 1]! - upper[column]!) * fx;
        const bottom = lower[column]! + (lower[column + 1]! - lower[column]!) * fx;
        const p = y * width + x;
        out[p] = out[p]! + (top + (bottom - top) * fy) * amplitude;
      }
    }
  });
  return out;
}

/** Perlin's quintic fade (Improving Noise, 2002). */
function fade(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10);
}

/** Pseudorandom value of a lattice point, −1 to 1. */
function lattice(key: number, column: number, row: number): number {
  return scramble(key ^ Math.imul(column, 0x27d4eb2f) ^ Math.imul(row, 0x165667b1)) / 2147483648;
}
