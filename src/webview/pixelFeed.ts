import type { DraftImage } from '../mix/draft.ts';
import type { Host } from './model/actions.ts';
import type { Preview } from './preview.ts';

/**
 * The squares in pixels that pictures are asked to cover: that of a dragging frame, so that there is something to see soon (pixels
 * take their time to get here), then as large as a frame of the preview gets.
 */
const sides = { first: 384, full: 768 } as const;

/**
 * Keeps the preview supplied with the pixels of the draft's images: each is asked of the host once, small and then large, and
 * forgotten when no image of the draft needs it. Pictures go by their address, so that two images of one file share it.
 */
export class PixelFeed {
  readonly #host: Pick<Host, 'call'>;
  readonly #preview: Pick<Preview, 'setImage' | 'removeImage'>;
  readonly #arrived: () => void;
  readonly #asked = new Set<string>();
  readonly #here = new Set<string>();
  #pending = 0;

  /** @param arrived is called after each answer, with or without pixels. */
  constructor(host: Pick<Host, 'call'>, preview: Pick<Preview, 'setImage' | 'removeImage'>, arrived: () => void) {
    this.#host = host;
    this.#preview = preview;
    this.#arrived = arrived;
  }

  /** Whether there are images of which nothing is here yet. */
  get isLoading(): boolean {
    return this.#pending > 0;
  }

  /** Whether the preview has a picture's pixels. */
  has(uri: string): boolean {
    return this.#here.has(uri);
  }

  /** Asks for what is new among the images and forgets what is no longer there. */
  follow(images: readonly DraftImage[]): void {
    const needed = new Set(images.map(({ uri }) => uri));
    for (const uri of [...this.#asked]) {
      if (needed.has(uri)) continue;
      this.#asked.delete(uri);
      this.#here.delete(uri);
      this.#preview.removeImage(uri);
    }
    for (const { uri, enabled } of images) if (enabled && !this.#asked.has(uri)) void this.#fetch(uri);
  }

  /** Asks once more for a picture whose file has changed; what is here of it stays until that comes. */
  renew(uri: string): void {
    if (this.#asked.has(uri)) void this.#fetch(uri);
  }

  async #fetch(uri: string): Promise<void> {
    this.#asked.add(uri);
    this.#pending++;
    try {
      await this.#take(uri, sides.first);
    } catch {
      // Its card tells what is wrong with the picture; the preview does without it, and asks again when it is asked for.
      this.#asked.delete(uri);
      if (this.#here.delete(uri)) this.#preview.removeImage(uri);
    } finally {
      this.#pending--;
      this.#arrived();
    }
    if (!this.#here.has(uri)) return;
    await this.#take(uri, sides.full).catch(() => {}); // what is here will do
    this.#arrived();
  }

  async #take(uri: string, side: number): Promise<void> {
    const { width, height, data } = await this.#host.call('pixels', { uri, width: side, height: side });
    if (!this.#asked.has(uri)) return;
    this.#here.add(uri);
    const bytes = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
    this.#preview.setImage(uri, { width, height, data: bytes });
  }
}
