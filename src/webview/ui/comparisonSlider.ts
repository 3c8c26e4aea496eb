import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { ResultView } from '../../protocol/contract.ts';
import { messageOf } from '../model/panelActions.ts';
import { namesFromPaths } from '../model/pathNames.ts';
import { PanelElement } from './panelElement.ts';

/** A result over the preview, or two results, divided by a movable line. Escape ends the comparison. */
export class ComparisonSlider extends PanelElement {
  static override properties = {
    results: { attribute: false },
    position: { state: true },
    urls: { state: true },
  };
  /** One or two. */
  declare results: readonly ResultView[];
  /** The position of the line, in percent from the left. */
  declare position: number;
  /** Object URLs of the loaded results, by result id. */
  declare urls: ReadonlyMap<string, string>;
  #listeners: AbortController | undefined;

  constructor() {
    super();
    this.position = 50;
    this.urls = new Map();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listeners = new AbortController();
    document.addEventListener('keydown', (event) => this.#onKeyDown(event), { signal: this.#listeners.signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listeners?.abort();
    for (const url of this.urls.values()) URL.revokeObjectURL(url);
    this.urls = new Map();
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('results')) for (const { id } of this.results) if (!this.urls.has(id)) void this.#load(id);
  }

  override firstUpdated(): void {
    this.querySelector('input')?.focus({ preventScroll: true });
    this.scrollIntoView({ block: 'nearest' });
  }

  override render(): TemplateResult {
    const { say, formats } = this.panel;
    const names = namesFromPaths(this.results.map(({ path }) => path));
    const [left = '', right = ''] = names.length === 2 ? names : [say('panel.preview'), ...names];
    const [under, over] = this.results.length === 2 ? this.results : [undefined, this.results[0]];
    return html`
      ${under ? this.#image(under, left, '') : nothing}
      ${over ? this.#image(over, right, `clip-path: inset(0 0 0 ${this.position}%)`) : nothing}
      <span class="compare-name is-left" aria-hidden="true">${left}</span>
      <span class="compare-name is-right" aria-hidden="true">${right}</span>
      <input
        type="range"
        class="compare-line"
        min="0"
        max="100"
        step="1"
        .value=${String(this.position)}
        aria-label=${say('panel.compare.slider', { left, right })}
        aria-valuetext=${say('panel.compare.value', { share: formats.percent(this.position / 100), left })}
        @input=${(event: InputEvent) => {
          const input = event.currentTarget as HTMLInputElement; // the listener is on the input itself
          this.position = input.valueAsNumber;
        }}
      />
    `;
  }

  #image({ id }: ResultView, name: string, style: string): TemplateResult | typeof nothing {
    const url = this.urls.get(id);
    return url ? html`<img src=${url} alt=${name} .style=${style} draggable="false" />` : nothing;
  }

  async #load(id: string): Promise<void> {
    const { host, model } = this.panel;
    try {
      const { bytes } = await host.call('readResult', { id });
      if (!this.isConnected) return;
      this.urls = new Map(this.urls).set(id, URL.createObjectURL(new Blob([bytes])));
    } catch (error) {
      model.reportProblems([{ code: 'not-compared', message: messageOf(error) }]);
      model.endComparison();
    }
  }

  #onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    this.panel.model.endComparison();
  }
}

customElements.define('mix-comparison', ComparisonSlider);
