import { setTimeout as sleep } from 'node:timers/promises';

/** The delay in milliseconds of a `Retry-After` header: seconds or a date (RFC 9110, 10.2.3). Undefined if there is none. */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Waits for so many milliseconds. @throws the signal's reason. */
export async function pause(delay: number, signal: AbortSignal): Promise<void> {
  await sleep(delay, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
}
