/** Milliseconds for everything to end by itself. */
export const grace = 10_000;
/** Milliseconds for system calls to return before the process is killed. */
const systemCallPatience = 500;

/** Aborts at the first SIGINT or SIGTERM. A second one, or one after which the process doesn't end, ends it. */
export function cancelOnSignal(): AbortSignal {
  const cancellation = new AbortController();
  const receive = () => {
    if (cancellation.signal.aborted) return endProcess(130);
    cancellation.abort();
    setTimeout(() => endProcess(130), grace);
  };
  process.on('SIGINT', receive);
  process.on('SIGTERM', receive);
  return cancellation.signal;
}

/** Ends the process with this exit code, whatever is still in progress. */
export function endProcess(code: number): void {
  const tryUntil = performance.now() + systemCallPatience;
  const end = () => {
    const hasSystemCall = process.getActiveResourcesInfo().some((name) => /req/i.test(name));
    if (!hasSystemCall) process.exit(code);
    if (performance.now() < tryUntil) {
      setTimeout(end, 20);
      return;
    }
    // It hangs, for example on a network drive that is gone, and `exit` would wait for it. A shell reports this end as 130.
    process.removeAllListeners('SIGINT');
    process.kill(process.pid, 'SIGINT');
  };
  end();
}

/** Resolves when the work has ended in any way, when `ms` milliseconds have passed, or when the signal aborts. */
export function within(ms: number, work: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
    work.then(end, end);
  });
}
