import { MixFailure } from '../../mix/failure.ts';
import { proxyFailure } from '../../network/proxyFailure.ts';
import type { RequestError } from '../../network/requestError.ts';
import type { Service } from './service.ts';
import type { ServiceResponse } from './wire.ts';

export type RefusedResponse = Extract<ServiceResponse, { kind: 'refused' }>;
type UnreadableResponse = Extract<ServiceResponse, { kind: 'unreadable' }>;

/** The recipe field for each field of the service's requests. */
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

/** The failure for a request that the service refused. If its sentence doesn't show the service's message, its cause does, for the log. */
export function refusalFailure(response: RefusedResponse, { origin }: Service): MixFailure {
  const message = response.message || `HTTP ${response.http}`;
  const cause = new Error(message);
  const seconds = Math.max(Math.ceil(response.retryAfter ?? 30), 1);
  const field = response.field === undefined ? undefined : fields[response.field];
  switch (response.reason) {
    case 'invalid-api-key':
      return new MixFailure('invalid-api-key', { args: { origin }, cause });
    case 'invalid-request':
      return new MixFailure('invalid-request', { args: { message }, field });
    case 'image-not-fetched':
      return new MixFailure('invalid-request/image-not-fetched', { args: { message }, field });
    case 'duplicate':
      return new MixFailure('rate-limited/duplicate', { args: { seconds }, cause });
    case 'rate-limited':
      return new MixFailure('rate-limited', { args: { message, seconds } });
    case 'insufficient-credits':
      return new MixFailure('insufficient-credits', { args: { origin }, cause });
    case 'plan-required':
      return new MixFailure('plan-required', { args: { origin }, cause });
    case 'unavailable':
      if (response.retryAfter === undefined) return new MixFailure('service-unavailable', { args: { message } });
      return new MixFailure('service-unavailable/retry-after', { args: { message, seconds } });
    case 'generation-failed':
      return new MixFailure('generation-failed', { cause });
    case 'not-found':
      return new MixFailure('result-unavailable/not-found', { args: { message } });
    case 'refused':
      return new MixFailure('invalid-request/refused', { args: { message }, field });
  }
}

/**
 * The failure for a response that can't be interpreted: `service-unavailable` if the HTTP status is a server error, else
 * `unexpected-response`. HTTP 404 and 405 mean a wrong base URL.
 */
export function unreadableResponseFailure(
  { http: status, problem }: UnreadableResponse,
  { origin }: Service,
): MixFailure {
  if (status >= 500) return new MixFailure('service-unavailable', { args: { message: `HTTP ${status}` } });
  if (status === 404 || status === 405) {
    return new MixFailure('unexpected-response/no-endpoint', { args: { origin, status } });
  }
  return new MixFailure(`unexpected-response/${problem}`, { args: { origin, status } });
}

/** The failure for a request that got no complete response, once retrying is over. */
export function requestFailure(error: RequestError, { origin }: Service): MixFailure {
  const { args } = error;
  const host = args.host ?? new URL(origin).hostname;
  const details = { retryable: error.retryable, cause: error };
  switch (error.reason) {
    case 'too-large':
      return new MixFailure('unexpected-response/too-large', { args: { origin }, cause: error });
    case 'redirected':
      return new MixFailure('unexpected-response/redirected', {
        args: { origin, target: args.target ?? '' },
        cause: error,
      });
    case 'proxy-auth':
    case 'proxy-refused':
    case 'proxy-unreachable':
      return proxyFailure(error.reason, error, host);
    case 'withheld': // it took too long to save
      return new MixFailure('save-failed/state', { args: { detail: 'ETIMEDOUT' }, ...details });
    case 'no-answer':
      return new MixFailure('network/timeout', { args: { host }, ...details });
    case 'connection-lost':
    case 'answer-cut':
      return new MixFailure('network/connection', { args: { host }, ...details });
    case 'dns':
    case 'refused':
    case 'timeout':
    case 'certificate':
    case 'connection':
      return new MixFailure(`network/${error.reason}`, { args: { host }, ...details });
  }
}

/** Why the outcome of a submission is unknown. */
type Interruption = 'restarted' | 'no-answer' | 'connection-lost' | 'answer-cut' | 'gateway-error';

/** The failure of a submission whose outcome is unknown: the service may have done the work and charged for it. */
export function interruptedFailure(reason: Interruption, { origin }: Service): MixFailure {
  return new MixFailure(`interrupted/${reason}`, { args: { origin } });
}
