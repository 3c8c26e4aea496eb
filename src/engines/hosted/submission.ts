import { createHash } from 'node:crypto';
import { MixFailure } from '../../mix/failure.ts';
import { RequestError } from '../../network/requestError.ts';
import type { Clock } from '../clock.ts';
import type { StateSaver } from '../stateSaver.ts';
import type { ServiceClient } from './client.ts';
import type { MixSubmission } from './dialect.ts';
import { withGracePeriod } from './gracePeriod.ts';
import type { RequestState } from './hostedState.ts';
import { interruptedFailure, refusalFailure, requestFailure, unreadableResponseFailure } from './serviceFailure.ts';
import type { ServiceRecords } from './serviceRecords.ts';
import { identicalRequestInterval, type SubmissionInterval } from './submissionInterval.ts';
import type { ServiceResponse } from './wire.ts';

/** How long to retry if no connection can be established, and if the service is busy; in milliseconds from the first of these failures on. */
const connectRetryLimit = 10_000;
const busyRetryLimit = 180_000;
/**
 * A submission isn't sent if it was saved longer ago than this, in milliseconds: this process may have been stopped, and another window
 * may have taken the job meanwhile. It must be less than the silence after which a window counts as closed.
 */
const maxSavedAge = 30_000;
/** How often a submission is saved again because of that. */
const maxSaves = 3;

/** What a submission needs besides its contents. */
interface SubmissionContext {
  readonly client: ServiceClient;
  readonly records: ServiceRecords;
  readonly interval: SubmissionInterval;
  readonly saver: StateSaver;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long the service may take to respond, in milliseconds. */
  readonly timeout: number;
  /** Called before a wait of `delay` milliseconds. */
  onWait(delay: number, reason: string): void;
  /** Called before each attempt. */
  onAttempt(): void;
}

/** Attempts in a row that couldn't connect. */
interface Outage {
  /** When the first one failed, on the monotonic clock. */
  readonly since: number;
  readonly attempts: number;
}

/**
 * Submits a paid request until the service accepts it, and records its phase in `request` before and after each attempt.
 * Retries only if the last attempt certainly did no work. Resolves with the service's estimate in seconds.
 * @throws MixFailure, `interrupted` if the outcome is unknown; or the signal's reason.
 */
export async function submitMix(
  request: RequestState,
  submission: MixSubmission,
  context: SubmissionContext,
): Promise<number | undefined> {
  const { client, records, interval, saver, clock, signal } = context;
  const record = recordName(client, submission);
  let outage: Outage | undefined;
  let busySince: number | undefined; // not reset, so that a service that comes and goes isn't asked forever
  for (;;) {
    await interval.wait(record, context);
    const response = await attempt(request, submission, context).catch(async (error: unknown) => {
      if (request.phase === 'new') await interval.forget(record, records); // the service did no work
      throw error;
    });
    if (response instanceof RequestError) {
      await interval.forget(record, records);
      outage = { since: outage?.since ?? clock.monotonic(), attempts: (outage?.attempts ?? 0) + 1 };
      const delay = 1000 * 2 ** (outage.attempts - 1);
      const canRetry = response.retryable && response.reason !== 'withheld'; // that was saved several times already
      if (!canRetry || clock.monotonic() + delay - outage.since > connectRetryLimit) {
        throw requestFailure(response, client.service);
      }
      context.onWait(delay, response.reason);
      await clock.sleep(delay, signal);
      continue;
    }
    outage = undefined;
    if (response.kind !== 'refused') return recordResponse(request, response, context);
    request.phase = 'new';
    await saver.saveAfterResponse();
    // The user's next attempt has another key, which makes it a different request for the service.
    if (response.reason === 'invalid-api-key') await interval.forget(record, records);
    const canWait = response.reason === 'rate-limited' || response.reason === 'duplicate' || isBusy(response);
    const delay = Math.max(1000 * (response.retryAfter ?? 0), identicalRequestInterval);
    busySince ??= clock.monotonic();
    if (!canWait || clock.monotonic() + delay - busySince > busyRetryLimit) {
      throw refusalFailure(response, client.service);
    }
    context.onWait(delay, response.reason);
    await clock.sleep(delay, signal);
  }
}

