import { Worker } from 'node:worker_threads';
import { failureFromRecord, MixFailure } from '../mix/failure.ts';
import { type DecoderRequest, type DecoderVersions, decoderReplySchema } from './decoderMessages.ts';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** One worker thread that does one request at a time. It does not keep the process alive while it has nothing to do. */
export class DecoderThread {
  /** The versions of the libraries inside; rejects where the thread never got that far. */
  readonly ready: Promise<DecoderVersions>;
  readonly #worker: Worker;
  #isReady = false;
  #pending: Pending | undefined;
  #ended = false;

  /** @param onEnd called once, when the thread is gone, whatever ended it. */
  constructor(workerPath: string, onEnd: () => void) {
    this.#worker = new Worker(workerPath, { name: 'image codec' });
    const { promise, resolve, reject } = promiseParts<DecoderVersions>();
    this.ready = promise;
    this.ready.catch(() => {}); // whoever waits for it hears of it; nobody has to
    this.#worker.on('message', (message) => this.#receive(message, resolve));
    this.#worker.on('messageerror', (error) => this.#fail(error));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => {
      const failure = this.#fail(new Error('The codec thread ended'));
      reject(failure);
      onEnd();
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Hands over the request's buffer and waits for the answer.
   * @throws MixFailure what the decoder says, or `unreadable-image` with reason `decoder-hung` or `decoder-crashed`: the thread is then of no more use.
   */
  run(request: DecoderRequest, timeoutMs: number): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#fail(new Error('The codec thread has ended')));
    this.#worker.ref();
    const { promise, resolve, reject } = promiseParts<unknown>();
    const timer = setTimeout(() => {
      const args = { seconds: Math.round(timeoutMs / 1000) };
      this.#settle()?.reject(new MixFailure('unreadable-image', { reason: 'decoder-hung', args }));
      void this.end();
    }, timeoutMs);
    this.#pending = { resolve, reject, timer };
    this.#worker.postMessage(request, [request.bytes.buffer]);
    return promise;
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }

  #receive(message: unknown, ready: (versions: DecoderVersions) => void): void {
    const reply = decoderReplySchema.safeParse(message);
    if (!reply.success) {
      this.#fail(reply.error);
    } else if (reply.data.kind === 'ready') {
      this.#isReady = true;
      ready(reply.data.versions);
      if (!this.#pending) this.#worker.unref();
    } else if (reply.data.kind === 'done') {
      this.#settle()?.resolve(reply.data.result);
    } else {
      this.#settle()?.reject(failureFromRecord(reply.data.failure));
    }
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    clearTimeout(pending?.timer);
    this.#worker.unref();
    return pending;
  }

  #fail(cause: unknown): MixFailure {
    const reason = this.#isReady ? 'decoder-crashed' : 'no-decoder';
    const failure = new MixFailure('unreadable-image', { reason, cause });
    this.#settle()?.reject(failure);
    if (!this.#ended) void this.end();
    return failure;
  }
}

function promiseParts<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
