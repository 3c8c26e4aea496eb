import { html, type PropertyValues, type TemplateResult } from 'lit';
import type { Draft } from '../../mix/draft.ts';
import { RemoteError } from '../../protocol/channel.ts';
import type { EngineView } from '../../protocol/contract.ts';
import { imageFactors, type Size, sizeOfImage } from '../model/aspectRatios.ts';
import { PanelElement } from './panelElement.ts';

/** The side that the image's card requests, so that the host reads the image once. In CSS pixels. */
const thumbnailSide = 96;

/** The sizes that are a multiple of the first image's size. They are off until that size is known. */
export class ImageSizes extends PanelElement {
  static override properties = {
    draft: { attribute: false },
    engine: { attribute: false },
    size: { state: true },
  };
  declare draft: Draft;
  declare engine: EngineView;
  /** The size of the first image that is turned on. */
  declare size: Size | undefined;
  #uri: string | undefined;
  #listeners: AbortController | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listeners = new AbortController();
    this.panel.model.onImageChanged((uri) => {
      if (uri === this.#uri) void this.#load(uri);
    }, this.#listeners);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listeners?.abort();
  }

  override willUpdate(changed: PropertyValues): void {
    const uri = this.draft.images.find(({ enabled }) => enabled)?.uri;
    const mayWorkNow = changed.has('engine') && this.size === undefined; // trust or a setting may have changed
    if (uri === this.#uri && !mayWorkNow) return;
    this.#uri = uri;
    this.size = undefined;
    if (uri !== undefined) void this.#load(uri);
  }

  override render(): TemplateResult {
    const { say } = this.panel;
    const label = say('panel.size.ofImage');
    return html`<div class="image-sizes" role="group" aria-label=${label}>
      <span class="image-sizes-label" aria-hidden="true">${label}</span>
      ${imageFactors.map((factor, at) => this.#button(factor, at))}
    </div>`;
  }

  #button(factor: number, at: number): TemplateResult {
    const { say, model } = this.panel;
    const sizes = imageFactors.map((each) => this.size && sizeOfImage(this.size, each, this.engine));
    const size = sizes[at];
    const { width, height } = this.draft;
    const isReachable =
      size && !sizes.slice(0, at).some((smaller) => smaller?.width === size.width && smaller.height === size.height);
    const name = say('panel.size.ofImageTimes', { factor });
    return html`<button
      type="button"
      class="ratio"
      aria-pressed=${String(isReachable === true && width === size.width && height === size.height)}
      aria-label=${name}
      title=${size ? `${name} (${size.width} × ${size.height})` : name}
      ?disabled=${!isReachable}
      @click=${() => size && model.edit((draft) => ({ ...draft, ...size }))}
    >×${factor}</button>`;
  }

  async #load(uri: string): Promise<void> {
    try {
      const { width, height } = await this.panel.thumbnails.get(uri, thumbnailSide);
      if (uri === this.#uri) this.size = { width, height };
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      if (uri === this.#uri) this.size = undefined; // the image's card says why
    }
  }
}

customElements.define('mix-image-sizes', ImageSizes);
