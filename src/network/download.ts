import type { Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import { MixFailure } from '../mix/failure.ts';
import { guardedLookup, guardHost } from './addressGuard.ts';
import type { Connect } from './connections.ts';
import { proxyErrorOf } from './proxy.ts';

const maxRedirects = 5;

/** Time limits in milliseconds: to connect, between two pieces of a response, and for the whole download. */
export interface DownloadTimes {
  readonly connect: number;
  readonly silence: number;
  readonly whole: number;
}

/** The rules of a download. */
export interface DownloadOptions {
  /** The `Accept` header. */
  readonly accept: string;
  readonly maxBytes: number;
  readonly times: DownloadTimes;
  /** Whether a URL may lead to private addresses. */
  readonly mayBePrivate: (url: URL) => boolean;
  /** Creates the dispatcher for one request. It is destroyed after the request. */
  readonly connect: Connect;
}

/** What the last URL of a download returned: the body, a status that won't change by itself, or more bytes than allowed. */
export type Download =
  | { readonly kind: 'bytes'; readonly url: URL; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'refused'; readonly url: URL; readonly status: number }
  | { readonly kind: 'too-large'; readonly url: URL; readonly length: number };

type Redirect = { readonly kind: 'redirect'; readonly url: URL };

/**
 * Downloads an http(s) URL and follows redirects. The address is checked after DNS, and again for each redirect.
 * @throws MixFailure `blocked-address` or `network`, or the signal's reason.
 */
export async function download(address: string, options: DownloadOptions, signal?: AbortSignal): Promise<Download> {
  const end = new AbortController();
  const deadline = setTimeout(() => end.abort(new DOMException('', 'TimeoutError')), options.times.whole);
  const either = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  try {
    let url = new URL(address);
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const answer = await get(url, options, either).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error instanceof MixFailure ? error : networkFailure(url, end.signal.aborted ? end.signal.reason : error);
      });
      if (answer.kind !== 'redirect') return answer;
      url = answer.url;
    }
    throw new MixFailure('network/redirects', { args: { url: shownUrl(url) } });
  } finally {
    clearTimeout(deadline);
    end.abort(); // an abandoned request listens to the signal, and keeps its connection in memory until then
  }
}

/** What a message may show of a URL: no query, which may hold a token, and no password. */
export function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

/** One request without following redirects. */
async function get(
  url: URL,
  { accept, mayBePrivate, maxBytes, times, connect }: DownloadOptions,
  signal: AbortSignal,
): Promise<Download | Redirect> {
  const trusted = mayBePrivate(url);
  if (!trusted) guardHost(url);
  // A new dispatcher for each request: a connection made under other rules must not be reused.
  const dispatcher = connect({ timeout: times.connect, ...(trusted ? {} : { lookup: guardedLookup }) });
  const destroy = () => void dispatcher.destroy(); // never rejects
  // undici itself heeds the signal only once the connection is established.
  signal.addEventListener('abort', destroy, { once: true });
  try {
    const { statusCode, headers, body } = await request.call(dispatcher, {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      signal,
      headers: { accept, 'user-agent': 'image-mixer' },
      headersTimeout: times.silence,
      bodyTimeout: times.silence,
    });
    const { location } = headers;
    if (statusCode >= 300 && statusCode < 400 && typeof location === 'string') return redirectTo(location, url);
    if (statusCode >= 500 || statusCode === 429 || statusCode === 408) {
      throw new MixFailure('network/url-status', { args: { host: url.hostname, status: statusCode } });
    }
    if (statusCode < 200 || statusCode > 299) return { kind: 'refused', url, status: statusCode };
    const announced = Number(headers['content-length']);
    if (announced > maxBytes) return { kind: 'too-large', url, length: announced };
    return await readBody(body, url, maxBytes);
  } finally {
    signal.removeEventListener('abort', destroy);
    destroy(); // not awaited, because that would delay a cancellation
  }
}

function redirectTo(location: string, from: URL): Redirect {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new MixFailure('network/redirects', { args: { url: shownUrl(from) } });
  }
  return { kind: 'redirect', url };
}

async function readBody(body: Dispatcher.ResponseData['body'], url: URL, maxBytes: number): Promise<Download> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('Expected a body of bytes');
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) return { kind: 'too-large', url, length };
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return { kind: 'bytes', url, bytes };
}

function networkFailure({ hostname: host }: URL, cause: unknown): MixFailure {
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
  if (/CERT|SIGNATURE|SSL|TLS/.test(code)) return 'certificate';
  return 'connection';
}
