import type { Dispatcher } from 'undici';
import request from 'undici/lib/api/api-request.js';
import { MixFailure } from '../mix/failure.ts';
import { guardedLookup, guardHost } from './addressGuard.ts';
import type { Connect } from './connections.ts';
import { decodeBody } from './contentEncoding.ts';
import { networkFailure } from './networkFailure.ts';
import { pause, retryAfter } from './retryAfter.ts';
import { userAgent } from './userAgent.ts';

const maxRedirects = 5;
/** Not 304, which means that nothing changed, nor 305 and 306, by which a server once named a proxy. */
const redirectStatuses: ReadonlySet<number> = new Set([300, 301, 302, 303, 307, 308]);

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
  /** Waits for so many milliseconds, or throws the signal's reason. By default, with a timer. */
  readonly wait?: (delay: number, signal: AbortSignal) => Promise<void>;
}

/**
 * What the last URL of a download returned: the body, a status that won't change by itself, more bytes than allowed, or a body
 * whose encoding is unknown or damaged, as it came: the server may just call it so.
 */
export type Download =
  | { readonly kind: 'bytes'; readonly url: URL; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'refused'; readonly url: URL; readonly status: number }
  | { readonly kind: 'too-large'; readonly url: URL; readonly length: number }
  | {
      readonly kind: 'encoded';
      readonly url: URL;
      readonly encoding: string;
      readonly bytes: Uint8Array<ArrayBuffer>;
    };

type Redirect = { readonly kind: 'redirect'; readonly url: URL };
/** A host that has too much to do. `delay` is how many milliseconds it asks to wait. */
type Busy = { readonly kind: 'busy'; readonly status: number; readonly delay: number | undefined };

/** The longest wait, in milliseconds, that a busy host gets. */
const longestWait = 20_000;
/** A longer wait in milliseconds isn't told in seconds. */
const longestTold = 86_400_000;

/**
 * Downloads an http(s) URL and follows redirects. The address is checked after DNS, and again for each redirect. A user and password
 * in the URL are sent to its own origin only, until a redirect leads away from it. A busy host is asked once more if it says when.
 * @throws MixFailure `blocked-address` or `network`, or the signal's reason.
 */
export async function download(address: string, options: DownloadOptions, signal?: AbortSignal): Promise<Download> {
  const end = new AbortController();
  const deadline = setTimeout(() => end.abort(new DOMException('', 'TimeoutError')), options.times.whole);
  const either = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  try {
    let url = new URL(address);
    let authorization = authorizationOf(url);
    let hasWaited = false;
    for (let redirects = 0; redirects <= maxRedirects; ) {
      const orFail = (error: unknown) => {
        signal?.throwIfAborted();
        throw error instanceof MixFailure ? error : networkFailure(url, end.signal.aborted ? end.signal.reason : error);
      };
      const answer = await get(url, authorization, options, either).catch(orFail);
      if (answer.kind === 'busy') {
        if (hasWaited || answer.delay === undefined || answer.delay > longestWait) throw busyFailure(url, answer);
        hasWaited = true;
        await (options.wait ?? pause)(answer.delay, either).catch(orFail);
      } else if (answer.kind === 'redirect') {
        if (answer.url.origin !== url.origin) authorization = undefined;
        url = answer.url;
        redirects++;
      } else return answer;
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
  authorization: string | undefined,
  { accept, mayBePrivate, maxBytes, times, connect }: DownloadOptions,
  signal: AbortSignal,
): Promise<Download | Redirect | Busy> {
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
      headers: {
        accept,
        'accept-encoding': 'gzip, deflate, br',
        'user-agent': userAgent,
        ...(authorization === undefined ? {} : { authorization }),
      },
      headersTimeout: times.silence,
      bodyTimeout: times.silence,
    });
    const location = [headers.location].flat()[0];
    if (redirectStatuses.has(statusCode) && location !== undefined) return redirectTo(location, url);
    const delay = retryAfter([headers['retry-after']].flat()[0]);
    if (statusCode === 429 || (statusCode === 503 && delay !== undefined)) {
      return { kind: 'busy', status: statusCode, delay };
    }
    if (statusCode >= 500 || statusCode === 408) {
      throw new MixFailure('network/url-status', { args: { host: url.hostname, status: statusCode } });
    }
    if (statusCode < 200 || statusCode > 299) return { kind: 'refused', url, status: statusCode };
    const announced = Number(headers['content-length']);
    if (announced > maxBytes) return { kind: 'too-large', url, length: announced };
    const read = await readBody(body, url, maxBytes);
    const encodings = [headers['content-encoding'] ?? []].flat().join();
    return read.kind === 'bytes' ? { url, ...(await decodeBody(read.bytes, encodings, maxBytes)) } : read;
  } finally {
    signal.removeEventListener('abort', destroy);
    destroy(); // not awaited, because that would delay a cancellation
  }
}

/** The `Authorization` header for the user and password of a URL (RFC 7617, in UTF-8). Undefined if it has neither. */
function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const credentials = `${percentDecode(username)}:${percentDecode(password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** A `%` without two digits stands for itself. */
function percentDecode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/**
 * Many servers send a `Location` in raw UTF-8, and HTTP headers are read byte by byte: escaping these bytes keeps them. A user or
 * password in it isn't used, since the user didn't enter it.
 */
function redirectTo(location: string, from: URL): Redirect {
  const address = location.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  const url = URL.canParse(address, from.href) ? new URL(address, from) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new MixFailure('network/bad-redirect', { args: { url: shownUrl(from) } });
  }
  url.username = '';
  url.password = '';
  return { kind: 'redirect', url };
}

function busyFailure({ hostname: host }: URL, { status, delay }: Busy): MixFailure {
  if (status !== 429) return new MixFailure('network/url-status', { args: { host, status } });
  if (delay === undefined || delay > longestTold) return new MixFailure('network/url-busy', { args: { host } });
  return new MixFailure('network/url-busy-seconds', { args: { host, seconds: Math.ceil(delay / 1000) } });
}

async function readBody(
  body: Dispatcher.ResponseData['body'],
  url: URL,
  maxBytes: number,
): Promise<Extract<Download, { kind: 'bytes' | 'too-large' }>> {
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
