import { createHash } from 'node:crypto';
import * as z from 'zod';
import { MixFailure } from '../../mix/failure.ts';
import { RequestError } from '../../network/requestError.ts';
import type { Clock } from '../clock.ts';
import { JobSuspended } from '../engine.ts';
import type { ServiceClient } from './client.ts';
import type { MixSubmission } from './dialect.ts';
import type { RequestState } from './hostedState.ts';
import type { Service } from './service.ts';
import { refusalFailure, requestFailure, unreadableResponseFailure } from './serviceFailure.ts';
import type { SharedStore } from './sharedStore.ts';
import type { ServiceResponse } from './wire.ts';

/** The service takes an identical request within this time (milliseconds) for an accident and refuses it. */
const identicalRequestGap = 30_000;
/** How long to try to connect at all, and how long to wait where the service asks for patience (milliseconds). */
const connectPatience = 10_000;
const refusalPatience = 180_000;
/** How long an order that is on its way may still bring its answer when the window closes (milliseconds). VS Code allows about five seconds. */
const farewell = 4_000;

/** What ordering needs besides the order. */
export interface SubmissionContext {
  readonly client: ServiceClient;
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Puts the job's state on disk. */
  save(): Promise<void>;
  /** Tells that the order waits for this many milliseconds. */
  onWait(ms: number, why: string): void;
  onPost(): void;
}

/**
 * Sends a paid request until the service took it, and notes in `request` how far it got, before and after each try.
 * It is sent again only where the last try certainly did no work. Resolves with the service's estimate in seconds.
 * @throws MixFailure, `interrupted` where the fate of the work is unknown; or the signal's reason.
 */
export async function submitMix(
  request: RequestState,
  order: MixSubmission,
  ordering: SubmissionContext,
): Promise<number | undefined> {
  const { client, store, clock, signal } = ordering;
  const record = recordName(client, order);
  const begun = clock.now();
  for (let tries = 0; ; tries++) {
    await takeTurn(record, ordering);
    const result = await postOnce(request, order, ordering).catch(async (error: unknown) => {
      if (request.phase === 'new') await store.remove(record); // no work was asked for
      throw error;
    });
    if (result instanceof RequestError) {
      await store.remove(record);
      const pause = 1000 * 2 ** tries;
      if (!result.retryable || clock.now() + pause - begun > connectPatience) {
        throw requestFailure(result, client.service);
      }
      ordering.onWait(pause, result.reason);
      await clock.sleep(pause, signal);
      continue;
    }
    if (result.kind !== 'refused') return accept(request, result, ordering);
    request.phase = 'new';
    await ordering.save();
    // The next try has another key, and so is another request.
    if (result.why === 'invalid-api-key') await store.remove(record);
    const patient = result.why === 'rate-limited' || result.why === 'duplicate' || isBusy(result);
    const pause = Math.max(1000 * (result.retryAfter ?? 0), identicalRequestGap);
    if (!patient || clock.now() + pause - begun > refusalPatience) throw refusalFailure(result, client.service);
    ordering.onWait(pause, result.why);
    await clock.sleep(pause, signal);
  }
}

/** Whether the service itself, not something before it, says that it can't work now. */
function isBusy(answer: ServiceResponse): boolean {
  return answer.kind === 'refused' && answer.http === 503 && answer.stated;
}

/** One try; resolves with the answer, or with the fault of a try that certainly did no work. */
async function postOnce(
  request: RequestState,
  order: MixSubmission,
  ordering: SubmissionContext,
): Promise<ServiceResponse | RequestError> {
  const { client, clock, signal } = ordering;
  request.phase = 'posting';
  await ordering.save();
  let sent = false;
  const last = lingering(signal, clock);
  try {
    signal.throwIfAborted();
    ordering.onPost();
    return await client.submitMix(order, last.signal, () => {
      sent = true;
    });
  } catch (error) {
    const isFault = error instanceof RequestError;
    if (isFault && error.sent) throw lostOrder(error, request, client);
    if (isFault || !sent) {
      request.phase = 'new';
      await ordering.save();
    }
    if (isFault) return error;
    throw error;
  } finally {
    last.done();
  }
}

