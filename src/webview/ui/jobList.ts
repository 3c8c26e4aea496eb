import '@vscode-elements/elements/dist/vscode-progress-bar/vscode-progress-bar.js';
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { numbered } from '../../mix/displayNames.ts';
import type { JobView } from '../../protocol/contract.ts';
import { FocusKeeper } from './focusKeeper.ts';
import { iconButton } from './iconButton.ts';
import { PanelElement } from './panelElement.ts';
import { textButton } from './textButton.ts';
import './thumbnailView.ts';

/** Whether a job is still to be heard of: it waits, runs, failed, or ended with something to say that nobody knows yet. */
function isShown({ state, message }: JobView): boolean {
  switch (state) {
    case 'waiting':
    case 'running':
    case 'failed':
      return true;
    case 'done':
    case 'cancelled':
      return message !== undefined;
  }
}

const order: readonly JobView['state'][] = ['running', 'waiting', 'failed', 'done', 'cancelled'];

/** The jobs that wait or run, with their progress, and those that ended with something to say. */
export class JobList extends PanelElement {
  static override properties = { jobs: { attribute: false } };
  declare jobs: readonly JobView[];

  constructor() {
    super();
    new FocusKeeper(this, '.job', 'button, vscode-button');
  }

  override render(): TemplateResult | typeof nothing {
    const shown = this.jobs.filter(isShown).toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
    if (shown.length === 0) return nothing;
    const names = numbered(shown.map(({ name }) => name));
    return html`<ul class="jobs" aria-label=${this.panel.say('panel.jobs')}>
      ${repeat(
        shown,
        ({ id }) => id,
        (job, at) => html`<li class="job is-${job.state}">
          ${this.#job({ ...job, name: names[at] ?? job.name }, at === 0)}
        </li>`,
      )}
    </ul>`;
  }

  #job(job: JobView, isFirst: boolean): TemplateResult {
    return job.state === 'waiting' || job.state === 'running' ? this.#going(job, isFirst) : this.#ended(job);
  }

  #going(job: JobView, isFirst: boolean): TemplateResult {
    const { say, actions } = this.panel;
    const label = isFirst ? say('panel.job.cancel') : say('panel.job.cancelNamed', { name: job.name });
    const { fraction } = job.progress;
    return html`
      ${this.#thumbnail(job)}
      <span class="job-name" title=${job.name}>${job.name}</span>
      <span class="job-stage">${this.#stage(job)}</span>
      ${textButton(say('panel.job.cancel'), () => void actions.cancel(job.id), { secondary: true, name: label })}
      <vscode-progress-bar
        class="job-progress"
        aria-label=${say('panel.job.progress', { name: job.name })}
        ?indeterminate=${job.state === 'running' && fraction === undefined}
        .value=${(fraction ?? 0) * 100}
      ></vscode-progress-bar>
    `;
  }

  /** The first source, by which a job is told from others at a glance. */
  #thumbnail({ source }: JobView): TemplateResult {
    return html`<span class="job-picture">${
      source === undefined ? nothing : html`<mix-thumbnail .uri=${source} .name=${''} .side=${96}></mix-thumbnail>`
    }</span>`;
  }

  #stage({ progress }: JobView): string {
    const { say, formats } = this.panel;
    const { stage, done, total, etaSeconds } = progress;
    return [
      say(`panel.stage.${stage}`),
      ...(done !== undefined && total !== undefined && total > 1 ? [say('panel.job.count', { done, total })] : []),
      ...(etaSeconds === undefined ? [] : [say('panel.job.left', { time: formats.duration(etaSeconds) })]),
    ].join(' · ');
  }

  #ended(job: JobView): TemplateResult {
    const { say, actions } = this.panel;
    const icon = job.state === 'failed' ? 'error' : 'warning';
    return html`
      ${this.#thumbnail(job)}
      <span class="job-icon codicon codicon-${icon}" aria-hidden="true"></span>
      <span class="job-name" title=${job.name}>${job.name}</span>
      ${iconButton('close', say('panel.job.dismiss', { name: job.name }), () => void actions.dismiss(job.id))}
      <p class="job-message">${job.message ?? say('panel.job.failed', { name: job.name })}</p>
      ${this.#remedies(job)}
    `;
  }

  /** What can be done about a job that ended badly. */
  #remedies(job: JobView): TemplateResult | typeof nothing {
    const { say, actions } = this.panel;
    if (job.state !== 'failed') return nothing;
    const remedy = (label: string, act: () => void) => textButton(label, act, { secondary: true });
    return html`<div class="buttons job-remedies">
      ${job.canCheckAgain ? remedy(say('panel.job.checkAgain'), () => void actions.checkAgain(job.id)) : nothing}
      ${job.fixes.map((command) => remedy(say(`panel.job.${command}`), () => void actions.runCommand(command)))}
      ${
        job.canCheckAgain || job.fixes.length > 0
          ? nothing
          : remedy(say('panel.job.showLog'), () => void actions.runCommand('showLog'))
      }
    </div>`;
  }
}

customElements.define('mix-jobs', JobList);
