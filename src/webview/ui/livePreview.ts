import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Draft } from '../../mix/draft.ts';
import type { EngineView, ResultView } from '../../protocol/contract.ts';
import { validWeight, weightShares } from '../model/draftEdits.ts';
import { cssColorAt } from '../model/palette.ts';
import { namesFromPaths } from '../model/pathNames.ts';
import { previewMixOf } from '../model/previewMix.ts';
import './comparisonSlider.ts';
import { iconButton } from './iconButton.ts';
import { PanelElement } from './panelElement.ts';

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

  constructor() {
    super();
    this.isActualSize = false;
  }

  override firstUpdated(): void {
    const canvas = this.querySelector('canvas');
    if (!canvas) throw new Error('The preview has no canvas');
    this.panel.preview.drawOn(canvas, () => this.requestUpdate());
  }

  override willUpdate(changed: PropertyValues): void {
    const hadFocus = changed.has('compared') && this.compared.length === 0 && this.contains(document.activeElement);
    if (hadFocus) void this.updateComplete.then(() => this.querySelector<HTMLElement>('.preview-zoom')?.focus());
  }

  override updated(changed: PropertyValues): void {
    this.#updateSize();
    if (changed.has('isActualSize')) this.#center();
  }

  override render(): TemplateResult {
    const { say, preview } = this.panel;
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
          <canvas role="img" aria-label=${say('panel.preview')} class=${preview.isShown && shown.length < 2 ? '' : 'is-blank'}></canvas>
          ${shown.length > 0 ? html`<mix-comparison .results=${shown}></mix-comparison>` : nothing}
        </div>
        ${preview.isShown || shown.length > 0 ? nothing : this.#placeholder(isEmpty)}
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
    const { say, preview } = this.panel;
    const isExpected = this.draft.images.some(
      ({ uri, enabled, weight }) => enabled && validWeight(weight) && preview.has(uri),
    );
    return preview.isLoading || (isExpected && !preview.failure)
      ? html`<span class="preview-wait codicon codicon-loading codicon-modifier-spin" aria-hidden="true"></span>`
      : html`<p class="preview-empty">${say(isEmpty ? 'panel.preview.empty' : 'panel.preview.nothing')}</p>`;
  }

  #label(compared: number): string {
    const { say, preview } = this.panel;
    if (compared > 0) return say(compared === 1 ? 'panel.compare.one' : 'panel.compare.two');
    if (preview.failure) return say('panel.preview.failed', { detail: preview.failure });
    return say(`panel.preview.${this.engine.name}`);
  }
}

customElements.define('mix-preview', LivePreview);
