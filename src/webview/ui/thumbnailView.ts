import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { messageOf } from '../model/panelActions.ts';
import type { Thumbnail } from '../thumbnailCache.ts';
import { PanelElement } from './panelElement.ts';

/**
 * A thumbnail that loads when it comes near the viewport. Then it fires `thumbnail-state` with a message as detail if the image
 * can't be shown, or only in part, and with undefined otherwise.
 */
export class ThumbnailView extends PanelElement {
  static override properties = {
    uri: { attribute: false },
    name: { attribute: false },
    side: { attribute: false },
    thumbnail: { state: true },
    failed: { state: true },
  };
  declare uri: string;
  /** The alternative text. Empty if the name is shown beside the thumbnail. */
  declare name: string;
  /** The side of the square that it fits, in CSS pixels. */
  declare side: number;
  declare thumbnail: Thumbnail | undefined;
  declare failed: boolean;
  #isNear = false;
  #listeners: AbortController | undefined;
  readonly #viewportObserver = new IntersectionObserver(([entry]) => this.#onNear(entry?.isIntersecting ?? false), {
    rootMargin: '400px',
    scrollMargin: '400px',
  });

  constructor() {
    super();
    this.failed = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#viewportObserver.observe(this);
    this.#listeners = new AbortController();
    const { model } = this.panel;
    model.onImageChanged((uri) => this.#onImageChanged(uri), this.#listeners);
    model.addEventListener('engine', () => this.#retry(), this.#listeners);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#viewportObserver.disconnect();
    this.#listeners?.abort();
  }

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has('uri')) return;
    this.thumbnail = undefined;
    this.failed = false;
    if (this.#isNear) void this.#load();
  }

  override render(): TemplateResult | typeof nothing {
    if (this.thumbnail) {
      const { url, width, height } = this.thumbnail;
      return html`<img src=${url} alt=${this.name} width=${width} height=${height} draggable="false" decoding="async" />`;
    }
    const icon = this.failed ? 'codicon-warning' : 'codicon-file-media';
    const hidden = this.name === '';
    return html`<span
      class="no-thumbnail codicon ${icon}"
      role=${hidden ? nothing : 'img'}
      aria-label=${hidden ? nothing : this.name}
      aria-hidden=${hidden ? 'true' : nothing}
    ></span>`;
  }

  #onNear(isNear: boolean): void {
    this.#isNear = isNear;
    if (isNear) void this.#load();
    else this.thumbnail = undefined;
  }

  /** Reloads the thumbnail after its file has changed. The old one stays until then, so that nothing flickers. */
  #onImageChanged(uri: string): void {
    if (uri !== this.uri) return;
    if (this.#isNear) void this.#load(true);
    else this.failed = false;
  }

  /** Requests an image that failed once more, because the settings or the trust changed. */
  #retry(): void {
    if (!this.failed) return;
    if (this.#isNear) void this.#load(true);
    else this.failed = false;
  }

  /** An image that failed isn't requested again, until it changes, just because it comes near the viewport again. */
  async #load(isReload = false): Promise<void> {
    const uri = this.uri;
    if ((this.thumbnail || this.failed) && !isReload) return;
    try {
      const thumbnail = await this.panel.thumbnails.get(uri, this.side);
      if (uri !== this.uri) return;
      if (this.#isNear) this.thumbnail = thumbnail;
      this.failed = false;
      this.#emitState(thumbnail.warnings.join(' ') || undefined);
    } catch (error) {
      if (uri !== this.uri) return;
      this.thumbnail = undefined;
      this.failed = true;
      this.#emitState(messageOf(error));
    }
  }

  #emitState(message: string | undefined): void {
    this.dispatchEvent(new CustomEvent('thumbnail-state', { detail: message }));
  }
}

customElements.define('mix-thumbnail', ThumbnailView);
