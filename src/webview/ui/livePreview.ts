import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Draft } from '../../mix/draft.ts';
import type { EngineView, ResultView } from '../../protocol/contract.ts';
import { debounce } from '../model/debounce.ts';
import { validWeight, weightShares } from '../model/draftEdits.ts';
import { cssColorAt } from '../model/palette.ts';
import { namesFromPaths } from '../model/pathNames.ts';
import { previewMixOf } from '../model/previewMix.ts';
import { PreviewImageLoader } from '../previewImageLoader.ts';
import { type PreviewMode, PreviewRenderer } from '../previewRenderer.ts';
import './comparisonSlider.ts';
import { iconButton } from './iconButton.ts';
import { PanelElement } from './panelElement.ts';

/** How long after the last change, in milliseconds, the preview is drawn sharp; while a pointer is held down it is not. */
const settling = 100;
const pointerEvents = ['pointerdown', 'pointermove', 'pointerup', 'pointercancel'] as const;

/** The local mix of the draft as it stands, following every change: coarse while it changes, sharp when it rests. */
export class LivePreview extends PanelElement {
  static override properties = {
    draft: { attribute: false },
    engine: { attribute: false },
    seed: { attribute: false },
    results: { attribute: false },
    compared: { attribute: false },
    isTinted: { attribute: false },
    isActualSize: { state: true },
    isShown: { state: true },
    isLoading: { state: true },
    failure: { state: true },
  };
  declare draft: Draft;
  declare engine: EngineView;
  /** The seed of the next mix where the draft has none. */
  declare seed: number;
  declare results: readonly ResultView[];
  /** The ids of the results that are shown against the mix, or against each other. */
  declare compared: readonly string[];
  /** Whether the preview is coloured by which image lands where. */
  declare isTinted: boolean;
  declare isActualSize: boolean;
  declare isShown: boolean;
  declare isLoading: boolean;
  declare failure: string | undefined;
  #preview: PreviewRenderer | undefined;
  #feed: PreviewImageLoader | undefined;
  #listening: AbortController | undefined;
  #isHeld = false;
  #isSharp = true;
  readonly #settle = debounce(() => {
    if (!this.#isHeld && !this.#isSharp) this.#draw('settled');
  }, settling);
  readonly #pointed = ({ buttons }: PointerEvent) => {
    const isReleased = this.#isHeld && buttons === 0;
    this.#isHeld = buttons !== 0;
    if (isReleased && !this.#isSharp) this.#draw('settled');
  };

  constructor() {
    super();
    this.isShown = false;
    this.isLoading = false;
    this.isActualSize = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    for (const name of pointerEvents) document.addEventListener(name, this.#pointed);
    this.#listening = new AbortController();
    this.panel.model.onImageChanged((uri) => this.#renewed(uri), this.#listening);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const name of pointerEvents) document.removeEventListener(name, this.#pointed);
    this.#listening?.abort();
    this.#preview?.dispose();
    this.#preview = undefined;
  }

  override willUpdate(changed: PropertyValues): void {
    const hadFocus = changed.has('compared') && this.compared.length === 0 && this.contains(document.activeElement);
    if (hadFocus) void this.updateComplete.then(() => this.querySelector<HTMLElement>('.preview-zoom')?.focus());
  }

  override updated(changed: PropertyValues): void {
    this.#size();
    if (changed.has('isActualSize')) this.#centre();
    if (!changed.has('draft') && !changed.has('engine') && !changed.has('seed') && !changed.has('isTinted')) return;
    const preview = this.#start();
    this.#feed?.sync(this.draft.images);
    this.isLoading = this.#feed?.isLoading ?? false;
    const { images } = previewMixOf(this.draft, this.engine, this.seed);
    if (!images.some(({ weight }) => weight > 0)) this.isShown = false;
    if (preview) this.#draw('dragging');
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
        @pointerdown=${(event: PointerEvent) => this.#grab(event)}
        @pointermove=${(event: PointerEvent) => this.#pan(event)}
      >
        <div class="preview-stage">
          <canvas role="img" aria-label=${say('panel.preview')} class=${this.isShown && shown.length < 2 ? '' : 'is-blank'}></canvas>
          ${shown.length > 0 ? html`<mix-comparison .results=${shown}></mix-comparison>` : nothing}
        </div>
        ${this.isShown || shown.length > 0 ? nothing : this.#placeholder(isEmpty)}
      </div>
      <div class="preview-foot">
        ${this.isTinted && !isEmpty && shown.length === 0 ? this.#legend() : html`<p class="preview-label">${this.#label(shown.length)}</p>`}
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
              pressed: this.isTinted,
            })
          : nothing
      }
      ${iconButton('screen-full', say('panel.preview.actualSize'), () => this.#zoom(), {
        pressed: this.isActualSize,
        class: 'preview-zoom',
      })}
      ${compared > 0 ? iconButton('close', say('panel.compare.end'), () => model.endComparison()) : nothing}
    `;
  }

  /** Which colour is whose. */
  #legend(): TemplateResult {
    const names = namesFromPaths(this.draft.images.map(({ path }) => path));
    const shares = weightShares(this.draft);
    return html`<ul class="legend" aria-label=${this.panel.say('panel.preview.legend')}>
      ${names.map((name, at) =>
        (shares[at] ?? 0) > 0
          ? html`<li><span class="legend-colour" .style=${`background: ${cssColorAt(at)}`}></span>${name}</li>`
          : nothing,
      )}
    </ul>`;
  }

  #comparedResults(): readonly ResultView[] {
    return this.compared.flatMap((id) => this.results.find((result) => result.id === id) ?? []);
  }

  #zoom(): void {
    this.isActualSize = !this.isActualSize;
  }

  #grab({ target, pointerId }: PointerEvent): void {
    if (this.isActualSize && target instanceof HTMLCanvasElement) target.setPointerCapture(pointerId);
  }

  /** At actual size the picture is moved by dragging it. */
  #pan({ target, pointerId, movementX, movementY }: PointerEvent): void {
    if (!(target instanceof HTMLCanvasElement) || !target.hasPointerCapture(pointerId)) return;
    this.querySelector('.preview-frame')?.scrollBy(-movementX, -movementY);
  }

  #centre(): void {
    const frame = this.querySelector('.preview-frame');
    frame?.scrollTo((frame.scrollWidth - frame.clientWidth) / 2, (frame.scrollHeight - frame.clientHeight) / 2);
  }

  /** The picture's place has the shape and, at actual size, the pixels of what is shown. */
  #size(): void {
    const { width, height } = this.#comparedResults()[0] ?? previewMixOf(this.draft, this.engine, this.seed);
    this.style.setProperty('--ratio', String(width / height));
    this.style.setProperty('--actual-width', `${width / devicePixelRatio}px`);
    this.style.setProperty('--actual-height', `${height / devicePixelRatio}px`);
  }

  #placeholder(isEmpty: boolean): TemplateResult {
    const isComing = this.draft.images.some(
      ({ uri, enabled, weight }) => enabled && validWeight(weight) && this.#feed?.has(uri),
    );
    return this.isLoading || (isComing && !this.failure)
      ? html`<span class="preview-wait codicon codicon-loading codicon-modifier-spin" aria-hidden="true"></span>`
      : html`<p class="preview-empty">${this.panel.say(isEmpty ? 'panel.preview.empty' : 'panel.preview.nothing')}</p>`;
  }

  #label(compared: number): string {
    const { say } = this.panel;
    if (compared > 0) return say(compared === 1 ? 'panel.compare.one' : 'panel.compare.two');
    if (this.failure) return say('panel.preview.failed', { detail: this.failure });
    return say(this.engine.name === 'local' ? 'panel.preview.local' : 'panel.preview.hosted');
  }

  #start(): PreviewRenderer | undefined {
    const canvas = this.querySelector('canvas');
    if (this.#preview || !canvas) return this.#preview;
    const preview = new PreviewRenderer(canvas);
    preview.onFrame(() => {
      this.isShown = true;
      this.failure = undefined;
    });
    preview.onError((error) => {
      this.failure = error.message;
    });
    this.#preview = preview;
    this.#feed = new PreviewImageLoader(this.panel.host, preview, () => {
      this.isLoading = this.#feed?.isLoading ?? false;
      this.#draw('dragging'); // sooner to be seen, and made ready for the first drag
      this.#settle();
    });
    return preview;
  }

  #renewed(uri: string): void {
    this.#feed?.reload(uri);
    this.#feed?.sync(this.draft.images); // one that could not be read may have come back
  }

  #draw(mode: PreviewMode): void {
    this.#isSharp = mode === 'settled';
    this.#preview?.update(previewMixOf(this.draft, this.engine, this.seed, this.isTinted), mode);
  }
}

customElements.define('mix-preview', LivePreview);
