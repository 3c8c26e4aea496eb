import type { Clock } from '../engines/clock.ts';

/**
 * Measures how long values have stayed the same while this window was watching. A span between two readings counts for at most `maxStep`
 * milliseconds: after this machine has slept, others need time to wake up too.
 */
export class UnchangedTimer {
  readonly #clock: Clock;
  readonly #maxStep: number;
  readonly #seen = new Map<string, { value: unknown; at: number; unchanged: number }>();

  constructor(clock: Clock, maxStep: number) {
    this.#clock = clock;
    this.#maxStep = maxStep;
  }

  /** The milliseconds since this value was first seen, or has last changed. Call it every time the value is read. */
  measure(key: string, value: unknown): number {
    const at = this.#clock.monotonic();
    const last = this.#seen.get(key);
    const unchanged = last && last.value === value ? last.unchanged + Math.min(at - last.at, this.#maxStep) : 0;
    this.#seen.set(key, { value, at, unchanged });
    return unchanged;
  }

  /** Forgets all keys except these. */
  keepOnly(keys: readonly string[]): void {
    for (const key of this.#seen.keys()) if (!keys.includes(key)) this.#seen.delete(key);
  }
}
