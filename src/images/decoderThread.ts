import { Worker } from 'node:worker_threads';
import { failureFromRecord, MixFailure } from '../mix/failure.ts';
import { type DecoderRequest, type DecoderVersions, decoderReplySchema } from './decoderMessages.ts';

/** A thread that has not started after this long never will; in milliseconds. */
const startLimit = 30_000;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timeoutMs: number;
}

/** One worker thread that does one request at a time. It does not keep the process alive while it has nothing to do. */
export class DecoderThread {
  /** The versions of the libraries inside; rejects where the thread never got that far. */
  readonly ready: Promise<DecoderVersions>;
  readonly #worker: Worker;
  #isReady = false;
  #ended = false;
  #failure: MixFailure | undefined;
  #pending: Pending | undefined;
  #timer: NodeJS.Timeout;

  /** @param onEnd called once, when the thread is gone, whatever ended it. */
  constructor(workerPath: string, onEnd: () => void) {
    this.#worker = new Worker(workerPath, { name: 'image codec' });
    this.#timer = setTimeout(() => this.#fail(new Error('The codec thread did not start')), startLimit);
    const { promise, resolve, reject } = promiseParts<DecoderVersions>();
    this.ready = promise;
    this.ready.catch(() => {}); // whoever waits for it hears of it; nobody has to
    this.#worker.on('message', (message) => this.#receive(message, resolve));
    this.#worker.on('messageerror', (error) => this.#fail(error));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => {
      reject(this.#fail(new Error('The codec thread ended')));
      onEnd();
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Hands over the request's buffer and waits for the answer; the time starts when the thread does.
   * @throws MixFailure what the decoder says, or `unreadable-image` with reason `decoder-hung`, `decoder-crashed` or
   * `no-decoder`: the thread is then of no more use.
   */
  run(request: DecoderRequest, timeoutMs: number): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#fail(new Error('The codec thread has ended')));
    const { promise, resolve, reject } = promiseParts<unknown>();
    this.#pending = { resolve, reject, timeoutMs };
    this.#worker.ref();
    if (this.#isReady) this.#startClock(timeoutMs);
    this.#worker.postMessage(request, [request.bytes.buffer]);
    return promise;
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#worker.terminate();
  }

  #receive(message: unknown, ready: (versions: DecoderVersions) => void): void {
    const reply = decoderReplySchema.safeParse(message);
    if (!reply.success) {
      this.#fail(reply.error);
    } else if (reply.data.kind === 'ready') {
      this.#isReady = true;
      clearTimeout(this.#timer);
      ready(reply.data.versions);
      if (this.#pending) this.#startClock(this.#pending.timeoutMs);
      else this.#worker.unref();
    } else if (reply.data.kind === 'done') {
      this.#settle()?.resolve(reply.data.result);
    } else {
      this.#settle()?.reject(failureFromRecord(reply.data.failure));
    }
  }

  #startClock(timeoutMs: number): void {
    this.#timer = setTimeout(() => {
      const args = { seconds: Math.round(timeoutMs / 1000) };
      this.#settle()?.reject(new MixFailure('unreadable-image/decoder-hung', { args }));
      void this.end();
    }, timeoutMs);
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    clearTimeout(this.#timer);
    this.#worker.unref();
    return pending;
  }

  /** The first cause counts: that the thread ended says less than why. */
  #fail(cause: unknown): MixFailure {
    const key = this.#isReady ? 'unreadable-image/decoder-crashed' : 'unreadable-image/no-decoder';
    this.#failure ??= new MixFailure(key, { cause });
    this.#settle()?.reject(this.#failure);
    if (!this.#ended) void this.end();
    return this.#failure;
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
