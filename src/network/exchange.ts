import type { Dispatcher } from 'undici';
import { RequestError, requestErrorOf } from './requestError.ts';

/** One HTTP request. Times are in milliseconds. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** For everything, from connecting to the last byte of the response. */
  readonly timeout: number;
  /** Between two chunks of the response body. */
  readonly silence: number;
  /** Bytes. A longer response fails as `too-large`. */
  readonly maxBytes: number;
  /** Closes the connection afterwards. */
  readonly once?: boolean | undefined;
  /** Asked just before the first byte is written. If it returns false, nothing is, and the request fails as `withheld`. */
  readonly maySend?: (() => boolean) | undefined;
}

/** A complete HTTP response. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer<ArrayBuffer>;
}

/**
 * Sends a request and reads the whole response; follows no redirects. Asks for an uncompressed response. Rejects with RequestError, or
 * at once with the signal's reason.
 */
export function exchange(dispatcher: Dispatcher, request: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const { url, method, headers, body, timeout, silence, once } = request;
    const stopWaiting = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const handler = new ReplyHandler(request, {
      resolve: (reply) => {
        stopWaiting();
        resolve(reply);
      },
      reject: (error) => {
        stopWaiting();
        reject(error);
      },
    });
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
      handler.abort();
    };
    const timer = setTimeout(() => handler.timeOut(), timeout);
    signal.addEventListener('abort', abort, { once: true });
    try {
      dispatcher.dispatch(
        {
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method,
          headers: { 'accept-encoding': 'identity', 'user-agent': 'image-mixer', ...headers },
          ...(body === undefined ? {} : { body }),
          headersTimeout: 0, // no limit besides the one for everything
          bodyTimeout: silence,
          ...(once ? { reset: true } : {}),
        },
        handler,
      );
    } catch (error) {
      handler.fail(error);
    }
  });
}

/** Collects a response and tracks how far the request got: undici calls `onRequestStart` just before it writes the first byte. */
class ReplyHandler implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #maySend: (() => boolean) | undefined;
  readonly #settle: { resolve(reply: HttpReply): void; reject(error: RequestError): void };
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #stage: 'connecting' | 'waiting' | 'receiving' = 'connecting';
  #bytes = 0;
  #head: Pick<HttpReply, 'status' | 'headers'> = { status: 0, headers: {} };
  #aborted = false;

  constructor(request: HttpRequest, settle: { resolve(reply: HttpReply): void; reject(error: RequestError): void }) {
    this.#maxBytes = request.maxBytes;
    this.#maySend = request.maySend;
    this.#settle = settle;
  }

  /** Stops the request. If it is still connecting, nothing is written. */
  abort(): void {
    this.#aborted = true;
    this.#controller?.abort(new Error('aborted'));
  }

  /** Fails the request because it took too long, and stops it. */
  timeOut(): void {
    this.fail(Object.assign(new Error('The request took too long'), { code: 'ETIMEDOUT' }));
    this.abort();
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
    if (this.#maySend?.() === false) {
      this.fail(new RequestError('withheld', false));
      controller.abort(new Error('withheld'));
      return;
    }
    this.#stage = 'waiting';
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return; // informational: the response follows
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
