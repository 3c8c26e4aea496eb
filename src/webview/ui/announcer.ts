import { html, type PropertyValues, type TemplateResult } from 'lit';
import type { JobView } from '../../protocol/contract.ts';
import { PanelElement } from './panelElement.ts';

/** A live region that announces the stages and the end of each job to screen readers. */
export class Announcer extends PanelElement {
  static override properties = {
    jobs: { attribute: false },
    text: { state: true },
  };
  declare jobs: readonly JobView[];
  declare text: string;
  #announced: ReadonlyMap<string, string> | undefined;

  constructor() {
    super();
    this.text = '';
  }

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has('jobs')) return;
    const current = new Map(this.jobs.map((job) => [job.id, this.#describe(job)]));
    const announced = this.#announced;
    // Jobs that are already there when the panel opens aren't announced.
    const changes = announced ? [...current].filter(([id, text]) => announced.get(id) !== text) : [];
    if (changes.length > 0) this.text = changes.map(([, text]) => text).join(' ');
    this.#announced = current;
  }

  override render(): TemplateResult {
    return html`<div class="visually-hidden" role="status" aria-live="polite">${this.text}</div>`;
  }

  #describe({ state, name, message, progress }: JobView): string {
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
