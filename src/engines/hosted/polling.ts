import { MixFailure } from '../../mix/failure.ts';
import { RequestError } from '../../network/requestError.ts';
import type { Clock } from '../clock.ts';
import type { ServiceClient } from './client.ts';
import type { RequestState } from './hostedState.ts';
import type { Service } from './service.ts';
import { type RefusedResponse, refusalFailure, requestFailure, unreadableResponseFailure } from './serviceFailure.ts';
import type { ServiceResponse } from './wire.ts';

/** What polling needs besides the request. */
export interface PollContext {
  readonly client: ServiceClient;
  readonly clock: Clock;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Milliseconds of reachable time until the job times out. */
  readonly deadline: number;
  /** Milliseconds until the first poll. */
  readonly firstPollDelay: number;
  /** Tells what a poll brought, and the milliseconds until the next one. */
  onPoll(what: string, pause: number): void;
}

/** How often in one wait an odd answer is taken for an accident. */
const tolerated = { 'no-pictures': 5, unreadable: 4, 'not-found': 1 };
type Oddity = keyof typeof tolerated;
/** Paid pictures are purged after a day; an outage that lasts longer can't end well. */
const longestOutage = 24 * 3_600_000;

/** Milliseconds until the first poll, from the service's estimate in seconds. */
export function firstPause(eta: number | undefined): number {
  return 1000 * Math.min(Math.max(eta ?? 2, 1), 30);
}

/** Milliseconds until the next poll after `polls` that brought no news: growing from 2 to 10 s, 15 % to and fro. */
export function nextPollDelay(polls: number, random: number): number {
  return Math.min(2000 * 1.4 ** Math.min(polls - 1, 20), 10_000) * (0.85 + 0.3 * random);
}

/**
 * Asks for an accepted request until its pictures are there, and notes their links and the time waited in `request`. Only time
 * in which the service could be reached counts; a request that used up its time is asked for once.
 * @throws MixFailure (`timeout`, `generation-failed`, `result-unavailable`, …), or the signal's reason.
 */
export async function pollForResults(request: RequestState, polling: PollContext): Promise<void> {
  const { client, clock, signal, deadline } = polling;
  const begun = clock.now();
  const oddities: Record<Oddity, number> = { 'no-pictures': 0, unreadable: 0, 'not-found': 0 };
  let pause = polling.firstPollDelay;
  for (let polls = 1; ; polls++) {
    await clock.sleep(pause, signal);
    const asked = clock.now();
    const result = await poll(request, polling);
    const news = read(result, client);
    if (!(result instanceof RequestError) || result.sent) request.waited += pause + clock.now() - asked;
    if ('links' in news) {
      request.links = [...news.links];
      request.phase = 'answered';
      return;
    }
    if (news.odd !== undefined) oddities[news.odd]++;
    if (news.failure && (news.odd === undefined || oddities[news.odd] > tolerated[news.odd])) throw news.failure;
    if (request.waited >= deadline || clock.now() - begun > longestOutage) {
      const seconds = Math.round(request.waited / 1000);
      throw new MixFailure('timeout', { args: { seconds } });
    }
    const asYouWish = 1000 * (news.retryAfter ?? 0);
    pause = Math.min(Math.max(nextPollDelay(polls, polling.random()), asYouWish), deadline - request.waited);
    polling.onPoll(news.what, pause);
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

/** What a poll brought: the links, or a word for the log with, where it can't go on like this, the failure that it leads to. */
type News =
  | { readonly links: readonly string[] }
  | {
      readonly what: string;
      readonly failure?: MixFailure;
      /** The failure counts only once this was seen more often than tolerated. */
      readonly odd?: Oddity;
      readonly retryAfter?: number | undefined;
    };

function read(result: ServiceResponse | RequestError, { service }: ServiceClient): News {
  if (result instanceof RequestError) {
    const strange = result.reason === 'too-large' || result.reason === 'redirected';
    const failure = requestFailure(result, service);
    return strange ? { what: result.reason, odd: 'unreadable', failure } : { what: result.reason };
  }
  switch (result.kind) {
    case 'success': {
      if (result.links.length > 0) return { links: result.links };
      const failure = new MixFailure('result-unavailable/no-pictures');
      return { what: 'no-pictures', odd: 'no-pictures', failure };
    }
    case 'processing':
      return { what: 'processing' };
    case 'unreadable':
      // A gateway's page passes; the service behind it goes on working.
      if (result.http >= 500) return { what: `http-${result.http}` };
      return { what: result.what, odd: 'unreadable', failure: unreadableResponseFailure(result, service) };
    case 'refused':
      return readRefusal(result, service);
  }
}

function readRefusal(answer: RefusedResponse, service: Service): News {
  const { why: what, retryAfter } = answer;
  switch (what) {
    case 'rate-limited':
    case 'duplicate':
      return { what, retryAfter };
    case 'unavailable': {
      // With its HTTP code it is the service's own trouble, which passes; without, it may be said of this very work.
      if (answer.http >= 500) return { what, retryAfter };
      return { what, retryAfter, odd: 'unreadable', failure: refusalFailure(answer, service) };
    }
    case 'not-found':
      return { what, odd: 'not-found', failure: refusalFailure(answer, service) };
    case 'refused': {
      // An error without a name, said of work that was accepted: the work failed.
      const cause = new Error(answer.message || `HTTP ${answer.http}`);
      return { what, failure: new MixFailure('generation-failed', { cause }) };
    }
    default:
      return { what, failure: refusalFailure(answer, service) };
  }
}
