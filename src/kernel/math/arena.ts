/**
 * An arena allocator for intermediate planes. The next mix reuses the memory: a preview frame needs several megabytes, and mapping and
 * unmapping their pages each time would take as long as the arithmetic.
 */
class Arena {
  #buffer = new ArrayBuffer(0);
  #used = 0;

  /** Frees everything allocated so far; later allocations overwrite it. Grows the buffer to the last mix's needs. */
  reset(): void {
    if (this.#used > this.#buffer.byteLength) this.#buffer = new ArrayBuffer(this.#used);
    this.#used = 0;
  }

  /** A zeroed array that is valid until the next `reset`. */
  floats(length: number): Float32Array {
    const at = this.#allocate(4 * length);
    return at === undefined ? new Float32Array(length) : new Float32Array(this.#buffer, at, length).fill(0);
  }

  /** Like `floats`, 64-bit. */
  doubles(length: number): Float64Array {
    const at = this.#allocate(8 * length);
    return at === undefined ? new Float64Array(length) : new Float64Array(this.#buffer, at, length).fill(0);
  }

  /** Like `floats`, 32-bit integers. */
  ints(length: number): Int32Array {
    const at = this.#allocate(4 * length);
    return at === undefined ? new Int32Array(length) : new Int32Array(this.#buffer, at, length).fill(0);
  }

  /** The offset of an allocation, or undefined if the buffer is too small; `reset` then grows it. */
  #allocate(bytes: number): number | undefined {
    const at = this.#used;
    this.#used += 8 * Math.ceil(bytes / 8);
    return this.#used > this.#buffer.byteLength ? undefined : at;
  }
}

/** The thread's only arena: mixes are synchronous, so two never overlap. */
export const arena = new Arena();
