import workerSource from 'worker:./previewWorker.ts';
import type { Raster } from '../images/raster.ts';
import type { Colour } from './model/palette.ts';
import { type FrameRequest, isPreviewReply, type PreviewRequest } from './previewMessages.ts';

/** Longest side of a frame in pixels: while a hand drags, and once it has let go. */
const longestSide = { dragging: 384, settled: 768 } as const;
export type PreviewMode = keyof typeof longestSide;

/** The mix to show. Images that were not set yet are left out; sides in pixels; `sample` counts from 0. */
export interface PreviewMix {
  readonly images: readonly { readonly id: string; readonly weight: number }[];
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly guidanceScale: number;
  readonly sample?: number;
  /** Colours of the images, in their order: the frame is tinted by which image lands where. */
  readonly colours?: readonly Colour[];
}

/** A frame that was just put on the canvas: the kernel's time for it, and when it was shown (as `performance.now()` tells). */
export interface ShownFrame {
  readonly kernelMs: number;
  readonly shownAt: number;
}

/**
 * The live preview: the local mix, made by the kernel in a worker of its own and drawn on a canvas. The latest request
 * wins; there is at most one frame under way, and none while the page is hidden.
 */
export class Preview {
  readonly #show: (bitmap: ImageBitmap | null) => void;
  readonly #frameListeners = new Set<(frame: ShownFrame) => void>();
  readonly #errorListeners = new Set<(error: Error) => void>();
  readonly #onVisible = () => this.#schedule();
  #worker: Worker | undefined;
  #wanted: FrameRequest | undefined;
  #isBusy = false;
  #tick: number | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#show = painter(canvas);
    document.addEventListener('visibilitychange', this.#onVisible);
  }

  /** Hands a picture's pixels to the worker, in place of an earlier one of the same id. The raster's memory goes with it. */
  setImage(id: string, raster: Raster): void {
    const { width, height, data } = raster;
    this.#post({ kind: 'image', id, width, height, data }, [data.buffer]);
  }

  removeImage(id: string): void {
    this.#post({ kind: 'forget', id });
  }

  /** Asks for a frame; a later request takes the place of one that has not been begun. */
  update(mix: PreviewMix, mode: PreviewMode): void {
    const { images, width, height, seed, guidanceScale, sample = 0, colours } = mix;
    const scale = Math.min(1, longestSide[mode] / Math.max(width, height));
    this.#wanted = {
      images,
      width: Math.max(1, Math.round(width * scale)),
      height: Math.max(1, Math.round(height * scale)),
      shape: { width, height },
      coarse: mode === 'dragging',
      seed,
      guidanceScale,
      sample,
      ...(colours ? { colours } : {}),
    };
    this.#schedule();
  }

  /** Calls the listener for each frame that is shown; the function that comes back stops it. */
  onFrame(listener: (frame: ShownFrame) => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  /** Calls the listener where a frame could not be made; the function that comes back stops it. */
  onError(listener: (error: Error) => void): () => void {
    this.#errorListeners.add(listener);
    return () => this.#errorListeners.delete(listener);
  }

  dispose(): void {
    document.removeEventListener('visibilitychange', this.#onVisible);
    if (this.#tick !== undefined) cancelAnimationFrame(this.#tick);
    this.#wanted = undefined;
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#frameListeners.clear();
    this.#errorListeners.clear();
  }

  #schedule(): void {
    if (!this.#wanted || this.#isBusy || this.#tick !== undefined || document.hidden) return;
    this.#tick = requestAnimationFrame(() => {
      this.#tick = undefined;
      const frame = this.#wanted;
      if (!frame) return;
      this.#wanted = undefined;
      this.#isBusy = true;
      this.#post({ kind: 'frame', frame });
    });
  }

  #post(message: PreviewRequest, transfer: Transferable[] = []): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, transfer);
  }

  #start(): Worker {
    const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
    const worker = new Worker(url, { name: 'image mixer preview' });
    URL.revokeObjectURL(url);
    worker.onmessage = ({ data }: MessageEvent<unknown>) => this.#receive(data);
    worker.onerror = ({ message }) => {
      this.#isBusy = false;
      this.#report(new Error(message));
    };
    return worker;
  }

  #receive(reply: unknown): void {
    if (!isPreviewReply(reply)) return;
    this.#isBusy = false;
    this.#schedule();
    if (reply.kind === 'failed') {
      this.#report(new Error(reply.message));
    } else if (reply.kind === 'empty') {
      this.#show(null);
    } else {
      this.#show(reply.bitmap);
      const frame = { kernelMs: reply.kernelMs, shownAt: performance.now() };
      // For the developer tools and the benchmarks; the browser would keep every one of them.
      performance.measure(frameMeasure, { start: frame.shownAt - frame.kernelMs, end: frame.shownAt });
      performance.clearMeasures(frameMeasure);
      for (const listener of this.#frameListeners) listener(frame);
    }
  }

  #report(error: Error): void {
    for (const listener of this.#errorListeners) listener(error);
  }
}

/** The performance entry of a frame: as long as the kernel took for it. */
const frameMeasure = 'image-mixer.frame';

/** How a bitmap gets onto the canvas: handed over where the browser can, otherwise drawn; null clears it. */
function painter(canvas: HTMLCanvasElement): (bitmap: ImageBitmap | null) => void {
  const handing = canvas.getContext('bitmaprenderer');
  if (handing) {
    return (bitmap) => {
      if (bitmap) resize(canvas, bitmap);
      handing.transferFromImageBitmap(bitmap);
    };
  }
  const drawing = canvas.getContext('2d');
  return (bitmap) => {
    if (bitmap) {
      resize(canvas, bitmap);
      drawing?.drawImage(bitmap, 0, 0);
      bitmap.close();
    } else {
      drawing?.clearRect(0, 0, canvas.width, canvas.height);
    }
  };
}

/** Gives a canvas the size of a bitmap. Set once more, even the same size would clear it and lay the page out again. */
function resize(canvas: HTMLCanvasElement, { width, height }: ImageBitmap): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
