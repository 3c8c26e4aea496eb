import { MixFailure } from '../mix/failure.ts';
import { proxyErrorOf } from './proxy.ts';

/** The failure for what undici or Node threw while it downloaded from `url`. */
export function networkFailure({ hostname: host }: URL, cause: unknown): MixFailure {
  const proxy = proxyErrorOf(cause)?.problem;
  switch (proxy?.reason) {
    case 'proxy-auth':
      return new MixFailure('network/proxy-auth', { retryable: false, cause });
    case 'proxy-refused':
      return new MixFailure('network/proxy-refused', {
        args: { host, proxy: proxy.proxy, status: proxy.status },
        cause,
      });
    case 'proxy-unreachable':
      return new MixFailure('network/proxy-unreachable', { args: { host, proxy: proxy.proxy }, cause });
    case 'certificate':
      return new MixFailure('network/certificate', { args: { host: proxy.host }, retryable: false, cause });
    case undefined: {
      const reason = reasonOf(cause);
      // An untrusted certificate stays untrusted until someone changes a setting.
      return new MixFailure(`network/${reason}`, { args: { host }, retryable: reason !== 'certificate', cause });
    }
  }
}

function reasonOf(error: unknown): 'dns' | 'timeout' | 'certificate' | 'connection' {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns';
  if (/TIMEOUT|ETIMEDOUT/.test(code) || (error instanceof DOMException && error.name === 'TimeoutError'))
    return 'timeout';
  if (/CERT|SIGNATURE/.test(code)) return 'certificate'; // other errors of TLS mean that a host doesn't speak it
  return 'connection';
}
