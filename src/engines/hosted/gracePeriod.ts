import type { Clock } from '../clock.ts';
import { JobSuspended } from '../engine.ts';

/** How long to wait for the response if the window closes, in milliseconds. VS Code allows about five seconds. */
const suspendGracePeriod = 4_000;

/** A signal that follows another one, but with a delay if the job is only suspended. Call `dispose` when it is no longer needed. */
export function withGracePeriod(signal: AbortSignal, clock: Clock): { signal: AbortSignal; dispose(): void } {
  const delayed = new AbortController();
  const disposed = new AbortController();
  const follow = () => delayed.abort(signal.reason);
  const abort = () => {
    if (!(signal.reason instanceof JobSuspended)) return follow();
    clock.sleep(suspendGracePeriod, disposed.signal).then(follow, (error: unknown) => {
      if (!disposed.signal.aborted) delayed.abort(error); // otherwise the response came first
    });
  };
  signal.addEventListener('abort', abort, { once: true, signal: disposed.signal });
  return { signal: delayed.signal, dispose: () => disposed.abort() };
}
