import type { Dispatcher } from 'undici';
import { type HttpReply, type JsonPost, postJson } from '../../network/jsonPost.ts';
import { RequestError } from '../../network/requestError.ts';

/** Time-outs in milliseconds. The first three limit the wait for the response headers, by the purpose of the request. */
export interface Timeouts {
  /** The service may do the whole mix before it sends the headers. */
  readonly mix: number;
  /** Includes the time to send the image over a slow connection. */
  readonly upload: number;
  readonly call: number;
  /** Between two chunks of a response body. */
  readonly body: number;
}

export const defaultTimeouts: Timeouts = { mix: 180_000, upload: 180_000, call: 30_000, body: 30_000 };

/** Responses are small JSON documents. */
const maxResponseBytes = 2 * 1024 * 1024;
const maxRedirects = 3;

/** What a request is for. */
export type RequestPurpose = 'mix' | 'upload' | 'call';

/** Sends requests through dispatchers of its own and doesn't touch the process-wide one. */
export class Transport {
  readonly #createDispatcher: () => Dispatcher;
  readonly #timeouts: Timeouts;
  #shared: Dispatcher | undefined;

  /** @param createDispatcher returns a new dispatcher without open connections. */
  constructor(createDispatcher: () => Dispatcher, timeouts: Timeouts = defaultTimeouts) {
    this.#createDispatcher = createDispatcher;
    this.#timeouts = timeouts;
  }

  /**
   * Posts JSON that contains the key. Follows a redirect only within the origin and only if it keeps the method (307, 308).
   * @param purpose a `mix` gets a connection of its own, because a stale connection would leave the outcome of paid work unknown.
   * @param onSent called just before the first byte is written.
   * @throws RequestError, or the signal's reason.
   */
  async post(
    address: string,
    json: object,
    purpose: RequestPurpose,
    signal: AbortSignal,
    onSent?: () => void,
  ): Promise<HttpReply> {
    const body = JSON.stringify(json);
    let url = new URL(address);
    for (let redirects = 0; ; redirects++) {
      const reply = await this.#send(
        {
          url,
          body,
          headersTimeout: this.#timeouts[purpose],
          bodyTimeout: this.#timeouts.body,
          maxBytes: maxResponseBytes,
          once: purpose === 'mix',
          onSent,
        },
        signal,
      );
      const target = redirectTarget(reply, url);
      if (!target) return reply;
      const keepsMethod = reply.status === 307 || reply.status === 308;
      if (target.origin !== url.origin || !keepsMethod || redirects === maxRedirects) {
        throw new RequestError('redirected', true, { args: { target: target.origin } });
      }
      url = target;
    }
  }

  /** Uses new connections from now on; requests in progress finish on the old ones. */
  renew(): void {
    const shared = this.#shared;
    this.#shared = undefined;
    shared?.close().catch(() => undefined); // no longer used
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    await shared?.destroy();
  }

  async #send(post: JsonPost, signal: AbortSignal): Promise<HttpReply> {
    if (!post.once) {
      this.#shared ??= this.#createDispatcher();
      return postJson(this.#shared, post, signal);
    }
    const dispatcher = this.#createDispatcher();
    try {
      return await postJson(dispatcher, post, signal);
    } finally {
      // Not awaited: if the connection is still being established, that would delay a cancellation.
      dispatcher.destroy().catch(() => undefined);
    }
  }
}

/** The target of a redirect; undefined if the reply isn't one. */
function redirectTarget(reply: HttpReply, from: URL): URL | undefined {
  const { location } = reply.headers;
  if (reply.status < 300 || reply.status >= 400 || typeof location !== 'string') return undefined;
  return URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

/** The `Retry-After` header of a reply in seconds; the header contains seconds or a date. @param now milliseconds since 1970. */
export function retryAfterOf(reply: HttpReply, now: number): number | undefined {
  const text = reply.headers['retry-after'];
  if (typeof text !== 'string') return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
