import { html, nothing, type TemplateResult } from 'lit';
import type { Draft } from '../../mix/draft.ts';
import type { EngineView } from '../../protocol/contract.ts';
import { readSide } from '../model/sizes.ts';
import { PanelElement } from './panelElement.ts';

/** The local mix of the draft as it stands, following every change. */
export class PreviewView extends PanelElement {
  static override properties = {
    ...PanelElement.properties,
    draft: { attribute: false },
    engine: { attribute: false },
  };
  declare draft: Draft;
  declare engine: EngineView;

  override updated(): void {
    const [width, height] = [readSide(this.draft.width) ?? 768, readSide(this.draft.height) ?? 768];
    this.style.setProperty('--ratio', String(width / height));
  }

  override render(): TemplateResult {
    const { say } = this.panel;
    const isEmpty = this.draft.images.length === 0;
    return html`
      <div class="preview-frame ${isEmpty ? 'is-empty' : ''}">
        <canvas role="img" aria-label=${say('panel.preview')}></canvas>
        ${isEmpty ? html`<p class="preview-empty">${say('panel.preview.empty')}</p>` : nothing}
      </div>
      <p class="preview-label">
        ${say(this.engine.name === 'local' ? 'panel.preview.local' : 'panel.preview.hosted')}
      </p>
    `;
  }
}

customElements.define('mix-preview', PreviewView);
