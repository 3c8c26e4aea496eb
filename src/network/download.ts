import type { Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import { MixFailure } from '../mix/failure.ts';
import { guardedLookup, guardHost } from './addressGuard.ts';
import type { Connect } from './connections.ts';
import { detectKind } from '../images/pictureFormat.ts';
import { proxyFaultOf } from './proxy.ts';
import { tooManyBytes } from '../images/sourceLimits.ts';

const maxRedirects = 5;
const headers = {
  accept: 'image/avif,image/webp,image/png,image/jpeg,image/gif,image/tiff,image/svg+xml,image/*;q=0.5',
  'user-agent': 'image-mixer',
};

/** Time limits in milliseconds: to connect, between two pieces of an answer, and for the whole of it. */
export interface DownloadTimes {
  readonly connect: number;
  readonly silence: number;
  readonly whole: number;
}

/** The rules of a download. */
export interface DownloadOptions {
  readonly maxBytes: number;
  readonly times: DownloadTimes;
  /** Whether a URL may lead to private addresses. */
  readonly isTrusted: (url: URL) => boolean;
  /** Makes the dispatcher of one request, which ends with it. */
  readonly connect: Connect;
}

/**
 * The bytes of the picture at an http(s) URL. Its bytes decide what it is, not its headers; the address is checked after
 * DNS, again for each redirect.
 * @throws MixFailure `blocked-address`, `network`, `unreadable-image`, `unsupported-image`, `image-too-large`.
 */
export async function downloadPicture(
  address: string,
  options: DownloadOptions,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const end = new AbortController();
  const deadline = setTimeout(() => end.abort(new DOMException('', 'TimeoutError')), options.times.whole);
  const either = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  try {
    let url = new URL(address);
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const answer = await visit(url, options, either).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error instanceof MixFailure ? error : networkFailure(url, error);
      });
      if (!(answer instanceof URL)) return await requirePicture(answer, url);
      url = answer;
    }
    throw failure('network', 'redirects', url);
  } finally {
    clearTimeout(deadline);
    end.abort(); // a request that was given up listens until then, and holds its connection in memory
  }
}

/** One request: the body, or where it is to be had. */
async function visit(
  url: URL,
  { isTrusted, maxBytes, times, connect }: DownloadOptions,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | URL> {
  const trusted = isTrusted(url);
  if (!trusted) guardHost(url);
  // One for this request alone: a connection that was made under other rules must not be used again.
  const dispatcher = connect({ timeout: times.connect, ...(trusted ? {} : { lookup: guardedLookup }) });
  try {
    const answer = await request.call(dispatcher, {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      signal,
      headers,
      headersTimeout: times.silence,
      bodyTimeout: times.silence,
    });
    const { statusCode, headers: received } = answer;
    const { location } = received;
    if (statusCode >= 300 && statusCode < 400 && typeof location === 'string') return redirected(url, location);
    if (statusCode < 200 || statusCode > 299) throw refused(url, statusCode);
    const announced = Number(received['content-length']);
    if (announced > maxBytes) throw tooManyBytes(announced, maxBytes);
    return await collect(answer.body, maxBytes);
  } finally {
    await dispatcher.destroy();
  }
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.protocol !== 'http:' && to?.protocol !== 'https:') throw failure('network', 'redirects', from);
  return to;
}

async function collect(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('A body of bytes was expected');
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw tooManyBytes(length, maxBytes);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

async function requirePicture(bytes: Uint8Array<ArrayBuffer>, url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes.length === 0) throw failure('unreadable-image', 'empty', url);
  const kind = await detectKind(bytes);
  if (!kind?.isPicture) throw failure('unsupported-image', 'url-no-picture', url);
  return bytes;
}

function refused(url: URL, status: number): MixFailure {
  const passing = status >= 500 || status === 429 || status === 408;
  return new MixFailure(passing ? 'network' : 'unreadable-image', {
    reason: 'url-status',
    args: { ...argsOf(url), status },
  });
}

function failure(
  code: 'network' | 'unreadable-image' | 'unsupported-image',
  reason: string,
  url: URL,
  cause?: unknown,
) {
  return new MixFailure(code, { reason, args: argsOf(url), cause });
}

function networkFailure(url: URL, error: unknown): MixFailure {
  const proxy = proxyFaultOf(error);
  const reason = proxy?.reason ?? reasonOf(error);
  const canPass = reason !== 'certificate' && reason !== 'proxy-auth'; // these last until a setting is changed
  return new MixFailure('network', {
    reason,
    args: { ...argsOf(url), ...proxy?.args },
    retryable: canPass,
    cause: error,
  });
}

/** What a message may show of a URL: no query, which may hold a token, and no password. */
function argsOf(url: URL) {
  return {
    url: `${url.protocol}//${url.host}${url.pathname}`,
    name: url.pathname.split('/').pop() || url.host,
    host: url.hostname,
  };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns';
  if (/TIMEOUT|ETIMEDOUT/.test(code) || (error instanceof DOMException && error.name === 'TimeoutError'))
    return 'timeout';
  if (/CERT|SIGNATURE|SSL|TLS/.test(code)) return 'certificate';
  return 'connection';
}
