/**
 * Memory for what a mix works out on its way, taken piece by piece and used again by the next mix. A frame of the preview needs some
 * megabytes; allocated anew each time, getting and giving back their pages would take as long as the arithmetic.
 */
class Scratch {
  #buffer = new ArrayBuffer(0);
  #taken = 0;

  /** Begins a piece of work: whatever was taken before is free to be overwritten. */
  begin(): void {
    if (this.#taken > this.#buffer.byteLength) this.#buffer = new ArrayBuffer(this.#taken);
    this.#taken = 0;
  }

  /** That many zeros, until the next piece of work begins. */
  floats(length: number): Float32Array {
    const at = this.#take(4 * length);
    return at === undefined ? new Float32Array(length) : new Float32Array(this.#buffer, at, length).fill(0);
  }

  /** As `floats`, of 64 bits. */
  doubles(length: number): Float64Array {
    const at = this.#take(8 * length);
    return at === undefined ? new Float64Array(length) : new Float64Array(this.#buffer, at, length).fill(0);
  }

  /** As `floats`, whole numbers. */
  ints(length: number): Int32Array {
    const at = this.#take(4 * length);
    return at === undefined ? new Int32Array(length) : new Int32Array(this.#buffer, at, length).fill(0);
  }

  /** Where so many bytes begin; undefined where they are too many this time, which `begin` makes up for. */
  #take(bytes: number): number | undefined {
    const at = this.#taken;
    this.#taken += 8 * Math.ceil(bytes / 8);
    return this.#taken > this.#buffer.byteLength ? undefined : at;
  }
}

/** That of this thread: a mix is never interrupted by another. */
export const scratch = new Scratch();
