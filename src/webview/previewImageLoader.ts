import type { DraftImage } from '../mix/draft.ts';
import type { HostChannel } from './model/panelActions.ts';
import type { PreviewRenderer } from './previewRenderer.ts';

/**
 * The squares, in pixels, that images are requested to cover: first the size of a frame while dragging, so that something
 * shows soon, then the largest size of a frame.
 */
const sides = { first: 384, full: 768 } as const;

/**
 * Loads the pixels of the draft's images into the preview. Each image is requested from the host once, small and then large, and
 * removed when the draft no longer needs it. Images go by URI, so two images of one file share their pixels.
 */
export class PreviewImageLoader {
  readonly #host: Pick<HostChannel, 'call'>;
  readonly #preview: Pick<PreviewRenderer, 'setImage' | 'removeImage'>;
  readonly #onProgress: () => void;
  readonly #requested = new Set<string>();
  readonly #loaded = new Set<string>();
  #pending = 0;

  /** @param onProgress is called after each request, whether it succeeded or failed. */
  constructor(
    host: Pick<HostChannel, 'call'>,
    preview: Pick<PreviewRenderer, 'setImage' | 'removeImage'>,
    onProgress: () => void,
  ) {
    this.#host = host;
    this.#preview = preview;
    this.#onProgress = onProgress;
  }

  /** Whether the first pixels of an image are still on their way. */
  get isLoading(): boolean {
    return this.#pending > 0;
  }

  /** Whether the preview has the pixels of an image. */
  has(uri: string): boolean {
    return this.#loaded.has(uri);
  }

  /** Requests the enabled images that are new and removes those that are gone. */
  sync(images: readonly DraftImage[]): void {
    const needed = new Set(images.map(({ uri }) => uri));
    for (const uri of [...this.#requested]) {
      if (needed.has(uri)) continue;
      this.#requested.delete(uri);
      this.#loaded.delete(uri);
      this.#preview.removeImage(uri);
    }
    for (const { uri, enabled } of images) if (enabled && !this.#requested.has(uri)) void this.#load(uri);
  }

  /** Requests an image again after its file has changed. The old pixels stay until the new ones arrive. */
  reload(uri: string): void {
    if (this.#requested.has(uri)) void this.#load(uri);
  }

  async #load(uri: string): Promise<void> {
    this.#requested.add(uri);
    this.#pending++;
    try {
      await this.#loadSize(uri, sides.first);
    } catch {
      // The image's card shows the error. The preview leaves the image out; the next `sync` requests it again.
      this.#requested.delete(uri);
      if (this.#loaded.delete(uri)) this.#preview.removeImage(uri);
    } finally {
      this.#pending--;
      this.#onProgress();
    }
    if (!this.#loaded.has(uri)) return;
    await this.#loadSize(uri, sides.full).catch(() => {}); // the small size is good enough
    this.#onProgress();
  }

  async #loadSize(uri: string, side: number): Promise<void> {
    const { width, height, data } = await this.#host.call('pixels', { uri, width: side, height: side });
    if (!this.#requested.has(uri)) return;
    this.#loaded.add(uri);
    const bytes = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
    this.#preview.setImage(uri, { width, height, data: bytes });
  }
}