/** The failure of an order that was written but brought no answer. */
function lostOrder(fault: RequestError, request: RequestState, client: ServiceClient): MixFailure {
  if (fault.reason === 'redirected') request.phase = 'new'; // who redirects does no work
  if (fault.reason === 'redirected' || fault.reason === 'too-large') return requestFailure(fault, client.service);
  return interrupted(
    fault.reason === 'no-answer' || fault.reason === 'answer-cut' ? fault.reason : 'connection-lost',
    client.service,
  );
}

/** Notes what the service answered to an order that it took. */
async function accept(
  request: RequestState,
  answer: Exclude<ServiceResponse, { kind: 'refused' }>,
  { client: { service }, save, signal }: SubmissionContext,
): Promise<number | undefined> {
  if (answer.kind === 'unreadable') {
    // A page or half an answer tells nothing of the work; a whole answer of the service's own does.
    if (answer.what === 'cut' || answer.what === 'empty') throw interrupted('answer-cut', service);
    if (answer.what === 'html' && answer.http >= 500) throw interrupted('gateway-error', service);
    throw unreadableResponseFailure(answer, service);
  }
  const { id, fetchUrl, links } = answer;
  if (links.length === 0 && id === undefined && fetchUrl === undefined) {
    throw answer.kind === 'success'
      ? new MixFailure('result-unavailable/no-pictures')
      : unreadableResponseFailure({ kind: 'unreadable', http: answer.http, what: 'shape' }, service);
  }
  request.phase = links.length > 0 ? 'answered' : 'accepted';
  request.links = [...links];
  if (id !== undefined) request.id = id;
  if (fetchUrl !== undefined) request.fetchUrl = fetchUrl;
  await save();
  signal.throwIfAborted();
  return answer.eta;
}

/** Why it's unknown whether the service did paid work. */
type Interruption = 'restarted' | 'no-answer' | 'connection-lost' | 'answer-cut' | 'gateway-error';

/** The failure of paid work whose fate is unknown. */
export function interrupted(reason: Interruption, { origin }: Service): MixFailure {
  return new MixFailure(`interrupted/${reason}`, { args: { origin } });
}

const turnSchema = z.object({ at: z.number() });

/** Waits until no identical request went out for long enough, from any window, and takes note of this one. */
async function takeTurn(record: string, { store, clock, signal, onWait }: SubmissionContext): Promise<void> {
  while (!(await store.add(record, { at: clock.now() }))) {
    const last = turnSchema.safeParse(await store.read(record)).data?.at ?? 0;
    const pause = last + identicalRequestGap - clock.now();
    // A record from the future is one from before the clock was set back.
    if (pause <= 0 || pause > identicalRequestGap) return store.write(record, { at: clock.now() });
    onWait(pause, 'duplicate');
    await clock.sleep(pause, signal);
  }
}

/** The name of an order's record: the same for the same order to the same service, and nothing can be read from it. */
function recordName({ service }: ServiceClient, order: MixSubmission): string {
  const content = JSON.stringify([service.base, service.dialect.mixPath, service.dialect.mixBody(order)]);
  return `order-${createHash('sha256').update(content).digest('hex')}`;
}

/** A signal that follows another, only some seconds later where the job is merely put aside. `done` ends it. */
function lingering(signal: AbortSignal, clock: Clock): { signal: AbortSignal; done(): void } {
  const late = new AbortController();
  const over = new AbortController();
  const stop = async () => {
    if (signal.reason instanceof JobSuspended) {
      await clock.sleep(farewell, over.signal).catch(() => undefined); // the answer came first
    }
    late.abort(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true, signal: over.signal });
  return { signal: late.signal, done: () => over.abort() };
}
