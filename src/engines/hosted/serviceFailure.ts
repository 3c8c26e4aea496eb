import { type FailureCode, MixFailure } from '../../mix/failure.ts';
import type { FaultReason, TransportFault } from '../../network/requestError.ts';
import type { Service } from './service.ts';
import type { Answer, Refusal } from './wire.ts';

export type Refused = Extract<Answer, { kind: 'refused' }>;
export type Unreadable = Extract<Answer, { kind: 'unreadable' }>;

const codes: Readonly<Record<Refusal, { code: FailureCode; reason?: string }>> = {
  'invalid-api-key': { code: 'invalid-api-key' },
  'invalid-request': { code: 'invalid-request' },
  'image-not-fetched': { code: 'invalid-request', reason: 'image-not-fetched' },
  duplicate: { code: 'rate-limited', reason: 'duplicate' },
  'rate-limited': { code: 'rate-limited' },
  'insufficient-credits': { code: 'insufficient-credits' },
  'plan-required': { code: 'plan-required' },
  unavailable: { code: 'service-unavailable' },
  'generation-failed': { code: 'generation-failed' },
  'not-found': { code: 'result-unavailable', reason: 'not-found' },
  refused: { code: 'invalid-request', reason: 'refused' },
};

/** The recipe's names of the service's fields. */
const fields: Readonly<Record<string, string>> = {
  prompt: 'prompt',
  negative_prompt: 'negativePrompt',
  init_image: 'images',
  init_image_weights: 'images',
  width: 'width',
  height: 'height',
  steps: 'steps',
  guidance_scale: 'guidanceScale',
  seed: 'seed',
  samples: 'samples',
  webhook: 'webhook',
  track_id: 'trackId',
};

/** A refusal as a failure. Args: `origin`, `message` (the service's own words, or its HTTP code), `seconds` where it says how long to wait. */
export function refusalFailure(answer: Refused, service: Service): MixFailure {
  const { code, reason } = codes[answer.why];
  const field = code === 'invalid-request' && answer.field !== undefined ? fields[answer.field] : undefined;
  return new MixFailure(code, {
    ...(reason === undefined ? {} : { reason }),
    ...(field === undefined ? {} : { field }),
    args: {
      origin: service.origin,
      message: answer.message || `HTTP ${answer.http}`,
      ...(code === 'rate-limited' ? { seconds: Math.ceil(answer.retryAfter ?? 30) } : {}),
    },
  });
}

/**
 * An answer that says nothing: `service-unavailable` where its HTTP code tells of trouble there, else `unexpected-response` with
 * `origin` and `status`; the reason tells a wrong address (`no-endpoint`) from a page, a cut or a strange answer.
 */
export function unreadableFailure(answer: Unreadable, service: Service): MixFailure {
  if (answer.http >= 500) {
    return new MixFailure('service-unavailable', { args: { origin: service.origin, message: `HTTP ${answer.http}` } });
  }
  const reason = answer.http === 404 || answer.http === 405 ? 'no-endpoint' : answer.what;
  return new MixFailure('unexpected-response', { reason, args: { origin: service.origin, status: answer.http } });
}

/**
 * A fault of something that is safe to repeat, once there is no more repeating: `network` with `origin`, `host` and where one is at fault `proxy`, or
 * `unexpected-response` for a strange answer, with `target` where it was a redirect.
 */
export function faultFailure(fault: TransportFault, { origin }: Service): MixFailure {
  const { reason } = fault;
  if (reason === 'too-large' || reason === 'redirected') {
    const args = { origin, ...fault.args };
    return new MixFailure('unexpected-response', { reason, args, cause: fault });
  }
  const args = { origin, host: new URL(origin).hostname, ...fault.args };
  return new MixFailure('network', { reason: networkReason(reason), args, retryable: fault.canPass, cause: fault });
}

/** How far the exchange had come matters to paid work only. */
function networkReason(reason: FaultReason): string {
  switch (reason) {
    case 'no-answer':
      return 'timeout';
    case 'connection-lost':
    case 'answer-cut':
      return 'connection';
    default:
      return reason;
  }
}
