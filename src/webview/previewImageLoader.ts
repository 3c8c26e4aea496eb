import type { DraftImage } from '../mix/draft.ts';
import { RemoteError } from '../protocol/channel.ts';
import { previewSides } from '../protocol/previewSides.ts';
import type { PreviewRenderer } from './previewRenderer.ts';

/** Requests decoded pixels of an image, scaled to cover a square of `side` pixels. Rejects with RemoteError. */
export type RequestPixels = (uri: string, side: number) => Promise<LoadedPixels>;

/** Decoded RGBA pixels. */
export interface LoadedPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The latest request of an image. */
interface Load {
  state: 'loading' | 'small' | 'full' | 'failed';
  /** Whether the preview has pixels of the image, be it those of an earlier request. */
  hasPixels: boolean;
}

/**
 * Loads the pixels of the draft's images into the preview. Each image is requested from the host once, small and, after `sharpen`,
 * large, and removed when the draft no longer needs it. An image that fails isn't requested again until something about it changes. Images go
 * by URI, so two images of one file share their pixels.
 */
export class PreviewImageLoader {
  readonly #request: RequestPixels;
  readonly #preview: Pick<PreviewRenderer, 'setImage' | 'removeImage'>;
  readonly #onProgress: () => void;
  readonly #loads = new Map<string, Load>();
  /** Pixels of the first size that came before their image. */
  readonly #offered = new Map<string, LoadedPixels>();

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

  /** Whether the preview has the pixels of any image. */
  get hasPixels(): boolean {
    return [...this.#loads.values()].some(({ hasPixels }) => hasPixels);
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
    this.#offered.clear();
  }

  /** Takes pixels of the first size without a request: those of an image that `sync` adds next, or that is loading. */
  offer(uri: string, pixels: LoadedPixels): void {
    const load = this.#loads.get(uri);
    if (!load) this.#offered.set(uri, pixels);
    else if (load.state === 'loading') this.#take(uri, load, pixels);
  }

  /** Requests an image again after its file has changed. The old pixels stay until the new ones arrive. */
  reload(uri: string): void {
    if (this.#loads.has(uri)) void this.#load(uri);
  }

  /** Lets the next `sync` request the images that failed, because the settings or the trust changed. */
  forgetFailures(): void {
    for (const [uri, { state }] of this.#loads) if (state === 'failed') this.#loads.delete(uri);
  }

  /** Requests the large size of the images that have only the small one. Call this once something is shown: it would be in the way before. */
  sharpen(): void {
    for (const [uri, load] of this.#loads) if (load.state === 'small') void this.#loadFull(uri, load);
  }

  async #load(uri: string): Promise<void> {
    const load: Load = { state: 'loading', hasPixels: this.has(uri) };
    this.#loads.set(uri, load);
    const offered = this.#offered.get(uri);
    if (offered) return this.#take(uri, load, offered);
    const pixels = await this.#requestPixels(uri, previewSides.first, load);
    if (load.state !== 'loading') return; // it was offered meanwhile
    if (pixels) return this.#take(uri, load, pixels);
    // The image's card shows the error. The preview leaves the image out.
    load.state = 'failed';
    if (load.hasPixels && this.#isLatest(uri, load)) this.#preview.removeImage(uri);
    load.hasPixels = false;
    this.#onProgress();
  }

  async #loadFull(uri: string, load: Load): Promise<void> {
    load.state = 'full';
    const pixels = await this.#requestPixels(uri, previewSides.full, load);
    if (pixels) this.#show(uri, load, pixels); // without them, the small size is good enough
    this.#onProgress();
  }

  #take(uri: string, load: Load, pixels: LoadedPixels): void {
    load.state = 'small';
    this.#show(uri, load, pixels);
    this.#onProgress();
  }

  /** Pixels of an image that was requested again or removed meanwhile are ignored. */
  #show(uri: string, load: Load, { width, height, data }: LoadedPixels): void {
    if (!this.#isLatest(uri, load)) return;
    load.hasPixels = true;
    const bytes = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
    this.#preview.setImage(uri, { width, height, data: bytes });
  }

  /** Undefined if the image can't be loaded. */
  async #requestPixels(uri: string, side: number, load: Load): Promise<LoadedPixels | undefined> {
    try {
      return await this.#request(uri, side);
    } catch (error) {
      if (error instanceof RemoteError) return undefined;
      load.state = 'failed';
      throw error;
    }
  }

  #isLatest(uri: string, load: Load): boolean {
    return this.#loads.get(uri) === load;
  }
}
