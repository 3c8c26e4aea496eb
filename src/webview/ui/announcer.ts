import { html, type PropertyValues, type TemplateResult } from 'lit';
import type { JobView } from '../../protocol/contract.ts';
import { PanelElement } from './panelElement.ts';

/** Tells those who listen what those who look can see: a job's stages and how it ended. */
export class Announcer extends PanelElement {
  static override properties = {
    jobs: { attribute: false },
    text: { state: true },
  };
  declare jobs: readonly JobView[];
  declare text: string;
  #told: ReadonlyMap<string, string> | undefined;

  constructor() {
    super();
    this.text = '';
  }

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has('jobs')) return;
    const now = new Map(this.jobs.map((job) => [job.id, this.#tell(job)]));
    const told = this.#told;
    // what was there before the panel was is no news
    const news = told ? [...now].filter(([id, text]) => told.get(id) !== text).map(([, text]) => text) : [];
    if (news.length > 0) this.text = news.join(' ');
    this.#told = now;
  }

  override render(): TemplateResult {
    return html`<div class="for-listeners" role="status" aria-live="polite">${this.text}</div>`;
  }

  #tell({ state, name, message, progress }: JobView): string {
    const { say } = this.panel;
    switch (state) {
      case 'waiting':
      case 'running':
        return `${name}: ${say(`panel.stage.${progress.stage}`)}.`;
      case 'done':
        return [say('panel.job.done', { name }), message].join(' ').trim();
      case 'failed':
        return [say('panel.job.failed', { name }), message].join(' ').trim();
      case 'cancelled':
        return [say('panel.job.cancelled', { name }), message].join(' ').trim();
    }
  }
}

customElements.define('mix-announcer', Announcer);
