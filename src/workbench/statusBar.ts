import * as vscode from 'vscode';
import type { JobSnapshot } from '../jobs/runner.ts';
import type { Words } from '../app/messages/messages.ts';

/** A status-bar item that shows running jobs while the panel is out of sight; a click brings the panel back. */
export class StatusBar {
  readonly #item: vscode.StatusBarItem;
  readonly #words: Words;

  constructor(words: Words) {
    this.#words = words;
    this.#item = vscode.window.createStatusBarItem('imageMixer.jobs', vscode.StatusBarAlignment.Left);
    this.#item.name = words.say('panel.title');
    this.#item.command = 'imageMixer.open';
  }

  update(jobs: readonly JobSnapshot[], panelVisible: boolean): void {
    const active = jobs.filter(({ record }) => record.state === 'waiting' || record.state === 'running');
    const first = active.find(({ record }) => record.state === 'running') ?? active[0];
    if (!first || panelVisible) {
      this.#item.hide();
      return;
    }
    const { fraction } = first.progress;
    const percent = fraction === undefined ? '' : ` ${Math.round(fraction * 100)} %`;
    const count = active.length > 1 ? ` (${active.length})` : '';
    this.#item.text = `$(sync~spin) ${this.#words.say(`panel.stage.${first.progress.stage}`)}${percent}${count}`;
    this.#item.tooltip = this.#words.say('status.tooltip', { name: first.record.request.name });
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
