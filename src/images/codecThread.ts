import { Worker } from 'node:worker_threads';
import { MixFailure } from '../mix/failure.ts';
import { failureFromRecord } from '../mix/failureRecord.ts';
import { type CodecRequest, type CodecVersions, codecReplySchema } from './codecMessages.ts';

/** Milliseconds until a thread that doesn't start counts as failed. */
const startTimeout = 30_000;

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timeoutMs: number;
}

/** One worker thread, which handles one request at a time. An idle thread doesn't keep the process alive. */
export class CodecThread {
  /** The versions of the libraries in the thread. Rejects if the thread doesn't start. */
  readonly ready: Promise<CodecVersions>;
  readonly #worker: Worker;
  #isReady = false;
  #ended = false;
  #failure: MixFailure | undefined;
  #pending: Pending | undefined;
  #timer: NodeJS.Timeout;

  /**
   * @param onEnd called once, after the thread ends for any reason.
   * @param fontFolders where fonts for SVG are; by default, in the system's folders.
   */
  constructor(workerPath: string, onEnd: () => void, fontFolders?: readonly string[]) {
    this.#worker = new Worker(workerPath, { name: 'image codec', workerData: fontFolders ? { fontFolders } : {} });
    this.#timer = setTimeout(() => this.#fail(new Error('The codec thread did not start')), startTimeout);
    const { promise, resolve, reject } = promiseParts<CodecVersions>();
    this.ready = promise;
    this.ready.catch(ignoreFailure); // awaiting it is optional, so it must not become an unhandled rejection
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
   * Transfers the request's buffer and waits for the reply. The timeout starts once the thread is ready.
   * @throws MixFailure from the decoder, or `unreadable-image/decoder-hung`, `/decoder-crashed` or `/no-decoder`. After these
   * three, the thread is dead.
   */
  run(request: CodecRequest, timeoutMs: number): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#fail(new Error('The codec thread has ended')));
    const { promise, resolve, reject } = promiseParts<unknown>();
    this.#pending = { resolve, reject, timeoutMs };
    this.#worker.ref();
    if (this.#isReady) this.#startTimeout(timeoutMs);
    this.#worker.postMessage(request, [request.bytes.buffer]);
    return promise;
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#worker.terminate();
  }

  #receive(message: unknown, ready: (versions: CodecVersions) => void): void {
    const reply = codecReplySchema.safeParse(message);
    if (!reply.success) {
      this.#fail(reply.error);
    } else if (reply.data.kind === 'ready') {
      this.#isReady = true;
      clearTimeout(this.#timer);
      ready(reply.data.versions);
      if (this.#pending) this.#startTimeout(this.#pending.timeoutMs);
      else this.#worker.unref();
    } else if (reply.data.kind === 'done') {
      this.#settle()?.resolve(reply.data.result);
    } else {
      this.#settle()?.reject(failureFromRecord(reply.data.failure));
    }
  }

  #startTimeout(timeoutMs: number): void {
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

  /** Keeps the first cause, because it says more than that the thread ended. */
  #fail(cause: unknown): MixFailure {
    const key = this.#isReady ? 'unreadable-image/decoder-crashed' : 'unreadable-image/no-decoder';
    this.#failure ??= new MixFailure(key, { cause });
    this.#settle()?.reject(this.#failure);
    if (!this.#ended) void this.end();
    return this.#failure;
  }
}

/** Requests reject with the same failure. */
function ignoreFailure(error: unknown): void {
  if (!(error instanceof MixFailure)) throw error;
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
