import workerSource from 'worker:./previewWorker.ts';
import type { Raster } from '../kernel/kernel.ts';
import type { Color } from './model/palette.ts';
import { type FrameRequest, isPreviewReply, type PreviewRequest } from './previewMessages.ts';

/** The longest side of a frame in pixels, while dragging and afterwards. */
const longestSide = { dragging: 384, settled: 768 } as const;
export type PreviewMode = keyof typeof longestSide;

/** The mix to preview: sides in pixels, `sample` from 0. Images that aren't loaded yet are left out. */
export interface PreviewMix {
  readonly images: readonly { readonly id: string; readonly weight: number }[];
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly guidanceScale: number;
  readonly sample?: number;
  /** If set, the frame shows which image lands where: one color per image. */
  readonly coverageColors?: readonly Color[];
}

/** A frame that has just been drawn: the kernel's time in milliseconds, and when it was drawn on the clock of `performance.now()`. */
export interface DrawnFrame {
  readonly kernelMs: number;
  readonly drawnAt: number;
}

/**
 * Renders the live preview: the kernel makes the local mix in a worker, and the frame is drawn on a canvas. The latest request
 * wins. At most one frame is in progress, and none is started while the page is hidden.
 */
export class PreviewRenderer {
  readonly #paint: (bitmap: ImageBitmap | null) => void;
  readonly #frameListeners = new Set<(frame: DrawnFrame) => void>();
  readonly #errorListeners = new Set<(error: Error) => void>();
  readonly #onVisibilityChange = () => this.#schedule();
  #worker: Worker | undefined;
  #requested: FrameRequest | undefined;
  #isBusy = false;
  #animationFrame: number | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#paint = createPainter(canvas);
    document.addEventListener('visibilitychange', this.#onVisibilityChange);
  }

  /** Transfers an image's pixels to the worker, replacing an earlier raster of the same id. The caller's buffer is detached. */
  setImage(id: string, raster: Raster): void {
    const { width, height, data } = raster;
    this.#post({ kind: 'setImage', id, width, height, data }, [data.buffer]);
  }

  removeImage(id: string): void {
    this.#post({ kind: 'removeImage', id });
  }

  /** Requests a frame. It replaces a request that hasn't started yet. */
  update(mix: PreviewMix, mode: PreviewMode): void {
    const { images, width, height, seed, guidanceScale, sample = 0, coverageColors } = mix;
    const scale = Math.min(1, longestSide[mode] / Math.max(width, height));
    this.#requested = {
      images,
      width: Math.max(1, Math.round(width * scale)),
      height: Math.max(1, Math.round(height * scale)),
      shape: { width, height },
      coarse: mode === 'dragging',
      seed,
      guidanceScale,
      sample,
      ...(coverageColors ? { coverageColors } : {}),
    };
    this.#schedule();
  }

  /** Calls the listener after each drawn frame. Returns a function that removes it. */
  onFrame(listener: (frame: DrawnFrame) => void): () => void {
    this.#frameListeners.add(listener);
    return () => this.#frameListeners.delete(listener);
  }

  /** Calls the listener if a frame fails. Returns a function that removes it. */
  onError(listener: (error: Error) => void): () => void {
    this.#errorListeners.add(listener);
    return () => this.#errorListeners.delete(listener);
  }

  dispose(): void {
    document.removeEventListener('visibilitychange', this.#onVisibilityChange);
    if (this.#animationFrame !== undefined) cancelAnimationFrame(this.#animationFrame);
    this.#requested = undefined;
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#frameListeners.clear();
    this.#errorListeners.clear();
  }

  #schedule(): void {
    if (!this.#requested || this.#isBusy || this.#animationFrame !== undefined || document.hidden) return;
    this.#animationFrame = requestAnimationFrame(() => {
      this.#animationFrame = undefined;
      const frame = this.#requested;
      if (!frame) return;
      this.#requested = undefined;
      this.#isBusy = true;
      this.#post({ kind: 'frame', frame });
    });
  }

  #post(message: PreviewRequest, transfer: Transferable[] = []): void {
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(message, transfer);
  }

  #startWorker(): Worker {
    const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
    const worker = new Worker(url, { name: 'image mixer preview' });
    URL.revokeObjectURL(url);
    worker.onmessage = ({ data }: MessageEvent<unknown>) => this.#receive(data);
    worker.onerror = ({ message }) => {
      this.#isBusy = false;
      this.#notifyError(new Error(message));
    };
    return worker;
  }

  #receive(reply: unknown): void {
    if (!isPreviewReply(reply)) return;
    this.#isBusy = false;
    this.#schedule();
    if (reply.kind === 'error') {
      this.#notifyError(new Error(reply.message));
    } else if (reply.kind === 'empty') {
      this.#paint(null);
    } else {
      this.#paint(reply.bitmap);
      const frame = { kernelMs: reply.kernelMs, drawnAt: performance.now() };
      // For the developer tools and the benchmarks. Cleared at once, or the browser would keep every entry.
      performance.measure(frameMeasure, { start: frame.drawnAt - frame.kernelMs, end: frame.drawnAt });
      performance.clearMeasures(frameMeasure);
      for (const listener of this.#frameListeners) listener(frame);
    }
  }

  #notifyError(error: Error): void {
    for (const listener of this.#errorListeners) listener(error);
  }
}

/** The performance entry of a frame, which lasts as long as the kernel's work on it. */
const frameMeasure = 'image-mixer.frame';

/** Returns a function that shows a bitmap on the canvas, by transfer if the browser supports it. Null clears the canvas. */
function createPainter(canvas: HTMLCanvasElement): (bitmap: ImageBitmap | null) => void {
  const transferring = canvas.getContext('bitmaprenderer');
  if (transferring) {
    return (bitmap) => {
      if (bitmap) resize(canvas, bitmap);
      transferring.transferFromImageBitmap(bitmap);
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

/** Gives the canvas the bitmap's size, but only if it differs: even setting the same size clears the canvas and triggers layout. */
function resize(canvas: HTMLCanvasElement, { width, height }: ImageBitmap): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
