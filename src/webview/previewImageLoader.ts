import type { DraftImage } from '../mix/draft.ts';
import { RemoteError } from '../protocol/channel.ts';
import type { PreviewRenderer } from './previewRenderer.ts';

/**
 * The squares, in pixels, that images are requested to cover: first the size of a frame while dragging, so that something
 * shows soon, then the largest size of a frame.
 */
const sides = { first: 384, full: 768 } as const;

/** Requests decoded pixels of an image, scaled to cover a square of `side` pixels. Rejects with RemoteError. */
export type RequestPixels = (
  uri: string,
  side: number,
) => Promise<{ width: number; height: number; data: Uint8Array<ArrayBuffer> }>;

/** The latest request of an image. */
interface Load {
  state: 'loading' | 'loaded' | 'failed';
  /** Whether the preview has pixels of the image, be it those of an earlier request. */
  hasPixels: boolean;
}

/**
 * Loads the pixels of the draft's images into the preview. Each image is requested from the host once, small and then large, and
 * removed when the draft no longer needs it. An image that fails isn't requested again until something about it changes. Images go
 * by URI, so two images of one file share their pixels.
 */
export class PreviewImageLoader {
  readonly #request: RequestPixels;
  readonly #preview: Pick<PreviewRenderer, 'setImage' | 'removeImage'>;
  readonly #onProgress: () => void;
  readonly #loads = new Map<string, Load>();

  /** @param onProgress is called after each request, whether it succeeded or failed. */
  constructor(
    request: RequestPixels,
    preview: Pick<PreviewRenderer, 'setImage' | 'removeImage'>,
    onProgress: () => void,
  ) {
    this.#request = request;
    this.#preview = preview;
    this.#onProgress = onProgress;
  }

  /** Whether the first pixels of an image are still on their way. */
  get isLoading(): boolean {
    return [...this.#loads.values()].some(({ state }) => state === 'loading');
  }

  /** Whether the preview has the pixels of an image. */
  has(uri: string): boolean {
    return this.#loads.get(uri)?.hasPixels ?? false;
  }

  /** Requests the enabled images that are new and removes those that are gone. */
  sync(images: readonly DraftImage[]): void {
    const needed = new Set(images.map(({ uri }) => uri));
    for (const [uri, load] of this.#loads) {
      if (needed.has(uri)) continue;
      this.#loads.delete(uri);
      if (load.hasPixels) this.#preview.removeImage(uri);
    }
    for (const { uri, enabled } of images) if (enabled && !this.#loads.has(uri)) void this.#load(uri);
  }

  /** Requests an image again after its file has changed. The old pixels stay until the new ones arrive. */
  reload(uri: string): void {
    if (this.#loads.has(uri)) void this.#load(uri);
  }

  /** Lets the next `sync` request the images that failed, because the settings or the trust changed. */
  forgetFailures(): void {
    for (const [uri, { state }] of this.#loads) if (state === 'failed') this.#loads.delete(uri);
  }

  async #load(uri: string): Promise<void> {
    const load: Load = { state: 'loading', hasPixels: this.has(uri) };
    this.#loads.set(uri, load);
    if (!(await this.#loadSize(uri, sides.first, load))) {
      // The image's card shows the error. The preview leaves the image out.
      load.state = 'failed';
      if (load.hasPixels && this.#isLatest(uri, load)) this.#preview.removeImage(uri);
      load.hasPixels = false;
      this.#onProgress();
      return;
    }
    load.state = 'loaded';
    this.#onProgress();
    if (!this.#isLatest(uri, load)) return;
    await this.#loadSize(uri, sides.full, load); // if it fails, the small size is good enough
    this.#onProgress();
  }

  /** False if the image can't be loaded. An answer is ignored if the image was requested again or removed meanwhile. */
  async #loadSize(uri: string, side: number, load: Load): Promise<boolean> {
    try {
      const { width, height, data } = await this.#request(uri, side);
      if (!this.#isLatest(uri, load)) return true;
      load.hasPixels = true;
      const bytes = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
      this.#preview.setImage(uri, { width, height, data: bytes });
      return true;
    } catch (error) {
      if (error instanceof RemoteError) return false;
      load.state = 'failed';
      throw error;
    }
  }

  #isLatest(uri: string, load: Load): boolean {
    return this.#loads.get(uri) === load;
  }
}
