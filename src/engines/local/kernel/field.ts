import type { Base } from './base.ts';

/** Bits behind the point of a field's values. */
export const FIELD_BITS = 20;
const ONE = 1 << FIELD_BITS;

/**
 * A plane of a base's size brought up to full size by straight interpolation, a row at a time from the top, in whole numbers
 * (value × 2²⁰, so within ±2047).
 */
export class Field {
  /** The present row's values at each base column, and once more the last. */
  readonly line: Int32Array;
  readonly #nodes: Int32Array;
  readonly #slope: Int32Array;
  readonly #base: Base;
  #row = 0;

  constructor(base: Base, plane: Float32Array) {
    this.#base = base;
    this.#nodes = new Int32Array(plane.length);
    for (let i = 0; i < plane.length; i++) this.#nodes[i] = Math.floor(plane[i]! * ONE + 0.5);
    this.line = new Int32Array(base.size.width + 1);
    this.#slope = new Int32Array(base.size.width + 1);
  }

  /** Moves `line` to the next row; the first call to the first. */
  advance(): void {
    const { step, size } = this.#base;
    const { line } = this;
    const within = this.#row % step;
    if (within > 0) {
      for (let c = 0; c < line.length; c++) line[c] = line[c]! + this.#slope[c]!;
    } else {
      const row = this.#row / step;
      const from = row * size.width;
      const to = Math.min(row + 1, size.height - 1) * size.width;
      const part = 1 / step;
      for (let c = 0; c < size.width; c++) {
        const value = this.#nodes[from + c]!;
        line[c] = value;
        this.#slope[c] = (this.#nodes[to + c]! - value) * part;
      }
      line[size.width] = line[size.width - 1]!;
      this.#slope[size.width] = this.#slope[size.width - 1]!;
    }
    this.#row++;
  }
}
