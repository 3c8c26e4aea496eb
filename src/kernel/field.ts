import type { Size } from './pyramid.ts';
import { scratch } from './scratch.ts';
import { type Walk, walkAlong } from './walk.ts';

/** Bits behind the point of a field's values; `blend.wat` counts on them too. */
export const FIELD_BITS = 20;
const ONE = 1 << FIELD_BITS;

/**
 * Planes of a base's size brought up to full size together by straight interpolation, a row at a time from the top, in whole
 * numbers (value × 2²⁰, so within ±2047); made of scratch. Beyond the outermost nodes values stay as they are there.
 */
export class Fields {
  /** The present row's values, those of all planes side by side: before the first base column, at each, and behind the last. */
  readonly line: Int32Array;
  /** How to walk along the line. */
  readonly across: Walk;
  /** What a row adds to `line`, within the present stretch. */
  readonly slope: Int32Array;
  readonly #down: Walk;
  readonly #nodes: Int32Array;
  readonly #base: Size;
  readonly #count: number;
  #row = 0;
  #stretch = -1;
  /** Rows of the present stretch that are still to come. */
  #left = 0;

  constructor(size: Size, base: Size, planes: readonly Float32Array[]) {
    const count = planes.length;
    this.across = walkAlong(size.width, base.width);
    this.#down = walkAlong(size.height, base.height);
    this.#base = base;
    this.#count = count;
    this.#nodes = scratch.ints(base.width * base.height * count);
    for (let i = 0; i < count; i++) {
      const plane = planes[i]!;
      for (let p = 0; p < plane.length; p++) this.#nodes[p * count + i] = Math.floor(plane[p]! * ONE + 0.5);
    }
    this.line = new Int32Array((base.width + 2) * count);
    this.slope = new Int32Array((base.width + 2) * count);
  }

  /** Moves `line` to the next row; the first call to the first. */
  advance(): void {
    if (this.#left === 0) {
      this.#left = this.nextStretch() - 1;
      return;
    }
    this.#left--;
    const line = this.line;
    const slope = this.slope;
    for (let c = 0; c < line.length; c++) line[c] = (line[c]! + slope[c]!) | 0;
  }

  /** Moves `line` to the first row between the next two rows of the base that have some between them; returns how many these are. */
  nextStretch(): number {
    const { ends } = this.#down;
    do this.#stretch++;
    while (ends[this.#stretch]! <= this.#row);
    const rows = ends[this.#stretch]! - this.#row;
    this.#row += rows;
    this.#begin();
    return rows;
  }

  /** Sets line and slope for the first row of the present stretch. */
  #begin(): void {
    const { width, height } = this.#base;
    const count = this.#count;
    const columns = width * count;
    const from = Math.max(0, this.#stretch - 1) * columns;
    const to = Math.min(this.#stretch, height - 1) * columns;
    const offset = this.#down.offsets[this.#stretch]!;
    const part = this.#down.part;
    const line = this.line;
    const slope = this.slope;
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
