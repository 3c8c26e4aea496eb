import type { Base } from './base.ts';

/** Bits behind the point of a field's values. */
export const FIELD_BITS = 20;
const ONE = 1 << FIELD_BITS;

/**
 * Planes of a base's size brought up to full size together by straight interpolation, a row at a time from the top, in whole
 * numbers (value × 2²⁰, so within ±2047).
 */
export class Fields {
  /** The present row's values: those of all planes at the first base column, then at the next, and the last once more. */
  readonly line: Int32Array;
  readonly #nodes: Int32Array;
  readonly #slope: Int32Array;
  readonly #base: Base;
  readonly #count: number;
  #row = 0;

  constructor(base: Base, planes: readonly Float32Array[]) {
    const count = planes.length;
    this.#base = base;
    this.#count = count;
    this.#nodes = new Int32Array(base.size.width * base.size.height * count);
    planes.forEach((plane, i) => {
      for (let p = 0; p < plane.length; p++) this.#nodes[p * count + i] = Math.floor(plane[p]! * ONE + 0.5);
    });
    this.line = new Int32Array((base.size.width + 1) * count);
    this.#slope = new Int32Array((base.size.width + 1) * count);
  }

  /** Moves `line` to the next row; the first call to the first. */
  advance(): void {
    const { step, size } = this.#base;
    const line = this.line;
    const slope = this.#slope;
    const within = this.#row % step;
    if (within > 0) {
      for (let c = 0; c < line.length; c++) line[c] = (line[c]! + slope[c]!) | 0;
    } else {
      const nodes = this.#nodes;
      const columns = size.width * this.#count;
      const row = this.#row / step;
      const from = row * columns;
      const to = Math.min(row + 1, size.height - 1) * columns;
      const part = 1 / step;
      for (let c = 0; c < columns; c++) {
        const value = nodes[from + c]!;
        line[c] = value;
        slope[c] = ((nodes[to + c]! - value) | 0) * part;
      }
      for (let c = columns; c < line.length; c++) {
        line[c] = line[c - this.#count]!;
        slope[c] = slope[c - this.#count]!;
      }
    }
    this.#row++;
  }
}
