import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Engine, MixContext, MixTask } from '../engine.ts';
import { KernelThread } from './kernelThread.ts';
import { runLocalMix } from './localMix.ts';

export interface LocalEngineOptions {
  readonly codec: Codec;
  readonly reader: SourceReader;
  /** The bundled worker, `dist/kernelWorker.cjs`, as an absolute path. */
  readonly workerPath: string;
  /** The thread, and all that it keeps, ends after this long without a job; in milliseconds. */
  readonly idleMs?: number;
  readonly clock?: Clock;
}

/** The engine that mixes on this machine, without network or key, in one worker thread for all jobs. */
export class LocalEngine implements Engine {
  readonly name = 'local';
  readonly #options: LocalEngineOptions;
  #thread: KernelThread | undefined;
  #jobs = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: LocalEngineOptions) {
    this.#options = options;
  }

  /** Whether the worker thread is alive. */
  get isRunning(): boolean {
    return this.#thread !== undefined;
  }

  async run(task: MixTask, context: MixContext): Promise<void> {
    context.signal.throwIfAborted();
    const thread = this.#enter();
    const failed = new AbortController(); // so that no image is read in vain once another has failed
    const signal = AbortSignal.any([context.signal, failed.signal]);
    const flag = new SharedArrayBuffer(4);
    signal.addEventListener('abort', () => Atomics.store(new Int32Array(flag), 0, 1), { once: true });
    try {
      const { codec, reader, clock = systemClock } = this.#options;
      await runLocalMix({ codec, reader, clock, thread, task, context, signal, flag });
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof MixFailure) throw error;
      throw new MixFailure('generation-failed/mixer-failed', { cause: error });
    } finally {
      failed.abort();
      await thread.run(task.jobId, { kind: 'close' }).catch(() => {}); // a thread that is gone has closed it too
      this.#leave();
    }
  }

  /** Ends the worker thread; jobs under way fail. */
  async dispose(): Promise<void> {
    clearTimeout(this.#idleTimer);
    await this.#thread?.end();
  }

  #enter(): KernelThread {
    clearTimeout(this.#idleTimer);
    this.#jobs++;
    if (this.#thread && !this.#thread.ended) return this.#thread;
    const thread = new KernelThread(this.#options.workerPath, () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    this.#thread = thread;
    return thread;
  }

  #leave(): void {
    if (--this.#jobs > 0) return;
    this.#idleTimer = setTimeout(() => void this.#thread?.end(), this.#options.idleMs ?? 60_000).unref();
  }
}

/** The local engine, with its thread not yet started. */
export function createLocalEngine(options: LocalEngineOptions): LocalEngine {
  return new LocalEngine(options);
}
