import { LRUCache } from 'lru-cache';
import { MixFailure } from '../mix/failure.ts';
import { abortable } from './abortable.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Milliseconds that a failure counts. The thumbnail and the preview ask within moments of each other; a user who tries again takes longer. */
const maxFailureAge = 5_000;

/** The bounds of the memory. */
export interface DownloadCacheOptions {
  /** The sum of the files' bytes. A larger file isn't kept. */
  readonly maxBytes?: number;
  /** Milliseconds until a file is downloaded again. */
  readonly maxAge?: number;
  /** A clock in milliseconds that never jumps. */
  readonly now?: () => number;
}

/** How a file is downloaded if it isn't in memory. */
export interface SharedDownloadOptions {
  /** Gets a signal that is aborted once nobody waits anymore. */
  readonly download: (signal: AbortSignal) => Promise<Bytes>;
  /** Asked after the download, because the rules that the key stands for may have changed meanwhile. */
  readonly mayKeep: () => boolean;
}

/**
 * Keeps downloaded files in memory for some minutes: the thumbnail, both sizes of the preview and the mix need the same one. Those
 * that want a file while it's downloaded wait for the same download.
 */
export class DownloadCache {
  readonly #files: LRUCache<string, Bytes>;
  readonly #failures: LRUCache<string, MixFailure>;
  readonly #running = new Map<string, SharedDownload>();

  constructor({
    maxBytes = 64 * 1024 * 1024,
    maxAge = 5 * 60_000,
    now = () => performance.now(),
  }: DownloadCacheOptions = {}) {
    this.#files = new LRUCache<string, Bytes>({
      maxSize: maxBytes,
      sizeCalculation: (bytes) => bytes.byteLength,
      ttl: maxAge,
      ttlResolution: 0,
      ttlAutopurge: true,
      perf: { now },
    });
    this.#failures = new LRUCache({ max: 100, ttl: maxFailureAge, ttlResolution: 0, perf: { now } });
  }

  /**
   * A copy of the file's bytes, since a caller may transfer them to a worker. A failure counts for some seconds too.
   * @throws what `options.download` throws, or the reason of `signal`.
   */
  async read(key: string, options: SharedDownloadOptions, signal?: AbortSignal): Promise<Bytes> {
    signal?.throwIfAborted();
    const failure = this.#failures.get(key);
    if (failure) throw failure;
    const bytes = this.#files.get(key) ?? (await this.#shared(key, options).wait(signal));
    return bytes.slice();
  }

  #shared(key: string, { download, mayKeep }: SharedDownloadOptions): SharedDownload {
    const running = this.#running.get(key);
    if (running) return running;
    const started: SharedDownload = new SharedDownload(
      async (signal) => {
        try {
          const bytes = await download(signal);
          if (mayKeep()) this.#files.set(key, bytes);
          return bytes;
        } catch (error) {
          if (error instanceof MixFailure) this.#failures.set(key, error);
          throw error;
        }
      },
      () => {
        if (this.#running.get(key) === started) this.#running.delete(key);
      },
    );
    this.#running.set(key, started);
    return started;
  }
}

/** One download that several callers wait for. */
class SharedDownload {
  readonly #bytes: Promise<Bytes>;
  readonly #end = new AbortController();
  readonly #onEnd: () => void;
  #waiting = 0;

  /** @param onEnd called when the download is over or the last caller leaves: from then on nobody may join. */
  constructor(download: (signal: AbortSignal) => Promise<Bytes>, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#bytes = download(this.#end.signal).finally(onEnd);
  }

  async wait(signal?: AbortSignal): Promise<Bytes> {
    this.#waiting++;
    try {
      return await abortable(this.#bytes, signal);
    } finally {
      this.#waiting--;
      if (this.#waiting === 0) {
        this.#onEnd();
        this.#end.abort(new DOMException('Nobody waits for this download', 'AbortError'));
      }
    }
  }
}
