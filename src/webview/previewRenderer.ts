import workerSource from 'worker:./previewWorker.ts';
import type { Raster } from '../kernel/kernel.ts';
import { previewSides } from '../protocol/previewSides.ts';
import { createPainter } from './canvasPainter.ts';
import type { Color } from './model/palette.ts';
import { type FrameRequest, isPreviewReply, type PreviewReply, type PreviewRequest } from './previewMessages.ts';

/** The longest side of a frame in pixels, while dragging and afterwards. */
const longestSide = { dragging: 384, settled: previewSides.full } as const;
type FrameReply = Extract<PreviewReply, { kind: 'frame' }>;
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

/**
 * Renders the live preview: the kernel makes the local mix in a worker, and the frame is drawn on a canvas. The latest request
 * wins. At most one frame is in progress, and none is started while the page is hidden. The worker starts at once.
 */
export class PreviewRenderer {
  readonly #worker: Worker;
  readonly #onFrame: () => void;
  readonly #onError: (error: Error) => void;
  #paint: ((bitmap: ImageBitmap | null) => void) | undefined;
  /** The latest frame that came before the canvas. */
  #early: FrameReply | undefined;
  #requested: FrameRequest | undefined;
  #isBusy = false;
  /** Whether a frame was drawn. The first one is smaller, because the kernel isn't compiled yet and takes many times as long. Sharper ones follow. */
  #isShown = false;
  #animationFrame: number | undefined;

  /** @param onFrame called after each drawn frame. @param onError called if a frame fails. */
  constructor({ onFrame, onError }: { onFrame: () => void; onError: (error: Error) => void }) {
    this.#onFrame = onFrame;
    this.#onError = onError;
    this.#worker = this.#startWorker();
    document.addEventListener('visibilitychange', () => this.#schedule());
  }

  /** Draws on this canvas from now on, at once if there is a frame already. */
  drawOn(canvas: HTMLCanvasElement): void {
    this.#paint = createPainter(canvas);
    if (this.#early) this.#show(this.#early);
    this.#early = undefined;
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
    const side = this.#isShown ? longestSide[mode] : previewSides.first;
    const scale = Math.min(1, side / Math.max(width, height));
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

  #schedule(): void {
    const isIdle = !this.#isBusy && this.#animationFrame === undefined;
    if (!this.#requested || !isIdle || document.hidden) return;
    if (!this.#paint) {
      this.#start(); // while the page is being built, there's nothing to keep pace with
      return;
    }
    this.#animationFrame = requestAnimationFrame(() => {
      this.#animationFrame = undefined;
      this.#start();
    });
  }

  #start(): void {
    const frame = this.#requested;
    if (!frame) return;
    this.#requested = undefined;
    this.#isBusy = true;
    this.#post({ kind: 'frame', frame });
  }

  #post(message: PreviewRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #startWorker(): Worker {
    const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
    const worker = new Worker(url, { name: 'image mixer preview' });
    URL.revokeObjectURL(url);
    worker.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (isPreviewReply(data)) this.#receive(data);
    };
    worker.onerror = ({ message }) => {
      this.#isBusy = false;
      this.#onError(new Error(message));
    };
    return worker;
  }

  #receive(reply: PreviewReply): void {
    this.#isBusy = false;
    this.#schedule();
    if (reply.kind === 'error') {
      this.#onError(new Error(reply.message));
    } else if (reply.kind === 'empty') {
      this.#paint?.(null);
    } else if (this.#paint) {
      this.#show(reply);
    } else {
      this.#early?.bitmap.close();
      this.#early = reply;
    }
  }

  #show({ bitmap, images, kernelMs }: FrameReply): void {
    this.#paint?.(bitmap);
    this.#isShown = true;
    // For the developer tools and the benchmarks. Cleared at once, or the browser would keep every entry.
    const end = performance.now();
    performance.measure(frameMeasure, { start: end - kernelMs, end, detail: { images } });
    performance.clearMeasures(frameMeasure);
    this.#onFrame();
  }
}

/** The performance entry of a frame, which lasts as long as the kernel's work on it. Its detail says how many images are mixed. */
const frameMeasure = 'image-mixer.frame';
