import type { Dispatcher } from 'undici';
import { type HttpReply, type JsonPost, postJson } from '../../network/jsonPost.ts';
import { RequestError } from '../../network/requestError.ts';

/** Time limits in milliseconds. The first two are for a whole request, from connecting to the last byte of the response. */
export interface Timeouts {
  /** Includes the time to send the image over a slow connection. */
  readonly upload: number;
  readonly call: number;
  /** Between two chunks of a response body. */
  readonly body: number;
}

export const defaultTimeouts: Timeouts = { upload: 180_000, call: 30_000, body: 30_000 };

/** Responses are small JSON documents. */
const maxResponseBytes = 2 * 1024 * 1024;
const maxRedirects = 3;

/** A mix. It gets a connection of its own, because a stale connection would leave the outcome of paid work unknown. */
export interface MixPost {
  /** Milliseconds for the whole request: the service may do the whole mix before it responds. */
  readonly timeout: number;
  /** Asked just before the first byte is written. If it returns false, nothing is, and the request fails as `withheld`. */
  maySend(): boolean;
}

/** What a request is for. */
export type RequestPurpose = 'upload' | 'call' | MixPost;

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
   * @throws RequestError, or the signal's reason.
   */
  async post(address: string, json: object, purpose: RequestPurpose, signal: AbortSignal): Promise<HttpReply> {
    const body = JSON.stringify(json);
    const mix = typeof purpose === 'string' ? undefined : purpose;
    const end = performance.now() + (typeof purpose === 'string' ? this.#timeouts[purpose] : purpose.timeout);
    let url = new URL(address);
    for (let redirects = 0; ; redirects++) {
      const reply = await this.#send(
        {
          url,
          body,
          timeout: end - performance.now(),
          silence: this.#timeouts.body,
          maxBytes: maxResponseBytes,
          once: mix !== undefined,
          maySend: mix && (() => mix.maySend()),
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
    void shared?.close(); // rejects only if it was closed before
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
      void dispatcher.destroy(); // never rejects
    }
  }
}

/** The target of a redirect; undefined if the reply isn't one. */
function redirectTarget(reply: HttpReply, from: URL): URL | undefined {
  const { location } = reply.headers;
  if (reply.status < 300 || reply.status >= 400 || typeof location !== 'string') return undefined;
  return URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

/**
 * The `Retry-After` header of a reply in seconds. A date in it counts from the reply's own date, because this machine's clock may be wrong.
 * @param now milliseconds since 1970, for a reply without a date.
 */
export function retryAfterOf(reply: HttpReply, now: number): number | undefined {
  const text = reply.headers['retry-after'];
  if (typeof text !== 'string') return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const { date } = reply.headers;
  const sentAt = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  const seconds = (Date.parse(text) - (Number.isNaN(sentAt) ? now : sentAt)) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
