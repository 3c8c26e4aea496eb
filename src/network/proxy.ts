import type { Dispatcher } from 'undici';
import connect from 'undici/lib/api/api-connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { type MessageArgs, MixFailure } from '../mix/failure.ts';
import type { WrittenProxy } from './connectionRules.ts';

/**
 * The URL of a proxy; `host:port` stands for `http://host:port`.
 * @throws MixFailure `network` (`bad-proxy`) that names the setting and not its value, which may hold a password.
 */
export function proxyUrl({ text, setting }: WrittenProxy): string {
  const address = text.includes('://') ? text : `http://${text}`;
  try {
    const url = new URL(address);
    decodeURIComponent(url.username + url.password);
    if (/^https?:$/.test(url.protocol) && url.pathname === '/') return url.href;
  } catch {
    // told below, as is a proxy of another kind
  }
  throw new MixFailure('network/bad-proxy', { args: { setting }, retryable: false });
}

/** A proxy that did not let a connection through; nothing was sent to the host behind it. */
export class ProxyFault extends Error {
  override readonly name = 'ProxyFault';
  readonly reason: 'proxy-auth' | 'proxy-refused' | 'proxy-unreachable' | 'certificate';
  readonly args: MessageArgs;

  constructor(reason: ProxyFault['reason'], args: MessageArgs, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
    this.args = args;
  }
}

/**
 * Connections to a proxy that lead on to other hosts. Brings the method `connect`, which only undici's root module would attach,
 * and tells what a proxy did wrong.
 * @param patience milliseconds until a proxy that was asked to connect is given up.
 */
export function tunnels(proxy: URL, options: object, patience: number): Dispatcher {
  const pool = new Pool(proxy.origin, { ...options, headersTimeout: patience });
  const open = async (to: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    const answer = await connect.call(pool, to).catch((error: unknown) => {
      throw unreachable(proxy, error);
    });
    const { statusCode: status, socket } = answer;
    if (status === 200) return answer;
    socket.on('error', () => {}).destroy();
    throw status === 407 ? unauthorised() : new ProxyFault('proxy-refused', { proxy: proxy.host, status });
  };
  return Object.assign(pool, { connect: open });
}

/** The fault of a proxy behind an error; undefined where it is about something else. */
export function proxyFaultOf(error: unknown): ProxyFault | undefined {
  if (error instanceof ProxyFault) return error;
  // How undici tells it where plain http goes through the proxy without a tunnel.
  return error instanceof Error && error.message.includes('(407)') ? unauthorised() : undefined;
}

function unauthorised(): ProxyFault {
  return new ProxyFault('proxy-auth', {});
}

function unreachable({ host, hostname }: URL, error: unknown): ProxyFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/CERT|SIGNATURE/.test(code)) return new ProxyFault('certificate', { host: hostname }, error);
  return new ProxyFault('proxy-unreachable', { proxy: host }, error);
}
