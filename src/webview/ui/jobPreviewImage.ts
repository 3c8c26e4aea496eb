import { html, type PropertyValues, type TemplateResult } from 'lit';
import type { JobPreview } from '../../protocol/contract.ts';
import { PanelElement } from './panelElement.ts';

/** What the unfinished result of a job looks like. */
export class JobPreviewImage extends PanelElement {
  static override properties = {
    preview: { attribute: false },
    name: { attribute: false },
    url: { state: true },
  };
  declare preview: JobPreview;
  /** The job's. */
  declare name: string;
  declare url: string;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    URL.revokeObjectURL(this.url);
  }

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has('preview')) return;
    // The image before stays in sight until this one is loaded.
    if (this.url) URL.revokeObjectURL(this.url);
    const { bytes, mime } = this.preview;
    this.url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  }

  override render(): TemplateResult {
    return html`<img class="job-preview" src=${this.url} alt=${this.panel.say('panel.job.preview', { name: this.name })} />`;
  }
}

customElements.define('mix-job-preview', JobPreviewImage);
