import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Draft } from '../../mix/draft.ts';
import type { EngineView } from '../../protocol/contract.ts';
import { debounce } from '../model/debounce.ts';
import { readWeight } from '../model/edits.ts';
import { previewMixOf } from '../model/previewMix.ts';
import { PixelFeed } from '../pixelFeed.ts';
import { Preview } from '../preview.ts';
import { PanelElement } from './panelElement.ts';

/** How long after the last change, in milliseconds, the preview is drawn sharp. */
const settling = 100;

/** The local mix of the draft as it stands, following every change: coarse while it changes, sharp when it rests. */
export class PreviewView extends PanelElement {
  static override properties = {
    ...PanelElement.properties,
    draft: { attribute: false },
    engine: { attribute: false },
    seed: { attribute: false },
    isShown: { state: true },
    isLoading: { state: true },
    failure: { state: true },
  };
  declare draft: Draft;
  declare engine: EngineView;
  /** The seed of the next mix where the draft has none. */
  declare seed: number;
  declare isShown: boolean;
  declare isLoading: boolean;
  declare failure: string | undefined;
  #preview: Preview | undefined;
  #feed: PixelFeed | undefined;
  readonly #settle = debounce(() => this.#draw('settled'), settling);
  readonly #released = () => this.#settle.flush();

  constructor() {
    super();
    this.isShown = false;
    this.isLoading = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('pointerup', this.#released);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('pointerup', this.#released);
    this.#preview?.dispose();
    this.#preview = undefined;
  }

  override updated(changed: PropertyValues): void {
    if (!changed.has('draft') && !changed.has('engine') && !changed.has('seed')) return;
    const preview = this.#start();
    this.#feed?.follow(this.draft.images);
    this.isLoading = this.#feed?.isLoading ?? false;
    const { images, width, height } = previewMixOf(this.draft, this.engine, this.seed);
    this.style.setProperty('--ratio', String(width / height));
    if (!images.some(({ weight }) => weight > 0)) this.isShown = false;
    if (preview) this.#draw('dragging');
    this.#settle();
  }

  override render(): TemplateResult {
    const { say } = this.panel;
    const isEmpty = this.draft.images.length === 0;
    return html`
      <div class="preview-frame ${isEmpty ? 'is-empty' : ''}">
        <canvas role="img" aria-label=${say('panel.preview')} class=${this.isShown ? '' : 'is-blank'}></canvas>
        ${this.isShown ? nothing : this.#placeholder(isEmpty)}
      </div>
      <p class="preview-label">${this.#label()}</p>
    `;
  }

  #placeholder(isEmpty: boolean): TemplateResult {
    const isComing = this.draft.images.some(
      ({ uri, enabled, weight }) => enabled && readWeight(weight) && this.#feed?.has(uri),
    );
    return this.isLoading || (isComing && !this.failure)
      ? html`<span class="preview-wait codicon codicon-loading codicon-modifier-spin" aria-hidden="true"></span>`
      : html`<p class="preview-empty">${this.panel.say(isEmpty ? 'panel.preview.empty' : 'panel.preview.nothing')}</p>`;
  }

  #label(): string {
    const { say } = this.panel;
    if (this.failure) return say('panel.preview.failed', { detail: this.failure });
    return say(this.engine.name === 'local' ? 'panel.preview.local' : 'panel.preview.hosted');
  }

  #start(): Preview | undefined {
    const canvas = this.querySelector('canvas');
    if (this.#preview || !canvas) return this.#preview;
    const preview = new Preview(canvas);
    preview.onFrame(() => {
      this.isShown = true;
      this.failure = undefined;
    });
    preview.onError((error) => {
      this.failure = error.message;
    });
    this.#preview = preview;
    this.#feed = new PixelFeed(this.panel.host, preview, () => {
      this.isLoading = this.#feed?.isLoading ?? false;
      this.#draw('settled');
    });
    return preview;
  }

  #draw(mode: 'dragging' | 'settled'): void {
    this.#preview?.update(previewMixOf(this.draft, this.engine, this.seed), mode);
  }
}

customElements.define('mix-preview', PreviewView);
