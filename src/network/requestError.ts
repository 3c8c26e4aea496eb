import type { MessageArgs } from '../mix/sentence.ts';
import { proxyErrorOf } from './proxy.ts';

/** How a request failed, as far as the difference matters to the user. */
export type RequestErrorReason =
  | 'dns'
  | 'refused'
  | 'timeout'
  | 'certificate'
  | 'proxy-auth'
  | 'proxy-refused'
  | 'proxy-unreachable'
  | 'connection'
  | 'no-answer'
  | 'connection-lost'
  | 'answer-cut'
  | 'too-large'
  | 'redirected'
  | 'withheld';

/** A request that got no complete response. Its message holds no address, header or body. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly reason: RequestErrorReason;
  /** False if not one byte of the request was written. Then the service certainly did no work. */
  readonly sent: boolean;
  /** For the message: the origin a redirect led to (`target`), or the `proxy` with its `status` or `host`. */
  readonly args: MessageArgs;

  constructor(reason: RequestErrorReason, sent: boolean, details: { cause?: unknown; args?: MessageArgs } = {}) {
    super(reason, details.cause === undefined ? {} : { cause: details.cause });
    this.reason = reason;
    this.sent = sent;
    this.args = details.args ?? {};
  }

  /** Whether another try can succeed without a changed setting. */
  get retryable(): boolean {
    return this.reason !== 'certificate' && this.reason !== 'proxy-auth';
  }
}

/** The RequestError for what undici or Node threw. `stage` is how far the request got. */
export function requestErrorOf(error: unknown, stage: 'connecting' | 'waiting' | 'receiving'): RequestError {
  if (error instanceof RequestError) return error;
  const code = codeOf(error);
  if (stage === 'connecting') {
    const proxy = proxyErrorOf(error)?.problem;
    if (!proxy) return new RequestError(connectReason(code), false, { cause: error });
    const { reason, ...args } = proxy;
    return new RequestError(reason, false, { cause: error, args });
  }
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return new RequestError('no-answer', true, { cause: error });
  const reason = stage === 'waiting' ? 'connection-lost' : 'answer-cut';
  return new RequestError(reason, true, { cause: error });
}

function connectReason(code: string): RequestErrorReason {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_FAIL' || code === 'ENODATA') return 'dns';
  if (code === 'ECONNREFUSED') return 'refused';
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return 'timeout';
  if (/CERT|SIGNATURE/.test(code)) return 'certificate';
  return 'connection';
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : '';
}
