import '@vscode-elements/elements/dist/vscode-progress-bar/vscode-progress-bar.js';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { numbered } from '../../mix/displayNames.ts';
import type { EngineView, JobPreview, JobView } from '../../protocol/contract.ts';
import { Countdowns } from '../model/countdowns.ts';
import { FocusKeeper } from './focusKeeper.ts';
import { iconButton } from './iconButton.ts';
import './jobPreviewImage.ts';
import { PanelElement } from './panelElement.ts';
import { textButton } from './textButton.ts';
import './thumbnailView.ts';

/** Whether a job is listed: it waits, runs or has failed, or it ended with a message. */
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

/** The waiting and running jobs with their progress, and the ended ones that have a message. */
export class JobList extends PanelElement {
  static override properties = {
    jobs: { attribute: false },
    previews: { attribute: false },
    engine: { attribute: false },
  };
  declare jobs: readonly JobView[];
  /** By job id. */
  declare previews: ReadonlyMap<string, JobPreview>;
  declare engine: EngineView;
  readonly #countdowns = new Countdowns();
  #tick: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    new FocusKeeper(this, '.job', 'button, vscode-button');
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#tick);
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has('jobs')) this.#countdowns.update(this.jobs);
  }

  override updated(): void {
    clearTimeout(this.#tick);
    if (this.#countdowns.isRunning) this.#tick = setTimeout(() => this.requestUpdate(), 1000);
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
    return job.state === 'waiting' || job.state === 'running' ? this.#active(job, isFirst) : this.#ended(job);
  }

  #active(job: JobView, isFirst: boolean): TemplateResult {
    const { say, actions } = this.panel;
    const label = isFirst ? say('panel.job.cancel') : say('panel.job.cancelNamed', { name: job.name });
    const { fraction } = job.progress;
    const preview = this.previews.get(job.id);
    return html`
      ${this.#thumbnail(job)}
      <span class="job-name" title=${job.name}>${job.name}</span>
      <span class="job-stage">${this.#stage(job)}</span>
      ${textButton(say('panel.job.cancel'), () => void actions.cancel(job.id), { secondary: true, name: label })}
      ${preview ? html`<mix-job-preview .preview=${preview} .name=${job.name}></mix-job-preview>` : nothing}
      <vscode-progress-bar
        class="job-progress"
        aria-label=${say('panel.job.progress', { name: job.name })}
        ?indeterminate=${job.state === 'running' && fraction === undefined}
        .value=${(fraction ?? 0) * 100}
      ></vscode-progress-bar>
    `;
  }

  /** The first source image, so that jobs can be told apart at a glance. */
  #thumbnail({ source }: JobView): TemplateResult {
    return html`<span class="job-thumbnail">${
      source === undefined ? nothing : html`<mix-thumbnail .uri=${source} .name=${''} .side=${96}></mix-thumbnail>`
    }</span>`;
  }

  #stage({ id, progress, server }: JobView): string {
    const { say, formats } = this.panel;
    const { stage, done, total, ahead } = progress;
    const isOneOfSeveral = (this.engine.comfyui?.servers?.length ?? 0) > 1;
    const remaining = this.#countdowns.remaining(id);
    return [
      say(`panel.stage.${stage}`),
      ...(done !== undefined && total !== undefined && total > 1 ? [say('panel.job.count', { done, total })] : []),
      ...(ahead !== undefined && ahead > 0 ? [say('panel.job.ahead', { count: ahead })] : []),
      ...(server !== undefined && isOneOfSeveral ? [server] : []),
      ...(remaining === undefined ? [] : [say('panel.job.left', { time: formats.duration(remaining) })]),
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
      ${this.#fixes(job)}
    `;
  }

  /** Buttons that may fix a failed job. */
  #fixes(job: JobView): TemplateResult | typeof nothing {
    const { say, actions } = this.panel;
    if (job.state !== 'failed') return nothing;
    const fix = (label: string, onClick: () => void) => textButton(label, onClick, { secondary: true });
    return html`<div class="buttons job-fixes">
      ${job.canCheckAgain ? fix(say('panel.job.checkAgain'), () => void actions.checkAgain(job.id)) : nothing}
      ${job.fixes.map((command) => fix(say(`panel.job.${command}`), () => void actions.runCommand(command)))}
      ${
        job.canCheckAgain || job.fixes.length > 0
          ? nothing
          : fix(say('panel.job.showLog'), () => void actions.runCommand('showLog'))
      }
    </div>`;
  }
}

customElements.define('mix-jobs', JobList);
