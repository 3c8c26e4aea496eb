import type { Dispatcher } from 'undici';
import { RequestError, requestErrorOf } from './requestError.ts';

/** One post of JSON. Times are in milliseconds of silence. */
export interface JsonPost {
  readonly url: URL;
  readonly body: string;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  /** Bytes; a longer answer is cut off as a fault. */
  readonly maxBytes: number;
  /** Closes the connection afterwards. */
  readonly once?: boolean;
  /** Called just before the first byte is written. */
  readonly onSent?: (() => void) | undefined;
}

/** What came back, whole. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer<ArrayBuffer>;
}

/** Posts and takes the whole answer. Rejects with TransportFault, or the signal's reason at once when aborted. */
export function postJson(dispatcher: Dispatcher, sending: JsonPost, signal: AbortSignal): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const taker = new ReplyHandler(sending, {
      resolve: (reply) => {
        signal.removeEventListener('abort', abort);
        resolve(reply);
      },
      reject: (fault) => {
        signal.removeEventListener('abort', abort);
        reject(fault);
      },
    });
    const abort = () => {
      reject(signal.reason);
      taker.abort();
    };
    signal.addEventListener('abort', abort, { once: true });
    const { url, body, headersTimeout, bodyTimeout, once } = sending;
    try {
      dispatcher.dispatch(
        {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'POST',
          headers: {
            accept: 'application/json',
            'accept-encoding': 'identity',
            'content-type': 'application/json',
            'user-agent': 'image-mixer',
          },
          body,
          headersTimeout,
          bodyTimeout,
          ...(once ? { reset: true } : {}),
        },
        taker,
      );
    } catch (error) {
      taker.fail(error);
    }
  });
}

/** Takes what undici reports of an exchange, and knows how far it got: `onRequestStart` comes just before the first byte is written. */
class ReplyHandler implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #onSent: (() => void) | undefined;
  readonly #settle: { resolve(reply: HttpReply): void; reject(fault: RequestError): void };
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #stage: 'connecting' | 'waiting' | 'receiving' = 'connecting';
  #bytes = 0;
  #head: Pick<HttpReply, 'status' | 'headers'> = { status: 0, headers: {} };
  #aborted = false;

  constructor(sending: JsonPost, settle: { resolve(reply: HttpReply): void; reject(fault: RequestError): void }) {
    this.#maxBytes = sending.maxBytes;
    this.#onSent = sending.onSent;
    this.#settle = settle;
  }

  /** Stops the exchange, also one that is still connecting: then nothing is ever written. */
  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(new Error('aborted'));
  }

  fail(error: unknown): void {
    this.#settle.reject(requestErrorOf(error, this.#stage));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) {
      controller.abort(new Error('aborted'));
      return;
    }
    this.#stage = 'waiting';
    this.#onSent?.();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return; // informational; the answer is still to come
    this.#stage = 'receiving';
    this.#head = { status, headers };
    if (Number(headers['content-length']) > this.#maxBytes) this.#tooLarge(controller);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#tooLarge(controller);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#settle.resolve({ ...this.#head, body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  #tooLarge(controller: Dispatcher.DispatchController): void {
    this.#chunks.length = 0;
    controller.abort(new RequestError('too-large', true));
  }
}
