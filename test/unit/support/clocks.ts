import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../src/engines/clock.ts';

/** A clock that never waits: whoever sleeps wakes at the next turn of the loop, and that much time has passed. */
export class AutoAdvanceClock implements Clock {
  time = 1_700_000_000_000;
  /** How long each sleep was, in milliseconds. */
  readonly slept: number[] = [];

  now(): number {
    return this.time;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    const until = this.time + ms;
    await nextTurn();
    signal?.throwIfAborted();
    this.time = Math.max(this.time, until);
  }
}

/** A clock that stands still until it is advanced. */
export class ManualClock implements Clock {
  time = 1_700_000_000_000;
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();
  #watcher: (() => void) | undefined;

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { until: this.time + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
      this.#watcher?.();
    });
  }

  /** Resolves once somebody sleeps for about `ms` milliseconds. */
  async asleep(ms: number): Promise<void> {
    const isThere = () => [...this.#sleepers].some(({ until }) => Math.abs(until - this.time - ms) < 1);
    while (!isThere()) {
      await new Promise<void>((resolve) => {
        this.#watcher = resolve;
      });
    }
  }

  /** Lets time pass and wakes whoever slept for no longer. */
  advance(ms: number): void {
    this.time += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until > this.time) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}
