import { MixFailure } from '../mix/failure.ts';
import type { RequestError, RequestErrorReason } from './requestError.ts';

/** The failure for a request to `host` that a proxy stopped. Its cause is the RequestError. */
export function proxyFailure(
  reason: Extract<RequestErrorReason, `proxy-${string}`>,
  error: RequestError,
  host: string | number,
): MixFailure {
  const { proxy = '', status = '' } = error.args;
  const details = { retryable: error.retryable, cause: error };
  switch (reason) {
    case 'proxy-auth':
      return new MixFailure('network/proxy-auth', details);
    case 'proxy-refused':
      return new MixFailure('network/proxy-refused', { args: { host, proxy, status }, ...details });
    case 'proxy-unreachable':
      return new MixFailure('network/proxy-unreachable', { args: { host, proxy }, ...details });
  }
}
