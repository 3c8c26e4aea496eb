import { LRUCache } from 'lru-cache';
import type { HostChannel } from './model/panelActions.ts';

/** A thumbnail as an object URL. `width`, `height` and `warnings` are those of the source. */
export interface Thumbnail {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  /** What of it can't be shown. */
  readonly warnings: readonly string[];
}

/** Thumbnails by URI and size, requested from the host once. Failures aren't cached, so a repaired file shows up. */
export class ThumbnailCache {
  readonly #host: Pick<HostChannel, 'call'>;
  readonly #mayStart: Promise<void>;
  readonly #loaded = new LRUCache<string, Thumbnail>({ max: 300, dispose: ({ url }) => URL.revokeObjectURL(url) });
  readonly #loading = new Map<string, Promise<Thumbnail>>();

  /** @param mayStart requests wait for this, because something else is more urgent. */
  constructor(host: Pick<HostChannel, 'call'>, mayStart: Promise<void>) {
    this.#host = host;
    this.#mayStart = mayStart;
  }

  /**
   * @param side of the square that the thumbnail fits, in CSS pixels.
   * @throws RemoteError with the host's message if the image can't be read.
   */
  async get(uri: string, side: number): Promise<Thumbnail> {
    const pixels = Math.min(1024, Math.ceil(side * Math.min(2, devicePixelRatio)));
    const key = `${pixels} ${uri}`;
    const known = this.#loaded.get(key) ?? this.#loading.get(key);
    if (known) return known;
    const loading = this.#load(uri, pixels);
    this.#loading.set(key, loading);
    const isLatest = () => this.#loading.get(key) === loading;
    try {
      const thumbnail = await loading;
      if (isLatest()) this.#loaded.set(key, thumbnail);
      return thumbnail;
    } finally {
      if (isLatest()) this.#loading.delete(key);
    }
  }

  /** Drops an image whose file has changed. A pending request may still return the old one, so it is dropped as well. */
  delete(uri: string): void {
    for (const entries of [this.#loaded, this.#loading]) {
      for (const key of [...entries.keys()]) if (key.endsWith(` ${uri}`)) entries.delete(key);
    }
  }

  async #load(uri: string, side: number): Promise<Thumbnail> {
    await this.#mayStart;
    const { bytes, mime, width, height, warnings } = await this.#host.call('thumbnail', { uri, side });
    return { url: URL.createObjectURL(new Blob([bytes], { type: mime })), width, height, warnings };
  }
}
