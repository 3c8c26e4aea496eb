import { setTimeout as delay } from 'node:timers/promises';

/** Time as the engines and jobs see it, so that tests can replace it. */
export interface Clock {
  /** Milliseconds since 1970. It jumps when the system clock is set, so it doesn't measure spans. */
  now(): number;
  /** Milliseconds since some moment of this process. Never jumps. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason if aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The system clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
