import type { Dispatcher } from 'undici';
import connect from 'undici/lib/api/api-connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { MixFailure } from '../mix/failure.ts';
import type { ProxySetting } from './connectionRules.ts';

/**
 * The URL of a proxy. `host:port` means `http://host:port`.
 * @throws MixFailure `network/bad-proxy`, which names the setting but not its value, since that may hold a password.
 */
export function proxyUrl({ text, setting }: ProxySetting): string {
  const address = text.includes('://') ? text : `http://${text}`;
  try {
    const url = new URL(address);
    decodeURIComponent(url.username + url.password);
    if (/^https?:$/.test(url.protocol) && url.pathname === '/') return url.href;
  } catch (error) {
    // An invalid URL, or an invalid escape in its credentials. Reported below, together with proxies of other protocols.
    if (!(error instanceof TypeError) && !(error instanceof URIError)) throw error;
  }
  throw new MixFailure('network/bad-proxy', { args: { setting }, retryable: false });
}

/** Why a proxy didn't open a connection. `proxy` is its host and port, `status` an HTTP status, `host` a name without a port. */
export type ProxyProblem =
  | { readonly reason: 'proxy-auth' }
  | { readonly reason: 'proxy-refused'; readonly proxy: string; readonly status: number }
  | { readonly reason: 'proxy-unreachable'; readonly proxy: string }
  | { readonly reason: 'certificate'; readonly host: string };

/** A proxy didn't open a connection. Nothing was sent to the host behind it. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly problem: ProxyProblem;

  constructor(problem: ProxyProblem, cause?: unknown) {
    super(problem.reason, { cause });
    this.problem = problem;
  }
}

/**
 * Connections to a proxy that tunnels to other hosts. Adds the method `connect`, which otherwise only undici's root module
 * attaches, and rejects with ProxyError.
 * @param timeout milliseconds until a CONNECT request to the proxy fails.
 */
export function tunnelPool(proxy: URL, options: object, timeout: number): Dispatcher {
  const pool = new Pool(proxy.origin, { ...options, headersTimeout: timeout });
  const open = async (to: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    const answer = await connect.call(pool, to).catch((error: unknown) => {
      throw connectError(proxy, error);
    });
    const { statusCode: status, socket } = answer;
    if (status === 200) return answer;
    socket.on('error', () => {}).destroy(); // the answer says what is wrong; that the socket ends too doesn't matter
    throw status === 407
      ? new ProxyError({ reason: 'proxy-auth' })
      : new ProxyError({ reason: 'proxy-refused', proxy: proxy.host, status });
  };
  return Object.assign(pool, { connect: open });
}

/** The proxy's part in an error, or undefined if the error is about something else. */
export function proxyErrorOf(error: unknown): ProxyError | undefined {
  if (error instanceof ProxyError) return error;
  // undici reports a 407 this way if plain http goes through the proxy without a tunnel.
  const isUnauthorized = error instanceof Error && error.message.includes('(407)');
  return isUnauthorized ? new ProxyError({ reason: 'proxy-auth' }) : undefined;
}

function connectError({ host, hostname }: URL, error: unknown): ProxyError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/CERT|SIGNATURE/.test(code)) return new ProxyError({ reason: 'certificate', host: hostname }, error);
  return new ProxyError({ reason: 'proxy-unreachable', proxy: host }, error);
}
