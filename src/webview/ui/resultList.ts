import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { ResultView } from '../../protocol/contract.ts';
import { namesOf } from '../model/names.ts';
import { PanelElement } from './panelElement.ts';
import './resultCard.ts';

/** The pictures that were made, newest first. */
export class ResultList extends PanelElement {
  static override properties = { ...PanelElement.properties, results: { attribute: false } };
  declare results: readonly ResultView[];

  override render(): TemplateResult {
    const { say } = this.panel;
    const results = this.results.toSorted((a, b) => b.createdAt - a.createdAt);
    const names = namesOf(results.map(({ path }) => path));
    return html`
      <header class="section-head">
        <h2>${say('panel.results')}</h2>
        ${results.length > 0 ? html`<span class="count">${results.length}</span>` : nothing}
      </header>
      ${results.length === 0 ? html`<p class="empty-text">${say('panel.results.empty')}</p>` : nothing}
      <ul class="results" aria-label=${say('panel.results')}>
        ${repeat(
          results,
          ({ id }) => id,
          (result, at) => html`<li>
            <mix-result .panel=${this.panel} .result=${result} .name=${names[at] ?? result.path}></mix-result>
          </li>`,
        )}
      </ul>
    `;
  }
}

customElements.define('mix-results', ResultList);