/** Whether the service itself, not a gateway, says that it is temporarily unavailable. */
function isBusy(response: ServiceResponse): boolean {
  return response.kind === 'refused' && response.http === 503 && response.fromService;
}

/** One attempt; resolves with the response, or with the error if the service certainly did no work. */
async function attempt(
  request: RequestState,
  submission: MixSubmission,
  context: SubmissionContext,
): Promise<ServiceResponse | RequestError> {
  const { client, saver, clock, signal, timeout } = context;
  let sent = false;
  const grace = withGracePeriod(signal, clock);
  request.phase = 'posting';
  try {
    for (let saves = 1; ; saves++) {
      const savedAt = clock.monotonic();
      await saver.saveBeforeWork();
      signal.throwIfAborted();
      context.onAttempt();
      const start = clock.monotonic();
      const maySend = () => {
        sent = clock.monotonic() - savedAt < maxSavedAge;
        return sent;
      };
      try {
        const response = await client.submitMix(submission, { timeout, maySend }, grace.signal);
        request.waited = clock.monotonic() - start;
        return response;
      } catch (error) {
        const isLate = error instanceof RequestError && error.reason === 'withheld';
        if (!isLate || saves === maxSaves) throw error;
      }
    }
  } catch (error) {
    const isRequestError = error instanceof RequestError;
    if (isRequestError && error.sent) throw noResponseFailure(error, request, client);
    if (isRequestError || !sent) {
      request.phase = 'new';
      await saver.saveAfterResponse();
    }
    if (isRequestError) return error;
    throw error;
  } finally {
    grace.dispose();
  }
}

/** The failure of a submission that was sent but got no usable response. */
function noResponseFailure(error: RequestError, request: RequestState, { service }: ServiceClient): MixFailure {
  switch (error.reason) {
    case 'redirected':
      request.phase = 'new'; // a server that redirects does no work
      return requestFailure(error, service);
    case 'too-large':
      return requestFailure(error, service);
    case 'no-answer':
    case 'answer-cut':
      return interruptedFailure(error.reason, service);
    default:
      return interruptedFailure('connection-lost', service);
  }
}

/** Records the response to a submission that wasn't refused. */
async function recordResponse(
  request: RequestState,
  response: Exclude<ServiceResponse, { kind: 'refused' }>,
  { client: { service }, saver, signal }: SubmissionContext,
): Promise<number | undefined> {
  if (response.kind === 'unreadable') {
    // A gateway's page or an incomplete response doesn't say whether the work was done; a complete response from the service does.
    if (response.problem === 'cut' || response.problem === 'empty') throw interruptedFailure('answer-cut', service);
    if (response.problem === 'html' && response.http >= 500) throw interruptedFailure('gateway-error', service);
    throw unreadableResponseFailure(response, service);
  }
  const { id, fetchUrl, links } = response;
  if (links.length === 0 && id === undefined && fetchUrl === undefined) {
    throw response.kind === 'success'
      ? new MixFailure('result-unavailable/no-results')
      : unreadableResponseFailure({ kind: 'unreadable', http: response.http, problem: 'shape' }, service);
  }
  request.phase = links.length > 0 ? 'answered' : 'accepted';
  request.links = [...links];
  if (id !== undefined) request.id = id;
  if (fetchUrl !== undefined) request.fetchUrl = fetchUrl;
  await saver.saveAfterResponse();
  signal.throwIfAborted();
  return response.eta;
}

/** The name of a submission's record: a hash, equal for identical submissions to the same service. */
function recordName({ service }: ServiceClient, submission: MixSubmission): string {
  const content = JSON.stringify([service.base, service.dialect.mixPath, service.dialect.mixBody(submission)]);
  return `submission-${createHash('sha256').update(content).digest('hex')}`;
}
