import { proxyFaultOf } from './proxy.ts';
import type { MessageArgs } from '../mix/failure.ts';

/** What went wrong with an exchange, as far as a user could tell the difference. */
export type FaultReason =
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
  | 'redirected';

/** An exchange that brought no answer. Its message holds no address, header or body. */
export class TransportFault extends Error {
  override readonly name = 'TransportFault';
  readonly reason: FaultReason;
  /** False where not one byte of the request was written: then the service certainly did no work. */
  readonly sent: boolean;
  /** For the message: where a redirect led (`target`, an origin), or which `proxy` is meant. */
  readonly args: MessageArgs;

  constructor(reason: FaultReason, sent: boolean, details: { cause?: unknown; args?: MessageArgs } = {}) {
    super(reason, details.cause === undefined ? {} : { cause: details.cause });
    this.reason = reason;
    this.sent = sent;
    this.args = details.args ?? {};
  }

  /** Whether another try could end better by itself: not before someone changes a setting. */
  get canPass(): boolean {
    return this.reason !== 'certificate' && this.reason !== 'proxy-auth';
  }
}

/** Tells the fault from what undici or Node threw; `stage` is how far the exchange was. */
export function faultOf(error: unknown, stage: 'connecting' | 'waiting' | 'receiving'): TransportFault {
  if (error instanceof TransportFault) return error;
  const code = codeOf(error);
  if (stage === 'connecting') {
    const proxy = proxyFaultOf(error);
    const reason = proxy?.reason ?? connectReason(code);
    return new TransportFault(reason, false, { cause: error, args: proxy?.args ?? {} });
  }
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return new TransportFault('no-answer', true, { cause: error });
  const reason = stage === 'waiting' ? 'connection-lost' : 'answer-cut';
  return new TransportFault(reason, true, { cause: error });
}

function connectReason(code: string): FaultReason {
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
