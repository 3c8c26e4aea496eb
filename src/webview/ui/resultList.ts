import '@vscode-elements/elements/dist/vscode-textfield/vscode-textfield.js';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { createRef, ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import type { ResultView } from '../../protocol/contract.ts';
import { namesFromPaths } from '../model/pathNames.ts';
import { FocusKeeper } from './focusKeeper.ts';
import { PanelElement } from './panelElement.ts';
import './resultCard.ts';

/** How many results are drawn at first, and more each time the end of the list comes near. */
const page = 12;
/** From how many results on a filter is of use. */
const filterFrom = 8;

interface Named {
  readonly result: ResultView;
  readonly name: string;
}

/** The pictures that were made, newest first. Of a long list only the part is drawn that people have scrolled to. */
export class ResultList extends PanelElement {
  static override properties = {
    results: { attribute: false },
    compared: { attribute: false },
    filter: { attribute: false },
    drawn: { state: true },
  };
  declare results: readonly ResultView[];
  /** The ids of those that are compared. */
  declare compared: readonly string[];
  /** What a result's name or prompt must have. */
  declare filter: string;
  declare drawn: number;
  #named: readonly Named[] = [];
  readonly #end = createRef<HTMLElement>();
  readonly #nearness = new IntersectionObserver(([entry]) => this.#neared(entry?.isIntersecting ?? false), {
    rootMargin: '600px',
    scrollMargin: '600px', // in two columns the list scrolls by itself
  });

  constructor() {
    super();
    new FocusKeeper(this, '.results > li', '.result-delete');
    this.drawn = page;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#nearness.disconnect();
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('results')) {
      const results = this.results.toSorted((a, b) => b.createdAt - a.createdAt);
      const names = namesFromPaths(results.map(({ path }) => path));
      this.#named = results.map((result, at) => ({ result, name: names[at] ?? result.path }));
    }
    if (changed.has('filter')) this.drawn = page;
  }

  override updated(): void {
    // Observing anew tells at once whether the end, wherever it is now, is still near.
    this.#nearness.disconnect();
    if (this.#end.value) this.#nearness.observe(this.#end.value);
  }

  override render(): TemplateResult {
    const { say } = this.panel;
    const matching = this.#matching();
    return html`
      <header class="section-head">
        <h2>${say('panel.results')}</h2>
        ${this.#named.length > 0 ? html`<span class="count">${this.#named.length}</span>` : nothing}
        ${this.#named.length >= filterFrom || this.filter !== '' ? this.#filterBox() : nothing}
      </header>
      ${this.#named.length === 0 ? html`<p class="empty-text">${say('panel.results.empty')}</p>` : nothing}
      ${this.#named.length > 0 && matching.length === 0 ? html`<p class="empty-text">${say('panel.results.noMatch')}</p>` : nothing}
      <ul class="results" aria-label=${say('panel.results')}>
        ${repeat(
          matching.slice(0, this.drawn),
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
      ${matching.length > this.drawn ? html`<div ${ref(this.#end)} class="results-end"></div>` : nothing}
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
        const field = event.currentTarget as HTMLElement & { value: string }; // the listener sits on the text field
        this.panel.model.filterResults(field.value);
      }}
    ></vscode-textfield>`;
  }

  #matching(): readonly Named[] {
    const words = this.filter.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return this.#named;
    return this.#named.filter(({ result, name }) => {
      const text = `${name} ${result.prompt}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  #neared(isNear: boolean): void {
    if (isNear) this.drawn += page;
  }
}

customElements.define('mix-results', ResultList);
