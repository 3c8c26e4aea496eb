import { scramble } from './hash.ts';
import type { Size } from './pyramid.ts';

/** Cells along the longest side, and height, of each octave. */
const OCTAVES = [
  { cells: 3, height: 1 },
  { cells: 6, height: 0.55 },
  { cells: 12, height: 0.3 },
] as const;

/** Smooth fractal noise of a size, within about ±1 and fixed by its keys; it looks the same at every size of one shape. */
export function fractalNoise(size: Size, ...keys: readonly number[]): Float32Array {
  const { width, height } = size;
  const out = new Float32Array(width * height);
  const longest = Math.max(width, height);
  let key = 0x3c6ef372;
  for (const part of keys) key = scramble(key ^ part) + 0x1b873593;
  OCTAVES.forEach(({ cells, height: amplitude }, octave) => {
    const seed = scramble(key + Math.imul(octave, 0x9e3779b1));
    const scale = cells / longest;
    const columns = Math.floor(width * scale) + 2;
    const upper = new Float64Array(columns);
    const lower = new Float64Array(columns);
    for (let y = 0; y < height; y++) {
      const v = (y + 0.5) * scale;
      const row = Math.floor(v);
      const fy = ease(v - row);
      for (let c = 0; c < columns; c++) {
        upper[c] = lattice(seed, c, row);
        lower[c] = lattice(seed, c, row + 1);
      }
      for (let x = 0; x < width; x++) {
        const u = (x + 0.5) * scale;
        const column = Math.floor(u);
        const fx = ease(u - column);
        const top = upper[column]! + (upper[column + 1]! - upper[column]!) * fx;
        const bottom = lower[column]! + (lower[column + 1]! - lower[column]!) * fx;
        const at = y * width + x;
        out[at] = out[at]! + (top + (bottom - top) * fy) * amplitude;
      }
    }
  });
  return out;
}

function ease(t: number): number {
  return t * t * t * (t * (t * 6 - 15) + 10);
}

function lattice(seed: number, column: number, row: number): number {
  return scramble(seed ^ Math.imul(column, 0x27d4eb2f) ^ Math.imul(row, 0x165667b1)) / 2147483648;
}
