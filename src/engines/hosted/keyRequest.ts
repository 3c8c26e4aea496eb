import { MixFailure } from '../../mix/failure.ts';
import type { Clock } from '../clock.ts';

/** Milliseconds that the secret storage has to answer: a locked keyring may never do so. */
const keyTimeout = 10_000;

/** What asking for a key needs. */
export interface KeyRequest {
  readonly origin: string;
  /** The API key that is stored for exactly this origin. */
  apiKey(origin: string): Promise<string | undefined>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The key for an origin; undefined if none is stored. @throws MixFailure `no-api-key/no-answer`, or the signal's reason. */
export async function requestKey({ origin, apiKey, clock, signal }: KeyRequest): Promise<string | undefined> {
  const noAnswer = (cause?: unknown) =>
    new MixFailure('no-api-key/no-answer', { args: { origin }, retryable: true, cause });
  const key = apiKey(origin).catch((error: unknown) => {
    throw noAnswer(error); // whatever the secret storage throws
  });
  const answered = new AbortController();
  const timeout = clock.sleep(keyTimeout, AbortSignal.any([signal, answered.signal])).then(() => {
    throw noAnswer();
  });
  try {
    return await Promise.race([key, timeout]);
  } finally {
    answered.abort();
  }
}
