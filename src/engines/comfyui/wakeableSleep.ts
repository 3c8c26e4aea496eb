import type { Clock } from '../clock.ts';

/** Sleeps for `ms` milliseconds, or until `woken` is aborted. @throws the signal's reason. */
export async function wakeableSleep(clock: Clock, ms: number, woken: AbortSignal, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, AbortSignal.any([woken, signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (!woken.aborted) throw error;
  }
}
