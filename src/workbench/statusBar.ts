import * as vscode from 'vscode';
import { nameOfJob } from '../app/jobView.ts';
import type { Messages } from '../app/messages/messages.ts';
import { isUnfinished } from '../jobs/job.ts';
import type { JobSnapshot } from '../jobs/jobRunner.ts';

/** A status bar item that shows running jobs while the panel isn't visible. A click shows the panel. */
export class StatusBar {
  readonly #item: vscode.StatusBarItem;
  readonly #workspaceStorage: string;
  readonly #messages: Messages;

  /** @param workspaceStorage the storage of this window's workspace. */
  constructor(workspaceStorage: string, messages: Messages) {
    this.#workspaceStorage = workspaceStorage;
    this.#messages = messages;
    this.#item = vscode.window.createStatusBarItem('imageMixer.jobs', vscode.StatusBarAlignment.Left);
    this.#item.name = messages.say('product.name');
    this.#item.command = 'imageMixer.open';
  }

  update(jobs: readonly JobSnapshot[], panelVisible: boolean): void {
    const active = jobs.filter(({ record }) => isUnfinished(record));
    const first = active.find(({ record }) => record.state === 'running') ?? active[0];
    if (!first || panelVisible) {
      this.#item.hide();
      return;
    }
    const { fraction } = first.progress;
    const percent = fraction === undefined ? '' : ` ${Math.round(fraction * 100)} %`;
    const count = active.length > 1 ? ` (${active.length})` : '';
    this.#item.text = `$(sync~spin) ${this.#messages.stage(first.progress.stage)}${percent}${count}`;
    this.#item.tooltip = this.#messages.say('status.tooltip', {
      name: nameOfJob(first.record, this.#workspaceStorage, this.#messages),
    });
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
