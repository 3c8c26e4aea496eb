import type { Size } from '../pyramid/laplacianPyramid.ts';
import type { Raster } from './pixelWords.ts';
import { isOpaque, wordsOf } from './pixelWords.ts';

/** A part of an image, in pixels. `flip` mirrors it left to right. */
export interface PixelRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly flip: boolean;
}

/** For each output pixel along one side: the first source pixel and the weights of `count` source pixels. */
interface FilterTaps {
  readonly starts: Int32Array;
  readonly weights: Float64Array;
  readonly count: number;
}

/**
 * Scales a part of an image to a size; returns RGBA words. Copies if the sizes agree, otherwise applies a Catmull–Rom filter.
 * @param tick called every 32 rows with the fraction done, 0 to 1.
 */
export function resample(
  raster: Raster,
  rect: PixelRect,
  { width, height }: Size,
  tick: (fraction: number) => void,
): Int32Array<ArrayBuffer> {
  const source = wordsOf(raster);
  const exact = Math.abs(rect.width - width) < 0.75 && Math.abs(rect.height - height) < 0.75;
  if (exact && raster.width >= width && raster.height >= height) {
    const x = Math.max(0, Math.min(Math.floor(rect.x + 0.5), raster.width - width));
    const y = Math.max(0, Math.min(Math.floor(rect.y + 0.5), raster.height - height));
    return copy(source, raster.width, x, y, width, height, rect.flip);
  }
  const across = filterTaps(rect.x, rect.width, width, raster.width, rect.flip);
  const down = filterTaps(rect.y, rect.height, height, raster.height, false);
  return filter(source, raster.width, across, down, !isOpaque(source), tick);
}

function copy(
  source: Int32Array,
  stride: number,
  x: number,
  y: number,
  width: number,
  height: number,
  flip: boolean,
): Int32Array<ArrayBuffer> {
  const out = new Int32Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * stride + x;
    const line = out.subarray(row * width, (row + 1) * width);
    line.set(source.subarray(from, from + width));
    if (flip) line.reverse();
  }
  return out;
}

/** The Catmull–Rom kernel at distance t ≥ 0 (Keys's cubic convolution with a = −½). */
function cubic(t: number): number {
  if (t < 1) return 1 + t * t * (1.5 * t - 2.5);
  if (t < 2) return 2 - t * (4 - t * (2.5 - 0.5 * t));
  return 0;
}

function filterTaps(start: number, extent: number, count: number, limit: number, flip: boolean): FilterTaps {
  const step = extent / count;
  const scale = Math.max(step, 1); // when scaling down, the filter widens with the step
  const size = Math.ceil(2 * scale) * 2 + 1;
  const starts = new Int32Array(count);
  const weights = new Float64Array(count * size);
  for (let i = 0; i < count; i++) {
    const position = start + ((flip ? count - 1 - i : i) + 0.5) * step - 0.5;
    const first = Math.floor(position) - (size >> 1);
    const from = Math.max(0, Math.min(first, limit - size));
    let sum = 0;
    for (let k = 0; k < size; k++) {
      const distance = (first + k - position) / scale;
      const weight = cubic(distance < 0 ? -distance : distance);
      const inside = Math.max(0, Math.min(first + k, limit - 1)); // borders repeat
      const at = i * size + inside - from;
      weights[at] = weights[at]! + weight;
      sum += weight;
    }
    for (let k = 0; k < size; k++) weights[i * size + k] = weights[i * size + k]! / sum;
    starts[i] = from;
  }
  return { starts, weights, count: Math.min(size, limit) };
}

/**
 * Filters rows, then columns. Transparent images are filtered with premultiplied alpha. Only the filtered rows that the next output
 * row needs are kept: all of them would take four times the memory of the result.
 */
function filter(
  source: Int32Array,
  stride: number,
  across: FilterTaps,
  down: FilterTaps,
  transparent: boolean,
  tick: (fraction: number) => void,
): Int32Array<ArrayBuffer> {
  const width = across.starts.length;
  const height = down.starts.length;
  const downSize = down.weights.length / height;
  const rows = new Float32Array(down.count * width * 4);
  const slotOf = (row: number) => (row % down.count) * width * 4;
  const slots = new Int32Array(down.count);
  const out = new Int32Array(width * height);
  let next = down.starts[0]!;
  for (let y = 0; y < height; y++) {
    if ((y & 31) === 0) tick(y / height);
    const start = down.starts[y]!;
    for (; next < start + down.count; next++) {
      if ((next & 31) === 0) tick(y / height);
      filterRow(source, next * stride, across, transparent, rows, slotOf(next));
    }
    for (let k = 0; k < down.count; k++) slots[k] = slotOf(start + k);
    for (let x = 0; x < width; x++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let a = 0;
      for (let k = 0; k < down.count; k++) {
        const at = slots[k]! + x * 4;
        const weight = down.weights[y * downSize + k]!;
        r += rows[at]! * weight;
        g += rows[at + 1]! * weight;
        b += rows[at + 2]! * weight;
        a += rows[at + 3]! * weight;
      }
      const unit = transparent ? (a > 0 ? 255 / a : 0) : 1;
      out[y * width + x] = toByte(r * unit) | (toByte(g * unit) << 8) | (toByte(b * unit) << 16) | (toByte(a) << 24);
    }
  }
  return out;
}

/** Filters the row of pixels that begins at `row` into red, green, blue and alpha, from `to` on. */
function filterRow(
  source: Int32Array,
  row: number,
  across: FilterTaps,
  transparent: boolean,
  out: Float32Array,
  to: number,
): void {
  const width = across.starts.length;
  const size = across.weights.length / width;
  for (let x = 0; x < width; x++, to += 4) {
    const from = row + across.starts[x]!;
    let r = 0;
    let g = 0;
    let b = 0;
    let a = 0;
    for (let k = 0; k < across.count; k++) {
      const word = source[from + k]!;
      let weight = across.weights[x * size + k]!;
      const alpha = word >>> 24;
      a += alpha * weight;
      if (transparent) weight *= alpha * (1 / 255);
      r += (word & 255) * weight;
      g += ((word >> 8) & 255) * weight;
      b += ((word >> 16) & 255) * weight;
    }
    out[to] = r;
    out[to + 1] = g;
    out[to + 2] = b;
    out[to + 3] = a;
  }
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
}
