import '@vscode-elements/elements/dist/vscode-textfield/vscode-textfield.js';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import type { ResultView } from '../../protocol/contract.ts';
import { namesFromPaths } from '../model/pathNames.ts';
import { FocusKeeper } from './focusKeeper.ts';
import { PanelElement } from './panelElement.ts';
import './resultCard.ts';

/** The number of results rendered at first, and added each time the user scrolls near the end. */
const pageSize = 12;
/** The number of results from which the filter is shown. */
const minResultsForFilter = 8;

interface NamedResult {
  readonly result: ResultView;
  readonly name: string;
}

/** The results, newest first. A long list renders only as far as the user has scrolled. */
export class ResultList extends PanelElement {
  static override properties = {
    results: { attribute: false },
    compared: { attribute: false },
    filter: { attribute: false },
    renderedCount: { state: true },
  };
  declare results: readonly ResultView[];
  /** The ids of the compared results. */
  declare compared: readonly string[];
  /** The words that a result's name or prompt must contain. */
  declare filter: string;
  declare renderedCount: number;
  #named: readonly NamedResult[] = [];
  readonly #end = createRef<HTMLElement>();
  readonly #endObserver = new IntersectionObserver(([entry]) => this.#onEndNear(entry?.isIntersecting ?? false), {
    rootMargin: '600px',
    scrollMargin: '600px', // in two columns the list has its own scroll container
  });

  constructor() {
    super();
    new FocusKeeper(this, '.results > li', '.result-delete');
    this.renderedCount = pageSize;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#endObserver.disconnect();
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('results')) {
      const results = this.results.toSorted((a, b) => b.createdAt - a.createdAt);
      const names = namesFromPaths(results.map(({ path }) => path));
      this.#named = results.map((result, at) => ({ result, name: names[at] ?? result.path }));
    }
    if (changed.has('filter')) this.renderedCount = pageSize;
  }

  override updated(): void {
    // A new observation reports at once whether the end, which may have moved, is still near.
    this.#endObserver.disconnect();
    if (this.#end.value) this.#endObserver.observe(this.#end.value);
  }

  override render(): TemplateResult {
    const { say } = this.panel;
    const matching = this.#matching();
    return html`
      <header class="section-head">
        <h2>${say('panel.results')}</h2>
        ${this.#named.length > 0 ? html`<span class="count">${this.#named.length}</span>` : nothing}
        ${this.#named.length >= minResultsForFilter || this.filter !== '' ? this.#filterBox() : nothing}
      </header>
      ${this.#named.length === 0 ? html`<p class="empty-text">${say('panel.results.empty')}</p>` : nothing}
      ${this.#named.length > 0 && matching.length === 0 ? html`<p class="empty-text">${say('panel.results.noMatch')}</p>` : nothing}
      <ul class="results" aria-label=${say('panel.results')}>
        ${repeat(
          matching.slice(0, this.renderedCount),
          ({ result }) => result.id,
          ({ result, name }) => html`<li>
            <mix-result
              .result=${result}
              .name=${name}
              .isCompared=${this.compared.includes(result.id)}
            ></mix-result>
          </li>`,
        )}
      </ul>
      ${matching.length > this.renderedCount ? html`<div ${ref(this.#end)} class="results-end"></div>` : nothing}
    `;
  }

  #filterBox(): TemplateResult {
    const label = this.panel.say('panel.results.filter');
    return html`<vscode-textfield
      class="results-filter"
      .label=${label}
      .placeholder=${label}
      .value=${this.filter}
      @input=${(event: InputEvent) => {
        const field = event.currentTarget as HTMLElement & { value: string }; // the listener is on the text field
        this.panel.model.filterResults(field.value);
      }}
    ></vscode-textfield>`;
  }

  #matching(): readonly NamedResult[] {
    const words = this.filter.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return this.#named;
    return this.#named.filter(({ result, name }) => {
      const text = `${name} ${result.prompt}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  #onEndNear(isNear: boolean): void {
    if (isNear) this.renderedCount += pageSize;
  }
}

customElements.define('mix-results', ResultList);
