import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../../../src/engines/clock.ts';

/** A clock that advances by itself: `sleep` resolves on the next turn of the event loop, and its time has passed. */
export class AutoAdvanceClock implements Clock {
  time = 1_700_000_000_000;
  /** How far the system clock was set forward, in milliseconds. */
  offset = 0;
  /** The duration of each sleep that wasn't aborted, in milliseconds. */
  readonly sleeps: number[] = [];
  /** Called when a sleep is over, before it resolves. It may abort the sleeper. */
  onSlept: () => void | Promise<void> = () => {};

  now(): number {
    return this.time + this.offset;
  }

  monotonic(): number {
    return this.time;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const until = this.time + ms;
    await nextTurn();
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    this.time = Math.max(this.time, until);
    await this.onSlept();
    signal?.throwIfAborted();
  }
}

/** A clock that moves only when `advance` is called. */
export class ManualClock implements Clock {
  time = 1_700_000_000_000;
  /** How far the system clock was set forward, in milliseconds. */
  offset = 0;
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();
  #onSleep: (() => void) | undefined;

  now(): number {
    return this.time + this.offset;
  }

  monotonic(): number {
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
      this.#onSleep?.();
    });
  }

  /** Resolves once someone sleeps for `ms` milliseconds, give or take one. */
  async waitForSleep(ms: number): Promise<void> {
    const isSleeping = () => [...this.#sleepers].some(({ until }) => Math.abs(until - this.time - ms) < 1);
    while (!isSleeping()) {
      await new Promise<void>((resolve) => {
        this.#onSleep = resolve;
      });
    }
  }

  /** Advances the time and resolves the sleeps that are over. */
  advance(ms: number): void {
    this.time += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until > this.time) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

/** A clock that goes faster than the real one. */
export class FastClock implements Clock {
  readonly #factor: number;

  constructor(factor = 20) {
    this.#factor = factor;
  }

  now(): number {
    return 1_700_000_000_000 + this.monotonic();
  }

  monotonic(): number {
    return performance.now() * this.#factor;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms / this.#factor, signal);
  }
}
