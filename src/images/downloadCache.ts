import { LRUCache } from 'lru-cache';
import { abortable } from './abortable.ts';

type Bytes = Uint8Array<ArrayBuffer>;

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
  }

  /**
   * A copy of the file's bytes, since a caller may transfer them to a worker.
   * @throws what `options.download` throws, or the reason of `signal`.
   */
  async read(key: string, options: SharedDownloadOptions, signal?: AbortSignal): Promise<Bytes> {
    signal?.throwIfAborted();
    const bytes = this.#files.get(key) ?? (await this.#shared(key, options).wait(signal));
    return bytes.slice();
  }

  #shared(key: string, { download, mayKeep }: SharedDownloadOptions): SharedDownload {
    const running = this.#running.get(key);
    if (running) return running;
    const started: SharedDownload = new SharedDownload(
      async (signal) => {
        const bytes = await download(signal);
        if (mayKeep()) this.#files.set(key, bytes);
        return bytes;
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
