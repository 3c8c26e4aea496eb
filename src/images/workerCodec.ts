import { Mutex } from 'async-mutex';
import PQueue from 'p-queue';
import type { z } from 'zod';
import { MixFailure } from '../mix/failure.ts';
import type { ResultFormat } from '../mix/resultFormat.ts';
import { abortable } from './abortable.ts';
import type { Codec, EncodedImage, EncodedResult, ImageInfo, Raster } from './codec.ts';
import { type CodecRequest, type CodecVersions, codecResultSchemas } from './codecMessages.ts';
import { CodecThread } from './codecThread.ts';
import { requireReadable } from './imageFormat.ts';
import { maxSourceBytes, maxSvgBytes, tooManyBytes } from './imageLimits.ts';

/** Where the worker is, and how its threads run. */
export interface WorkerCodecOptions {
  /** Absolute path of the bundled worker, `dist/codecWorker.cjs`. */
  readonly workerPath: string;
  /** The number of images processed at once, each in its own thread. */
  readonly threads?: number;
  /** Milliseconds without work until the threads end. WebAssembly memory doesn't shrink otherwise. */
  readonly idleMs?: number;
  /** Folders with fonts for SVG, as absolute paths. By default, the system's. */
  readonly fontFolders?: readonly string[];
  /** Milliseconds until a request counts as hung. */
  readonly timeoutMs?: number;
}

/** Thumbnails wait for the images that a mix needs. */
const priorities = { thumbnail: 0, probe: 1, other: 2 } as const;

/** Codec in worker threads that start on demand and end when idle. A thread that hangs or crashes is replaced, and its image tried again once. */
export class WorkerCodec implements Codec {
  readonly #workerPath: string;
  readonly #timeoutMs: number;
  readonly #fontFolders: readonly string[] | undefined;
  readonly #queue: PQueue;
  readonly #threads = new Set<CodecThread>();
  readonly #idle: CodecThread[] = [];
  readonly #alone = new Mutex();
  readonly #closed = new AbortController();
  #idleTimer: NodeJS.Timeout | undefined;

