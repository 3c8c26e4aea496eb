import type { Dispatcher } from 'undici';
import { type HttpReply, type JsonPost, postJson } from '../../network/jsonPost.ts';
import { RequestError } from '../../network/requestError.ts';

/** Silence in milliseconds after which an exchange is given up, by what it is for. */
export interface Timeouts {
  /** A mix may be worked on before the first byte comes back. */
  readonly mix: number;
  /** An upload is slow on a thin line; the wait includes sending it. */
  readonly upload: number;
  readonly call: number;
  /** Between two pieces of a body. */
  readonly body: number;
}

export const defaultTimeouts: Timeouts = { mix: 180_000, upload: 180_000, call: 30_000, body: 30_000 };

/** Answers are small JSON; more than this is not one. */
const maxAnswer = 2 * 1024 * 1024;
const maxHops = 3;

/** What a post is for. */
export type RequestPurpose = 'mix' | 'upload' | 'call';

/** HTTP over dispatchers of its own: the process-wide one stays untouched. */
export class Transport {
  readonly #factory: () => Dispatcher;
  readonly #timeouts: Timeouts;
  #shared: Dispatcher | undefined;

  /** @param factory makes a dispatcher with no open connection. */
  constructor(factory: () => Dispatcher, timeouts: Timeouts = defaultTimeouts) {
    this.#factory = factory;
    this.#timeouts = timeouts;
  }

  /**
   * Posts JSON that holds the key. A redirect is followed only within the origin and only where it keeps the method (307, 308).
   * @param purpose a `mix` goes out on a connection of its own: a stale one would leave the fate of paid work unknown.
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
    for (let hop = 0; ; hop++) {
      const reply = await this.#send(
        {
          url,
          body,
          headersTimeout: this.#timeouts[purpose],
          bodyTimeout: this.#timeouts.body,
          maxBytes: maxAnswer,
          once: purpose === 'mix',
          onSent,
        },
        signal,
      );
      const next = redirectOf(reply, url);
      if (!next) return reply;
      const keeps = reply.status === 307 || reply.status === 308;
      if (next.origin !== url.origin || !keeps || hop === maxHops) {
        throw new RequestError('redirected', true, { args: { target: next.origin } });
      }
      url = next;
    }
  }

  /** Makes new connections from now on; what is under way ends on the old ones. */
  renew(): void {
    const shared = this.#shared;
    this.#shared = undefined;
    shared?.close().catch(() => undefined); // nobody needs it any more
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    await shared?.destroy();
  }

  async #send(sending: JsonPost, signal: AbortSignal): Promise<HttpReply> {
    if (!sending.once) {
      this.#shared ??= this.#factory();
      return postJson(this.#shared, sending, signal);
    }
    const own = this.#factory();
    try {
      return await postJson(own, sending, signal);
    } finally {
      // Not waited for: a connection that is still being made would hold up whoever cancelled.
      own.destroy().catch(() => undefined);
    }
  }
}

/** Where a reply redirects to, if it does. */
function redirectOf(reply: HttpReply, from: URL): URL | undefined {
  const { location } = reply.headers;
  if (reply.status < 300 || reply.status >= 400 || typeof location !== 'string') return undefined;
  return URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

/** The `Retry-After` of a reply in seconds, given as seconds or as a date. @param now milliseconds since 1970. */
export function retryAfterOf(reply: HttpReply, now: number): number | undefined {
  const text = reply.headers['retry-after'];
  if (typeof text !== 'string') return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1000);
}
