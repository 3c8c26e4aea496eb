import { Worker } from 'node:worker_threads';
import { MixFailure } from '../../mix/failure.ts';
import {
  type CommandResult,
  type KernelCommand,
  type KernelRequest,
  replySchema,
  resultSchemas,
} from './kernelMessages.ts';

/** How long a canceled command may take to stop before the thread counts as hung, in milliseconds. */
const cancelTimeout = 1000;

interface CommandOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

interface PendingCommand {
  readonly settle: (outcome: { result: unknown } | { error: unknown }) => void;
  readonly progress: (fraction: number) => void;
}

/** The worker thread that prepares and mixes images. It keeps the process alive only while a command is pending. */
export class KernelThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, PendingCommand>();
  #lastId = 0;
  #failure: MixFailure | undefined;

  /** @param onExit called once, when the thread has ended for any reason. */
  constructor(workerPath: string, onExit: () => void) {
    this.#worker = new Worker(workerPath, { name: 'image mixer' });
    this.#worker.unref();
    this.#worker.on('message', (message) => this.#receive(message));
    this.#worker.on('messageerror', (error) => this.#fail('mixer-crashed', error));
    this.#worker.on('error', (error) => this.#fail('mixer-crashed', error));
    this.#worker.on('exit', () => {
      this.#fail('mixer-crashed', new Error('The thread ended'));
      onExit();
    });
  }

  /** Whether the thread can't run commands any more. */
  get ended(): boolean {
    return this.#failure !== undefined;
  }

  /**
   * Runs a command and resolves with its result. To cancel it, set the job's flag and abort the signal.
   * @throws MixFailure `generation-failed/mixer-…`, or the signal's reason once the command has stopped.
   */
  async run<K extends KernelCommand['kind']>(
    jobId: string,
    command: KernelCommand & { kind: K },
    options: CommandOptions = {},
  ): Promise<CommandResult<K>> {
    const result = resultSchemas[command.kind].safeParse(await this.#send(jobId, command, options));
    if (result.success) return result.data as CommandResult<K>; // parsed with the schema of this kind
    throw new MixFailure('generation-failed/mixer-failed', { cause: result.error });
  }

  #send(jobId: string, command: KernelCommand, { signal, progress = () => {} }: CommandOptions): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const startTimer = () => {
        timer = setTimeout(() => this.#fail('mixer-hung', undefined), cancelTimeout);
      };
      if (signal?.aborted) startTimer();
      signal?.addEventListener('abort', startTimer, { once: true });
      const settle: PendingCommand['settle'] = (outcome) => {
        this.#pending.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener('abort', startTimer);
        if (this.#pending.size === 0) this.#worker.unref();
        if (signal?.aborted) reject(signal.reason);
        else if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result);
      };
      this.#pending.set(id, { settle, progress });
      this.#worker.ref();
      const request: KernelRequest = { id, jobId, command };
      this.#worker.postMessage(request, command.kind === 'add' ? [command.raster.data.buffer] : []);
    });
  }

  /** Ends the thread; pending commands reject. */
  async end(): Promise<void> {
    this.#fail('mixer-crashed', new Error('The engine was disposed'));
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

  /** Ends the thread and rejects pending commands. Only the first failure counts, because later ones are its consequences. */
  #fail(reason: 'mixer-crashed' | 'mixer-hung', cause: unknown): void {
    if (this.#failure) return;
    this.#failure = new MixFailure(`generation-failed/${reason}`, { cause });
    for (const { settle } of [...this.#pending.values()]) settle({ error: this.#failure });
    void this.#worker.terminate();
  }
}
