import { Worker } from 'node:worker_threads';
import { MixFailure } from '../../mix/failure.ts';
import {
  type CommandResult,
  type KernelCommand,
  type KernelRequest,
  replySchema,
  resultSchemas,
} from './kernelMessages.ts';

/** A cancelled piece of work that has not stopped after this long never will; in milliseconds. */
const patience = 1000;

interface Pending {
  readonly settle: (outcome: { result: unknown } | { error: unknown }) => void;
  readonly progress: (fraction: number) => void;
}

/** The thread in which pictures are prepared and mixed. It keeps the process alive only while it owes an answer. */
export class KernelThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #end: MixFailure | undefined;

  /** @param onEnd called once, when the thread is gone, whatever ended it. */
  constructor(workerPath: string, onEnd: () => void) {
    this.#worker = new Worker(workerPath, { name: 'image mixer' });
    this.#worker.unref();
    this.#worker.on('message', (message) => this.#receive(message));
    this.#worker.on('messageerror', (error) => this.#fail('mixer-crashed', error));
    this.#worker.on('error', (error) => this.#fail('mixer-crashed', error));
    this.#worker.on('exit', () => {
      this.#fail('mixer-crashed', new Error('The thread ended'));
      onEnd();
    });
  }

  /** Whether the thread is of no more use. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /**
   * Hands an order over and waits for its result.
   * @throws MixFailure `generation-failed`, reason `mixer-crashed` or `mixer-failed`; the signal's reason once the work has
   * stopped after the job's flag was raised.
   */
  async run<K extends KernelCommand['kind']>(
    jobId: string,
    order: KernelCommand & { kind: K },
    options: { signal?: AbortSignal; progress?: (fraction: number) => void } = {},
  ): Promise<CommandResult<K>> {
    const result = resultSchemas[order.kind].safeParse(await this.#answer(jobId, order, options));
    if (result.success) return result.data as CommandResult<K>; // checked by the schema of just this kind
    throw new MixFailure('generation-failed/mixer-failed', { cause: result.error });
  }

  #answer(
    jobId: string,
    order: KernelCommand,
    { signal, progress = () => {} }: { signal?: AbortSignal; progress?: (fraction: number) => void },
  ): Promise<unknown> {
    if (this.#end) return Promise.reject(this.#end);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const waitForStop = () => {
        timer = setTimeout(() => this.#fail('mixer-hung', undefined), patience);
      };
      if (signal?.aborted) waitForStop();
      signal?.addEventListener('abort', waitForStop, { once: true });
      const settle: Pending['settle'] = (outcome) => {
        this.#pending.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener('abort', waitForStop);
        if (this.#pending.size === 0) this.#worker.unref();
        if (signal?.aborted) reject(signal.reason);
        else if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result);
      };
      this.#pending.set(id, { settle, progress });
      this.#worker.ref();
      const request: KernelRequest = { id, jobId, order };
      this.#worker.postMessage(request, order.kind === 'add' ? [order.raster.data.buffer] : []);
    });
  }

  /** Ends the thread; what it still owed rejects. */
  async end(): Promise<void> {
    this.#fail('mixer-crashed', new Error('The engine was closed'));
    await this.#worker.terminate();
  }

  #receive(message: unknown): void {
    const parsed = replySchema.safeParse(message);
    if (!parsed.success) {
      this.#fail('mixer-crashed', parsed.error);
      return;
    }
    const reply = parsed.data;
    const pending = this.#pending.get(reply.id);
    switch (reply.kind) {
      case 'progress':
        pending?.progress(reply.fraction);
        break;
      case 'done':
        pending?.settle({ result: reply.result });
        break;
      case 'cancelled':
        pending?.settle({ error: new DOMException('Cancelled', 'AbortError') });
        break;
      case 'failed': {
        const cause = new Error(reply.message);
        pending?.settle({ error: new MixFailure('generation-failed/mixer-failed', { cause }) });
        break;
      }
    }
  }

  /** The first cause counts: that the thread ended says less than why. */
  #fail(reason: 'mixer-crashed' | 'mixer-hung', cause: unknown): void {
    if (this.#end) return;
    this.#end = new MixFailure(`generation-failed/${reason}`, { cause });
    for (const { settle } of [...this.#pending.values()]) settle({ error: this.#end });
    void this.#worker.terminate();
  }
}
