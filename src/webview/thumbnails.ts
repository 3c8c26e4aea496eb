import { LRUCache } from 'lru-cache';
import type { Host } from './model/actions.ts';

/** A small picture ready to be shown; width and height are those of the source. */
export interface Thumbnail {
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

/** Small pictures by address and size, fetched from the host once. Failures are not kept, so that a repaired file shows up. */
export class Thumbnails {
  readonly #host: Pick<Host, 'call'>;
  readonly #ready = new LRUCache<string, Thumbnail>({ max: 300, dispose: ({ url }) => URL.revokeObjectURL(url) });
  readonly #loading = new Map<string, Promise<Thumbnail>>();

  constructor(host: Pick<Host, 'call'>) {
    this.#host = host;
  }

  /** @param side the square it must fit, in CSS pixels. Rejects with the host's message where the picture is unreadable. */
  async get(uri: string, side: number): Promise<Thumbnail> {
    const pixels = Math.min(1024, Math.ceil(side * Math.min(2, devicePixelRatio)));
    const key = `${pixels} ${uri}`;
    const known = this.#ready.get(key) ?? this.#loading.get(key);
    if (known) return known;
    const loading = this.#fetch(uri, pixels).finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    const thumbnail = await loading;
    this.#ready.set(key, thumbnail);
    return thumbnail;
  }

  async #fetch(uri: string, side: number): Promise<Thumbnail> {
    const { bytes, mime, width, height } = await this.#host.call('thumbnail', { uri, side });
    return { url: URL.createObjectURL(new Blob([bytes], { type: mime })), width, height };
  }
}
