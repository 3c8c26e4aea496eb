import type { Draft } from '../mix/draft.ts';
import { debounce } from './model/debounce.ts';
import type { HostChannel } from './model/panelActions.ts';
import type { PanelModel } from './model/panelModel.ts';
import { previewMixOf } from './model/previewMix.ts';
import { type LoadedPixels, PreviewImageLoader } from './previewImageLoader.ts';
import { type PreviewMix, type PreviewMode, PreviewRenderer } from './previewRenderer.ts';

/** Milliseconds after the last change until a full-size frame is rendered. It also waits until no pointer button is down. */
const settleDelay = 100;
/** The longest time that less urgent images wait for the first frame, in milliseconds. */
const firstFrameWait = 500;
const pointerEvents = ['pointerdown', 'pointermove', 'pointerup', 'pointercancel'] as const;

/** What the preview depends on, besides the engine. */
interface Previewed {
  readonly draft: Draft;
  readonly randomSeed: number;
  readonly showsCoverage: boolean;
}

/**
 * Follows the panel's mix: loads its images, and renders a coarse frame at each change, and a full one once nothing changes
 * anymore.
 */
export class DraftPreview {
  readonly #renderer: PreviewRenderer;
  readonly #images: PreviewImageLoader;
  readonly #firstFrame = Promise.withResolvers<void>();
  #onChange = () => {};
  #previewed: Previewed | undefined;
  #mix: PreviewMix | undefined;
  #isShown = false;
  #failure: string | undefined;
  #isPointerDown = false;
  #isSettled = true;
  readonly #settle = debounce(() => {
    if (!this.#isPointerDown && !this.#isSettled) this.#render('settled');
  }, settleDelay);

  constructor(host: Pick<HostChannel, 'call'>) {
    this.#renderer = new PreviewRenderer({
      onFrame: () => this.#frameDrawn(),
      onError: ({ message }) => {
        this.#failure = message;
        this.#onChange();
      },
    });
    this.#images = new PreviewImageLoader(
      (uri, side) => host.call('pixels', { uri, width: side, height: side }),
      this.#renderer,
      () => this.#imagesChanged(),
    );
  }

  /** Whether the canvas shows the mix. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Why the latest frame failed. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Whether the first pixels of an image are still on their way. */
  get isLoading(): boolean {
    return this.#images.isLoading;
  }

  /** Whether the pixels of an image are there. */
  has(uri: string): boolean {
    return this.#images.has(uri);
  }

  /** Resolves once the first frame is drawn, or after half a second. */
  get firstFrame(): Promise<void> {
    return Promise.race([
      this.#firstFrame.promise,
      new Promise<void>((resolve) => setTimeout(resolve, firstFrameWait)),
    ]);
  }

  /** Uses pixels that nobody requested, if the mix has the image or gets it next. */
  offer(uri: string, raster: LoadedPixels): void {
    this.#images.offer(uri, raster);
  }

  /** Previews the model's mix from now on. */
  follow(model: PanelModel): void {
    model.addEventListener('engine', () => {
      this.#images.forgetFailures();
      this.#previewed = undefined; // another engine may ignore the weights
    });
    model.addEventListener('change', () => this.#update(model));
    model.onImageChanged((uri) => this.#images.reload(uri));
    for (const name of pointerEvents) document.addEventListener(name, (event) => this.#onPointer(event));
    this.#update(model);
  }

  /** @param onChange called whenever anything that this preview says about itself may have changed. */
  drawOn(canvas: HTMLCanvasElement, onChange: () => void): void {
    this.#onChange = onChange;
    this.#renderer.drawOn(canvas);
  }

  #update({ draft, engine, randomSeed, showsCoverage }: PanelModel): void {
    const before = this.#previewed;
    const isSame =
      before?.draft === draft && before.randomSeed === randomSeed && before.showsCoverage === showsCoverage;
    if (isSame) return;
    this.#previewed = { draft, randomSeed, showsCoverage };
    this.#images.sync(draft.images);
    this.#mix = previewMixOf(draft, engine, randomSeed, showsCoverage);
    if (!this.#mix.images.some(({ weight }) => weight > 0)) this.#isShown = false;
    this.#render('dragging');
    this.#settle();
    this.#onChange();
  }

  #imagesChanged(): void {
    this.#isSettled = false;
    // Images of one mix usually arrive together. If some take longer, the mix of the others is shown meanwhile.
    if (!this.isLoading) this.#render('dragging');
    this.#settle();
    this.#onChange();
  }

  #frameDrawn(): void {
    this.#firstFrame.resolve();
    this.#images.sharpen();
    if (this.#isShown && this.#failure === undefined) return;
    this.#isShown = true;
    this.#failure = undefined;
    this.#onChange();
  }

  #onPointer({ buttons }: PointerEvent): void {
    const isReleased = this.#isPointerDown && buttons === 0;
    this.#isPointerDown = buttons !== 0;
    if (isReleased && !this.#isSettled) this.#render('settled');
  }

  #render(mode: PreviewMode): void {
    this.#isSettled = mode === 'settled';
    if (this.#mix && this.#images.hasPixels) this.#renderer.update(this.#mix, mode);
  }
}