  constructor({ workerPath, threads = 2, idleMs = 60_000, timeoutMs = 120_000, fontFolders }: WorkerCodecOptions) {
    this.#workerPath = workerPath;
    this.#timeoutMs = timeoutMs;
    this.#fontFolders = fontFolders;
    this.#queue = new PQueue({ concurrency: threads });
    this.#queue.on('active', () => clearTimeout(this.#idleTimer));
    this.#queue.on('idle', () => {
      clearTimeout(this.#idleTimer);
      this.#idleTimer = setTimeout(() => void this.#endThreads(), idleMs).unref();
    });
  }

  /** The number of live threads. */
  get threadCount(): number {
    return this.#threads.size;
  }

  /** Starts a thread before its first request. Resolves with the versions of its libraries. */
  warm(): Promise<CodecVersions> {
    return this.#withThread((thread) => thread.ready, priorities.other);
  }

  async probe(bytes: Uint8Array, signal?: AbortSignal): Promise<ImageInfo> {
    const format = await checkFile(bytes);
    return this.#run(() => ({ kind: 'probe', format, bytes: new Uint8Array(bytes) }), codecResultSchemas.probe, signal);
  }

  async decode(bytes: Uint8Array, cover: { width: number; height: number }, signal?: AbortSignal): Promise<Raster> {
    const { width, height } = cover;
    const format = await checkFile(bytes);
    return this.#run(
      () => ({ kind: 'decode', format, bytes: new Uint8Array(bytes), width, height }),
      codecResultSchemas.decode,
      signal,
    );
  }

  async thumbnail(bytes: Uint8Array, side: number, signal?: AbortSignal): Promise<EncodedImage> {
    const format = await checkFile(bytes);
    return this.#run(
      () => ({ kind: 'thumbnail', format, bytes: new Uint8Array(bytes), side }),
      codecResultSchemas.thumbnail,
      signal,
      priorities.thumbnail,
    );
  }

  encode({ width, height, data }: Raster, format: ResultFormat, signal?: AbortSignal): Promise<EncodedResult> {
    return this.#run(
      () => ({
        kind: 'encode',
        format,
        bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        width,
        height,
      }),
      codecResultSchemas.encode,
      signal,
      priorities.other,
      false, // the pixels were transferred to the thread
    );
  }

  async uploadCopy(
    bytes: Uint8Array,
    { maxSide, maxBytes }: { maxSide: number; maxBytes: number },
    signal?: AbortSignal,
  ): Promise<EncodedImage> {
    const format = await checkFile(bytes);
    return this.#run(
      () => ({ kind: 'uploadCopy', format, bytes: new Uint8Array(bytes), maxSide, maxBytes }),
      codecResultSchemas.uploadCopy,
      signal,
    );
  }

  async uploadPng(bytes: Uint8Array, maxSide: number, signal?: AbortSignal): Promise<EncodedImage> {
    const format = await checkFile(bytes);
    return this.#run(
      () => ({ kind: 'uploadPng', format, bytes: new Uint8Array(bytes), maxSide }),
      codecResultSchemas.uploadPng,
      signal,
    );
  }

  async isUniform(bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    const format = await checkFile(bytes);
    return this.#run(
      () => ({ kind: 'isUniform', format, bytes: new Uint8Array(bytes) }),
      codecResultSchemas.isUniform,
      signal,
    );
  }

  async dispose(): Promise<void> {
    this.#closed.abort(new DOMException('The codec is closed', 'AbortError'));
    clearTimeout(this.#idleTimer);
    await this.#endThreads();
  }

  /**
   * @param make creates the request, and so copies the caller's bytes, as late as possible.
   * @param mayRepeat whether it can be called again after its thread crashed or hung.
   */
  async #run<S extends z.ZodType>(
    make: () => CodecRequest,
    schema: S,
    signal?: AbortSignal,
    priority: number = priorities.other,
    mayRepeat = true,
  ): Promise<z.output<S>> {
    const work = (thread: CodecThread) => thread.run(make(), this.#timeoutMs);
    try {
      return schema.parse(await this.#withThread(work, priority, signal));
    } catch (error) {
      if (!hasEndedThread(error) || !mayRepeat) throw error;
      return schema.parse(await this.#runAlone(work, this.#stopOf(signal)));
    }
  }

  /**
   * Runs a request in a new thread while no other thread exists: what made the first one crash or hang may have been the images
   * before it in that thread, or others at the same time that needed the memory.
   */
  #runAlone<T>(work: (thread: CodecThread) => Promise<T>, stop: AbortSignal): Promise<T> {
    return this.#alone.runExclusive(async () => {
      this.#queue.pause();
      try {
        await abortable(this.#queue.onPendingZero(), stop);
        clearTimeout(this.#idleTimer); // the queue is idle meanwhile, the thread isn't
        await this.#endThreads();
        stop.throwIfAborted();
        const thread = this.#start();
        try {
          return await abortable(work(thread), stop);
        } finally {
          await thread.end();
        }
      } finally {
        this.#queue.start();
      }
    });
  }

  #stopOf(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
  }

  async #withThread<T>(work: (thread: CodecThread) => Promise<T>, priority: number, signal?: AbortSignal): Promise<T> {
    const stop = this.#stopOf(signal);
    stop.throwIfAborted();
    // The queue doesn't get the signal: it would count a thread as free that still works on an aborted request.
    const queued = this.#queue.add(
      async () => {
        stop.throwIfAborted();
        const thread = this.#idle.pop() ?? this.#start();
        try {
          return await work(thread);
        } finally {
          if (!thread.ended) this.#idle.push(thread);
        }
      },
      { priority },
    );
    return abortable(queued, stop);
  }

  #start(): CodecThread {
    const thread = new CodecThread(
      this.#workerPath,
      () => {
        this.#threads.delete(thread);
        const at = this.#idle.indexOf(thread);
        if (at >= 0) this.#idle.splice(at, 1);
      },
      this.#fontFolders,
    );
    this.#threads.add(thread);
    return thread;
  }

  async #endThreads(): Promise<void> {
    this.#idle.length = 0;
    await Promise.all([...this.#threads].map((thread) => thread.end()));
  }
}

/** Whether the thread that had the request crashed or was ended because it hung. */
const hasEndedThread = (error: unknown): boolean =>
  error instanceof MixFailure &&
  (error.key === 'unreadable-image/decoder-crashed' || error.key === 'unreadable-image/decoder-hung');

/** Checks the format and size of a file before it's copied to a thread. */
async function checkFile(bytes: Uint8Array) {
  if (bytes.length > maxSourceBytes) throw tooManyBytes(bytes.length, maxSourceBytes);
  const format = await requireReadable(bytes);
  if (format === 'svg' && bytes.length > maxSvgBytes) throw tooManyBytes(bytes.length, maxSvgBytes);
  return format;
}
