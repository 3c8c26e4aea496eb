import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Engine, MixContext, MixTask } from '../engine.ts';
import { KernelThread } from './kernelThread.ts';
import { runLocalMix } from './localMix.ts';
import { freeMemory } from './mixMemory.ts';

export interface LocalEngineOptions {
  readonly codec: Codec;
  readonly reader: SourceReader;
  /** The bundled worker, `dist/kernelWorker.cjs`, as an absolute path. */
  readonly workerPath: string;
  /** How long the thread and its cache of prepared images stay without a job, in milliseconds. */
  readonly idleMs?: number;
  readonly clock?: Clock;
  /** The memory that is free, in bytes; by default, that of the machine. */
  readonly freeMemory?: () => number;
}

/** The engine that mixes on this machine, without network or key. All jobs share one worker thread, which starts with the first one. */
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
    const thread = this.#acquireThread();
    try {
      const [mixed] = await Promise.allSettled([this.#mix(thread, task, context)]);
      const [closed] = await Promise.allSettled([thread.run(task.jobId, { kind: 'close' })]);
      if (mixed.status === 'rejected') throw mixed.reason;
      if (closed.status === 'rejected' && !thread.ended) throw closed.reason; // an ended thread has no jobs
    } finally {
      this.#releaseThread();
    }
  }

  /** Ends the worker thread; running jobs fail. */
  async dispose(): Promise<void> {
    clearTimeout(this.#idleTimer);
    await this.#thread?.end();
  }

  async #mix(thread: KernelThread, task: MixTask, context: MixContext): Promise<void> {
    const failed = new AbortController(); // if one image fails, reading the others is pointless
    const signal = AbortSignal.any([context.signal, failed.signal]);
    const cancelFlag = new SharedArrayBuffer(4);
    let notDelivered: unknown; // an error that is about the job or the disk, and not about the mix
    const deliver: MixContext['deliver'] = async (result) => {
      try {
        await context.deliver(result);
      } catch (error) {
        notDelivered = error;
        throw error;
      }
    };
    signal.addEventListener('abort', () => Atomics.store(new Int32Array(cancelFlag), 0, 1), { once: true });
    try {
      const { codec, reader, clock = systemClock, freeMemory: free = freeMemory } = this.#options;
      await runLocalMix({
        codec,
        reader,
        clock,
        freeMemory: free,
        thread,
        task,
        context: { ...context, deliver },
        signal,
        cancelFlag,
      });
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof MixFailure || error === notDelivered) throw error;
      throw new MixFailure('generation-failed/mixer-failed', { cause: error });
    } finally {
      failed.abort();
    }
  }

  #acquireThread(): KernelThread {
    clearTimeout(this.#idleTimer);
    this.#jobs++;
    if (this.#thread && !this.#thread.ended) return this.#thread;
    const thread = new KernelThread(this.#options.workerPath, () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    this.#thread = thread;
    return thread;
  }

  #releaseThread(): void {
    if (--this.#jobs > 0) return;
    this.#idleTimer = setTimeout(() => void this.#thread?.end(), this.#options.idleMs ?? 60_000).unref();
  }
}
