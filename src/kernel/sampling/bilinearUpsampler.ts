import { arena } from '../math/arena.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';

/**
 * Linear interpolation along one side between nodes, the centers of equal blocks of pixels. Segment k leads from node k − 1 to
 * node k; the first and the last segment lie outside the outermost nodes.
 */
export interface Segments {
  /** For each segment the pixel after its last one. */
  readonly ends: Int32Array;
  /** For each segment the distance from node k − 1 to its first pixel, in pixels. */
  readonly offsets: Float64Array;
  /** Nodes ÷ pixels: the fraction of the difference between two nodes that each pixel adds. */
  readonly nodesPerPixel: number;
}

/** The segments of `pixels` pixels with at most as many nodes. */
export function segmentsAlong(pixels: number, nodes: number): Segments {
  const ends = new Int32Array(nodes + 1);
  const offsets = new Float64Array(nodes + 1);
  const block = pixels / nodes;
  for (let k = 0; k <= nodes; k++) {
    const first = k === 0 ? 0 : ends[k - 1]!;
    ends[k] = k === nodes ? pixels : Math.ceil((k + 0.5) * block - 0.5);
    offsets[k] = first + 0.5 - (k - 0.5) * block;
  }
  return { ends, offsets, nodesPerPixel: nodes / pixels };
}

/** Fraction bits of the fixed-point values. */
export const FRACTION_BITS = 20;
const ONE = 1 << FRACTION_BITS;

/**
 * Upsamples several low-res planes together by bilinear interpolation, row by row from the top, in fixed point (value × 2²⁰, so within
 * ±2047). Outside the outermost nodes the border value repeats. Uses arena memory.
 */
export class BilinearUpsampler {
  /** Values of the current row, all planes interleaved, at each node column plus one column before and one after. */
  readonly line: Int32Array;
  /** Horizontal interpolation along `line`. */
  readonly across: Segments;
  /** What each row of the current segment adds to `line`. */
  readonly #slope: Int32Array;
  readonly #down: Segments;
  readonly #nodes: Int32Array;
  readonly #lowRes: Size;
  readonly #count: number;
  #row = 0;
  #segment = -1;
  /** Rows left in the current segment. */
  #left = 0;

  constructor(size: Size, lowRes: Size, planes: readonly Float32Array[]) {
    const count = planes.length;
    this.across = segmentsAlong(size.width, lowRes.width);
    this.#down = segmentsAlong(size.height, lowRes.height);
    this.#lowRes = lowRes;
    this.#count = count;
    this.#nodes = arena.ints(lowRes.width * lowRes.height * count);
    for (let i = 0; i < count; i++) {
      const plane = planes[i]!;
      for (let p = 0; p < plane.length; p++) this.#nodes[p * count + i] = Math.floor(plane[p]! * ONE + 0.5);
    }
    this.line = new Int32Array((lowRes.width + 2) * count);
    this.#slope = new Int32Array((lowRes.width + 2) * count);
  }

  /** Moves `line` to the next row; the first call moves it to row 0. */
  advance(): void {
    if (this.#left === 0) {
      this.#nextSegment();
      return;
    }
    this.#left--;
    const line = this.line;
    const slope = this.#slope;
    for (let c = 0; c < line.length; c++) line[c] = (line[c]! + slope[c]!) | 0;
  }

  /** Moves `line` to the first row of the next segment that isn't empty. */
  #nextSegment(): void {
    const { ends } = this.#down;
    do this.#segment++;
    while (ends[this.#segment]! <= this.#row);
    this.#left = ends[this.#segment]! - this.#row - 1;
    this.#row = ends[this.#segment]!;
    this.#startSegment();
  }

  /** Sets `line` and `slope` for the first row of the current segment. */
  #startSegment(): void {
    const { width, height } = this.#lowRes;
    const count = this.#count;
    const columns = width * count;
    const from = Math.max(0, this.#segment - 1) * columns;
    const to = Math.min(this.#segment, height - 1) * columns;
    const offset = this.#down.offsets[this.#segment]!;
    const part = this.#down.nodesPerPixel;
    const line = this.line;
    const slope = this.#slope;
    const nodes = this.#nodes;
    for (let c = 0; c < columns; c++) {
      const value = nodes[from + c]!;
      const rise = ((nodes[to + c]! - value) * part) | 0;
      slope[count + c] = rise;
      line[count + c] = (value + rise * offset) | 0;
    }
    for (let i = 0; i < count; i++) {
      line[i] = line[count + i]!;
      slope[i] = slope[count + i]!;
      line[count + columns + i] = line[columns + i]!;
      slope[count + columns + i] = slope[columns + i]!;
    }
  }
}
