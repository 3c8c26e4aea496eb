import { MixFailure } from '../../mix/failure.ts';
import { RequestError } from '../../network/requestError.ts';
import type { Clock } from '../clock.ts';
import type { ServiceClient } from './client.ts';
import type { RequestState } from './hostedState.ts';
import type { Service } from './service.ts';
import { type RefusedResponse, refusalFailure, requestFailure, unreadableResponseFailure } from './serviceFailure.ts';
import type { ServiceResponse } from './wire.ts';

/** What polling needs besides the request. */
interface PollContext {
  readonly client: ServiceClient;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** How long the service has for the request, in milliseconds: `request.waited` counts towards it. */
  readonly timeout: number;
  /** Milliseconds until the first poll. */
  readonly firstDelay: number;
  /** Called after each poll that isn't the last, with its outcome and the milliseconds until the next one. */
  onPoll(outcome: string, delay: number): void;
}

/** How often an unexpected response is tolerated while polling one request. */
const tolerated = { 'no-results': 5, unreadable: 4, 'not-found': 1 };
type Anomaly = keyof typeof tolerated;
/** The service deletes results after a day, so polling stops after that long even if the service is unreachable. */
const maxOutage = 24 * 3_600_000;
/** The longest time between two polls, whatever the service asks for, and for a poll itself; in milliseconds. */
const maxPollDelay = 60_000;

/** Milliseconds until the first poll: the service's estimate in seconds, limited to 1 to 30 s. */
export function firstPollDelay(eta: number | undefined): number {
  return 1000 * Math.min(Math.max(eta ?? 2, 1), 30);
}

/** Milliseconds until the next poll after `polls` unsuccessful ones: exponential from 2 to 10 s, with 15 % jitter. */
export function nextPollDelay(polls: number, random: number): number {
  return Math.min(2000 * 1.4 ** Math.min(polls - 1, 20), 10_000) * (0.85 + 0.3 * random);
}

/**
 * Polls an accepted request until its results exist, and stores their links and the time waited in `request`. Only time during
 * which the service is reachable counts. A request that has used up its time is polled once.
 * @throws MixFailure (`timeout`, `generation-failed`, `result-unavailable`, …), or the signal's reason.
 */
export async function pollForResults(request: RequestState, context: PollContext): Promise<void> {
  const { client, clock, signal, timeout } = context;
  const start = clock.monotonic();
  const left = () => Math.max(timeout - request.waited, 0);
  const anomalies: Record<Anomaly, number> = { 'no-results': 0, unreadable: 0, 'not-found': 0 };
  let delay = Math.min(context.firstDelay, left());
  for (let polls = 1; ; polls++) {
    await clock.sleep(delay, signal);
    const sentAt = clock.monotonic();
    const response = await poll(request, context);
    const outcome = interpret(response, client);
    // A poll that takes longer than any may was interrupted: this machine was asleep.
    const spent = delay + Math.min(clock.monotonic() - sentAt, maxPollDelay);
    if (!(response instanceof RequestError) || response.sent) request.waited += spent;
    if ('links' in outcome) {
      request.links = [...outcome.links];
      request.phase = 'answered';
      return;
    }
    const { anomaly, failure } = outcome;
    if (anomaly !== undefined) anomalies[anomaly]++;
    if (failure && (anomaly === undefined || anomalies[anomaly] > tolerated[anomaly])) throw failure;
    if (left() === 0 || clock.monotonic() - start > maxOutage) {
      throw new MixFailure('timeout', { args: { seconds: Math.round(request.waited / 1000) } });
    }
    const retryAfter = 1000 * (outcome.retryAfter ?? 0);
    delay = Math.min(Math.max(nextPollDelay(polls, context.random()), retryAfter), maxPollDelay, left());
    context.onPoll(outcome.name, delay);
  }
}

async function poll(request: RequestState, { client, signal }: PollContext): Promise<ServiceResponse | RequestError> {
  try {
    return await client.fetchResult(request, signal);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
}

/** The outcome of a poll: links to the results, or a name for the log. */
type PollOutcome =
  | { readonly links: readonly string[] }
  | {
      readonly name: string;
      /** Why polling has to stop. */
      readonly failure?: MixFailure;
      /** Polling stops only once this anomaly has occurred more often than tolerated. */
      readonly anomaly?: Anomaly;
      /** Seconds. */
      readonly retryAfter?: number | undefined;
    };

function interpret(response: ServiceResponse | RequestError, { service }: ServiceClient): PollOutcome {
  if (response instanceof RequestError) {
    const name = response.reason;
    return name === 'too-large' || name === 'redirected'
      ? { name, anomaly: 'unreadable', failure: requestFailure(response, service) }
      : { name };
  }
  switch (response.kind) {
    case 'success':
      if (response.links.length > 0) return { links: response.links };
      return {
        name: 'no-results',
        anomaly: 'no-results',
        failure: new MixFailure('result-unavailable/no-results'),
      };
    case 'processing':
      return { name: 'processing' };
    case 'unreadable':
      // An error page of a gateway is temporary; the service behind it continues to work.
      if (response.http >= 500) return { name: `http-${response.http}` };
      return {
        name: response.problem,
        anomaly: 'unreadable',
        failure: unreadableResponseFailure(response, service),
      };
    case 'refused':
      return interpretRefusal(response, service);
  }
}

function interpretRefusal(response: RefusedResponse, service: Service): PollOutcome {
  const { reason: name, retryAfter } = response;
  switch (name) {
    case 'rate-limited':
    case 'duplicate':
      return { name, retryAfter };
    case 'unavailable':
      // With HTTP 5xx, the whole service is unavailable for a while. Otherwise, the response may be about this request.
      if (response.http >= 500) return { name, retryAfter };
      return { name, retryAfter, anomaly: 'unreadable', failure: refusalFailure(response, service) };
    case 'not-found':
      return { name, anomaly: 'not-found', failure: refusalFailure(response, service) };
    case 'refused': {
      // An unspecified error about an accepted request means that the work failed.
      const cause = new Error(response.message || `HTTP ${response.http}`);
      return { name, failure: new MixFailure('generation-failed', { cause }) };
    }
    default:
      return { name, failure: refusalFailure(response, service) };
  }
}
