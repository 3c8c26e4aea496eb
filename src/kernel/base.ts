import type { RgbPlanes } from './oklab.ts';
import type { Size } from './pyramid.ts';

/** A picture made smaller: each of its pixels stands on the centre of a block of the picture's, all blocks being alike. */
export interface Base extends RgbPlanes {
  readonly size: Size;
  /** Coverage from 0 to 1; null where every pixel is opaque. */
  readonly alpha: Float32Array | null;
}

/** The size of a base whose longest side is at most `longest` pixels, in the picture's shape. */
export function baseSize({ width, height }: Size, longest: number): Size {
  const scale = Math.min(1, longest / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.floor(length * scale + 0.5));
  return { width: side(width), height: side(height) };
}

/**
 * Makes a picture smaller through a triangle filter that reaches from the centre of one block to those of its neighbours, the
 * counterpart of straight interpolation; borders repeated.
 */
export function reduceToBase(words: Int32Array, from: Size, size: Size, opaque: boolean): Base {
  const length = size.width * size.height;
  const r = new Float32Array(length);
  const g = new Float32Array(length);
  const b = new Float32Array(length);
  const alpha = opaque ? null : new Float32Array(length);
  const across = triangles(from.width, size.width);
  const down = triangles(from.height, size.height);
  const red = new Float64Array(from.width);
  const green = new Float64Array(from.width);
  const blue = new Float64Array(from.width);
  const cover = new Float64Array(from.width);
  for (let y = 0; y < size.height; y++) {
    red.fill(0);
    green.fill(0);
    blue.fill(0);
    cover.fill(0);
    for (let k = 0; k < down.count; k++) {
      const weight = down.weights[y * down.count + k]!;
      if (weight === 0) continue;
      const row = Math.max(0, Math.min(down.firsts[y]! + k, from.height - 1)) * from.width;
      for (let x = 0; x < from.width; x++) {
        const word = words[row + x]!;
        red[x] = red[x]! + (word & 255) * weight;
        green[x] = green[x]! + ((word >> 8) & 255) * weight;
        blue[x] = blue[x]! + ((word >> 16) & 255) * weight;
      }
      if (alpha) for (let x = 0; x < from.width; x++) cover[x] = cover[x]! + (words[row + x]! >>> 24) * weight;
    }
    gather(red, across, r, y);
    gather(green, across, g, y);
    gather(blue, across, b, y);
    if (alpha) gather(cover, across, alpha, y);
  }
  if (alpha) for (let i = 0; i < length; i++) alpha[i] = alpha[i]! / 255;
  return { size, r, g, b, alpha };
}

/** For each base pixel along a side the weights, which sum to 1, of `count` pixels from `firsts` on. */
interface Triangles {
  readonly firsts: Int32Array;
  readonly weights: Float64Array;
  readonly count: number;
}

function triangles(pixels: number, nodes: number): Triangles {
  const block = pixels / nodes;
  const count = 2 * Math.ceil(block) + 1;
  const firsts = new Int32Array(nodes);
  const weights = new Float64Array(nodes * count);
  for (let node = 0; node < nodes; node++) {
    const centre = (node + 0.5) * block - 0.5;
    const first = Math.floor(centre - block) + 1;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = Math.max(0, block - Math.abs(first + k - centre));
      weights[node * count + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < count; k++) weights[node * count + k] = weights[node * count + k]! / sum;
    firsts[node] = first;
  }
  return { firsts, weights, count };
}

function gather(row: Float64Array, { firsts, weights, count }: Triangles, out: Float32Array, y: number): void {
  const last = row.length - 1;
  const nodes = firsts.length;
  for (let node = 0; node < nodes; node++) {
    const first = firsts[node]!;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      sum += row[Math.max(0, Math.min(first + k, last))]! * weights[node * count + k]!;
    }
    out[y * nodes + node] = sum;
  }
}
