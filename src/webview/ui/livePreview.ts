import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Draft } from '../../mix/draft.ts';
import type { EngineView, ResultView } from '../../protocol/contract.ts';
import { debounce } from '../model/debounce.ts';
import { validWeight, weightShares } from '../model/draftEdits.ts';
import { cssColorAt } from '../model/palette.ts';
import { namesFromPaths } from '../model/pathNames.ts';
import { previewMixOf } from '../model/previewMix.ts';
import { PreviewImageLoader, type RequestPixels } from '../previewImageLoader.ts';
import { type PreviewMode, PreviewRenderer } from '../previewRenderer.ts';
import './comparisonSlider.ts';
import { iconButton } from './iconButton.ts';
import { PanelElement } from './panelElement.ts';

/** Milliseconds after the last change until a full-size frame is rendered. It also waits until no pointer button is down. */
const settleDelay = 100;
const pointerEvents = ['pointerdown', 'pointermove', 'pointerup', 'pointercancel'] as const;

/** The live preview: the local mix of the draft, rendered coarsely while the draft changes and at full size afterwards. */
export class LivePreview extends PanelElement {
  static override properties = {
    draft: { attribute: false },
    engine: { attribute: false },
    seed: { attribute: false },
    results: { attribute: false },
    compared: { attribute: false },
    showsCoverage: { attribute: false },
    isActualSize: { state: true },
    isShown: { state: true },
    isLoading: { state: true },
    failure: { state: true },
  };
  declare draft: Draft;
  declare engine: EngineView;
  /** The seed of the next mix if the draft has none. */
  declare seed: number;
  declare results: readonly ResultView[];
  /** The ids of the results compared: one with the preview, or two. */
  declare compared: readonly string[];
  /** Whether the preview shows which image lands where. */
  declare showsCoverage: boolean;
  declare isActualSize: boolean;
  declare isShown: boolean;
  declare isLoading: boolean;
  declare failure: string | undefined;
  #renderer: PreviewRenderer | undefined;
  #imageLoader: PreviewImageLoader | undefined;
  #listeners: AbortController | undefined;
  #isEngineChanged = false;
  #isPointerDown = false;
  #isSettled = true;
  readonly #settle = debounce(() => {
    if (!this.#isPointerDown && !this.#isSettled) this.#renderFrame('settled');
  }, settleDelay);
  readonly #onPointer = ({ buttons }: PointerEvent) => {
    const isReleased = this.#isPointerDown && buttons === 0;
    this.#isPointerDown = buttons !== 0;
    if (isReleased && !this.#isSettled) this.#renderFrame('settled');
  };

  constructor() {
    super();
    this.isShown = false;
    this.isLoading = false;
    this.isActualSize = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    for (const name of pointerEvents) document.addEventListener(name, this.#onPointer);
    this.#listeners = new AbortController();
    const { model } = this.panel;
    model.onImageChanged((uri) => this.#onImageChanged(uri), this.#listeners);
    model.addEventListener('engine', () => this.#onEngineChanged(), this.#listeners);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const name of pointerEvents) document.removeEventListener(name, this.#onPointer);
    this.#listeners?.abort();
    this.#renderer?.dispose();
    this.#renderer = undefined;
  }

  override willUpdate(changed: PropertyValues): void {
    const hadFocus = changed.has('compared') && this.compared.length === 0 && this.contains(document.activeElement);
    if (hadFocus) void this.updateComplete.then(() => this.querySelector<HTMLElement>('.preview-zoom')?.focus());
  }

  override updated(changed: PropertyValues): void {
    this.#updateSize();
    if (changed.has('isActualSize')) this.#center();
    const isChanged = this.#isEngineChanged || ['draft', 'seed', 'showsCoverage'].some((name) => changed.has(name));
    if (!isChanged) return;
    const renderer = this.#startRenderer();
    if (this.#isEngineChanged) this.#imageLoader?.forgetFailures();
    this.#isEngineChanged = false;
    this.#imageLoader?.sync(this.draft.images);
    this.isLoading = this.#imageLoader?.isLoading ?? false;
    const { images } = previewMixOf(this.draft, this.engine, this.seed);
    if (!images.some(({ weight }) => weight > 0)) this.isShown = false;
    if (renderer) this.#renderFrame('dragging');
    this.#settle();
  }

  override render(): TemplateResult {
    const { say } = this.panel;
    const shown = this.#comparedResults();
    const isEmpty = this.draft.images.length === 0 && shown.length === 0;
    const state = `${isEmpty ? 'is-empty' : ''} ${this.isActualSize ? 'is-actual' : ''} ${shown.length > 0 ? 'is-comparing' : ''}`;
    return html`
      <div
        class="preview-frame ${state}"
        role=${this.isActualSize ? 'group' : nothing}
        aria-label=${this.isActualSize ? say('panel.preview.actualSize') : nothing}
        tabindex=${this.isActualSize ? '0' : nothing}
        @pointerdown=${(event: PointerEvent) => this.#startPan(event)}
        @pointermove=${(event: PointerEvent) => this.#pan(event)}
      >
        <div class="preview-stage">
          <canvas role="img" aria-label=${say('panel.preview')} class=${this.isShown && shown.length < 2 ? '' : 'is-blank'}></canvas>
          ${shown.length > 0 ? html`<mix-comparison .results=${shown}></mix-comparison>` : nothing}
        </div>
        ${this.isShown || shown.length > 0 ? nothing : this.#placeholder(isEmpty)}
      </div>
      <div class="preview-foot">
        ${this.showsCoverage && !isEmpty && shown.length === 0 ? this.#legend() : html`<p class="preview-label">${this.#label(shown.length)}</p>`}
        ${isEmpty ? nothing : html`<span class="section-actions">${this.#tools(shown.length)}</span>`}
      </div>
    `;
  }

  #tools(compared: number): TemplateResult {
    const { say, model } = this.panel;
    return html`
      ${
        compared < 2
          ? iconButton('color-mode', say('panel.preview.coverage'), () => model.toggleCoverage(), {
              pressed: this.showsCoverage,
            })
          : nothing
      }
      ${iconButton('screen-full', say('panel.preview.actualSize'), () => this.#toggleActualSize(), {
        pressed: this.isActualSize,
        class: 'preview-zoom',
      })}
      ${compared > 0 ? iconButton('close', say('panel.compare.end'), () => model.endComparison()) : nothing}
    `;
  }

  /** The color of each image. */
  #legend(): TemplateResult {
    const names = namesFromPaths(this.draft.images.map(({ path }) => path));
    const shares = weightShares(this.draft);
    return html`<ul class="legend" aria-label=${this.panel.say('panel.preview.legend')}>
      ${names.map((name, at) =>
        (shares[at] ?? 0) > 0
          ? html`<li><span class="legend-color" .style=${`background: ${cssColorAt(at)}`}></span>${name}</li>`
          : nothing,
      )}
    </ul>`;
  }

  #comparedResults(): readonly ResultView[] {
    return this.compared.flatMap((id) => this.results.find((result) => result.id === id) ?? []);
  }

  #toggleActualSize(): void {
    this.isActualSize = !this.isActualSize;
  }

  #startPan({ target, pointerId }: PointerEvent): void {
    if (this.isActualSize && target instanceof HTMLCanvasElement) target.setPointerCapture(pointerId);
  }

  /** At actual size the preview is panned by dragging. */
  #pan({ target, pointerId, movementX, movementY }: PointerEvent): void {
    if (!(target instanceof HTMLCanvasElement) || !target.hasPointerCapture(pointerId)) return;
    this.querySelector('.preview-frame')?.scrollBy(-movementX, -movementY);
  }

  #center(): void {
    const frame = this.querySelector('.preview-frame');
    frame?.scrollTo((frame.scrollWidth - frame.clientWidth) / 2, (frame.scrollHeight - frame.clientHeight) / 2);
  }

  /** Gives the stage the aspect ratio of what is shown and, at actual size, its pixels. */
  #updateSize(): void {
    const { width, height } = this.#comparedResults()[0] ?? previewMixOf(this.draft, this.engine, this.seed);
    this.style.setProperty('--ratio', String(width / height));
    this.style.setProperty('--actual-width', `${width / devicePixelRatio}px`);
    this.style.setProperty('--actual-height', `${height / devicePixelRatio}px`);
  }

  #placeholder(isEmpty: boolean): TemplateResult {
    const isExpected = this.draft.images.some(
      ({ uri, enabled, weight }) => enabled && validWeight(weight) && this.#imageLoader?.has(uri),
    );
    return this.isLoading || (isExpected && !this.failure)
      ? html`<span class="preview-wait codicon codicon-loading codicon-modifier-spin" aria-hidden="true"></span>`
      : html`<p class="preview-empty">${this.panel.say(isEmpty ? 'panel.preview.empty' : 'panel.preview.nothing')}</p>`;
  }

  #label(compared: number): string {
    const { say } = this.panel;
    if (compared > 0) return say(compared === 1 ? 'panel.compare.one' : 'panel.compare.two');
    if (this.failure) return say('panel.preview.failed', { detail: this.failure });
    return say(`panel.preview.${this.engine.name}`);
  }

  #startRenderer(): PreviewRenderer | undefined {
    const canvas = this.querySelector('canvas');
    if (this.#renderer || !canvas) return this.#renderer;
    const renderer = new PreviewRenderer(canvas);
    renderer.onFrame(() => {
      this.isShown = true;
      this.failure = undefined;
    });
    renderer.onError((error) => {
      this.failure = error.message;
    });
    this.#renderer = renderer;
    const { host } = this.panel;
    const request: RequestPixels = (uri, side) => host.call('pixels', { uri, width: side, height: side });
    this.#imageLoader = new PreviewImageLoader(request, renderer, () => {
      this.isLoading = this.#imageLoader?.isLoading ?? false;
      this.#renderFrame('dragging'); // shows the image sooner and warms the worker up for the first drag
      this.#settle();
    });
    return renderer;
  }

  /** The engine that is rendered next is another one. (What its servers answer makes no difference here.) */
  #onEngineChanged(): void {
    this.#isEngineChanged = true;
    this.requestUpdate();
  }

  #onImageChanged(uri: string): void {
    this.#imageLoader?.reload(uri);
  }

  #renderFrame(mode: PreviewMode): void {
    this.#isSettled = mode === 'settled';
    this.#renderer?.update(previewMixOf(this.draft, this.engine, this.seed, this.showsCoverage), mode);
  }
}

customElements.define('mix-preview', LivePreview);
