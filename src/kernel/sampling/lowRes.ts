import type { RgbPlanes } from '../color/oklab.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';

/**
 * An image scaled down: the image is divided into equal blocks, and each low-res pixel lies at the center of one.
 * sRGB, 0 to 255.
 */
export interface LowResImage extends RgbPlanes {
  readonly size: Size;
  /** Alpha from 0 to 1; null if every pixel is opaque. */
  readonly alpha: Float32Array | null;
}

/** The size of a low-res image with the same aspect ratio whose longest side is at most `longest` pixels. */
export function lowResSize({ width, height }: Size, longest: number): Size {
  const scale = Math.min(1, longest / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.floor(length * scale + 0.5));
  return { width: side(width), height: side(height) };
}

/**
 * Scales an image down with a triangle filter that reaches from one block's center to those of its neighbors: the adjoint of bilinear
 * interpolation. Borders repeat.
 *
 * @param tick called every few rows.
 */
export function toLowRes(
  words: Int32Array,
  from: Size,
  size: Size,
  opaque: boolean,
  tick: () => void = () => {},
): LowResImage {
  const length = size.width * size.height;
  const r = new Float32Array(length);
  const g = new Float32Array(length);
  const b = new Float32Array(length);
  const alpha = opaque ? null : new Float32Array(length);
  const across = triangleFilter(from.width, size.width);
  const down = triangleFilter(from.height, size.height);
  const red = new Float64Array(from.width);
  const green = new Float64Array(from.width);
  const blue = new Float64Array(from.width);
  const cover = new Float64Array(from.width);
  for (let y = 0; y < size.height; y++) {
    if ((y & 15) === 0) tick();
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
    filterRow(red, across, r, y);
    filterRow(green, across, g, y);
    filterRow(blue, across, b, y);
    if (alpha) filterRow(cover, across, alpha, y);
  }
  if (alpha) for (let i = 0; i < length; i++) alpha[i] = alpha[i]! / 255;
  return { size, r, g, b, alpha };
}

/** For each low-res pixel along a side the weights (sum 1) of `count` pixels from `firsts` on. */
interface TriangleFilter {
  readonly firsts: Int32Array;
  readonly weights: Float64Array;
  readonly count: number;
}

function triangleFilter(pixels: number, nodes: number): TriangleFilter {
  const block = pixels / nodes;
  const count = 2 * Math.ceil(block) + 1;
  const firsts = new Int32Array(nodes);
  const weights = new Float64Array(nodes * count);
  for (let node = 0; node < nodes; node++) {
    const center = (node + 0.5) * block - 0.5;
    const first = Math.floor(center - block) + 1;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const weight = Math.max(0, block - Math.abs(first + k - center));
      weights[node * count + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < count; k++) weights[node * count + k] = weights[node * count + k]! / sum;
    firsts[node] = first;
  }
  return { firsts, weights, count };
}

function filterRow(row: Float64Array, { firsts, weights, count }: TriangleFilter, out: Float32Array, y: number): void {
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
