import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { messageOf } from '../model/panelActions.ts';
import type { Thumbnail } from '../thumbnailCache.ts';
import { PanelElement } from './panelElement.ts';

/**
 * A small picture that is fetched once it comes near the visible part of the panel. Fires `thumbnail-state` with the
 * message as detail where it cannot be shown, and with undefined where it can.
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
  /** The picture's name for those who don't see it; empty where its name stands beside it. */
  declare name: string;
  /** The square it fits, in CSS pixels. */
  declare side: number;
  declare thumbnail: Thumbnail | undefined;
  declare failed: boolean;
  #isNear = false;
  #listening: AbortController | undefined;
  readonly #nearness = new IntersectionObserver(([entry]) => this.#moved(entry?.isIntersecting ?? false), {
    rootMargin: '400px',
    scrollMargin: '400px',
  });

  constructor() {
    super();
    this.failed = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#nearness.observe(this);
    this.#listening = new AbortController();
    this.panel.model.onImageChanged((uri) => this.#renewed(uri), this.#listening);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#nearness.disconnect();
    this.#listening?.abort();
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

  #moved(isNear: boolean): void {
    this.#isNear = isNear;
    if (isNear) void this.#load();
    else this.thumbnail = undefined;
  }

  /** Its file has changed: until the new picture is here the old one stays, so that nothing flickers. */
  #renewed(uri: string): void {
    if (uri !== this.uri) return;
    if (this.#isNear) void this.#load(true);
    else this.failed = false;
  }

  async #load(anew = false): Promise<void> {
    const uri = this.uri;
    if (this.thumbnail && !anew) return;
    try {
      const thumbnail = await this.panel.thumbnails.get(uri, this.side);
      if (uri !== this.uri) return;
      if (this.#isNear) this.thumbnail = thumbnail;
      this.failed = false;
      this.#tell(undefined);
    } catch (error) {
      if (uri !== this.uri) return;
      this.thumbnail = undefined;
      this.failed = true;
      this.#tell(messageOf(error));
    }
  }

  #tell(message: string | undefined): void {
    this.dispatchEvent(new CustomEvent('thumbnail-state', { detail: message }));
  }
}

customElements.define('mix-thumbnail', ThumbnailView);
