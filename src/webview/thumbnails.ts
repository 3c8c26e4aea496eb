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
    const loading = this.#fetch(uri, pixels);
    this.#loading.set(key, loading);
    const isLatest = () => this.#loading.get(key) === loading;
    try {
      const thumbnail = await loading;
      if (isLatest()) this.#ready.set(key, thumbnail);
      return thumbnail;
    } finally {
      if (isLatest()) this.#loading.delete(key);
    }
  }

  /** Lets go of a picture whose file has changed; what is on its way may still be the old one. */
  forget(uri: string): void {
    for (const kept of [this.#ready, this.#loading]) {
      for (const key of [...kept.keys()]) if (key.endsWith(` ${uri}`)) kept.delete(key);
    }
  }

  async #fetch(uri: string, side: number): Promise<Thumbnail> {
    const { bytes, mime, width, height } = await this.#host.call('thumbnail', { uri, side });
    return { url: URL.createObjectURL(new Blob([bytes], { type: mime })), width, height };
  }
}
