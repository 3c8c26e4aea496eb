import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { JobSnapshot } from '../jobs/runner.ts';
import { type FailureCode, failureFromRecord } from '../mix/failure.ts';
import { mendingOf } from '../app/failureFix.ts';
import { reveal } from './panelHandlers.ts';
import type { Words } from '../app/messages/messages.ts';

/** Tells how a job ended where nobody is looking at the panel: once, with what can be done next. */
export async function announce(job: JobSnapshot, words: Words): Promise<void> {
  const { record } = job;
  if (record.failure) {
    await announceFailure(words.failure(failureFromRecord(record.failure)), record.failure.code, words);
    return;
  }
  const picture = record.pictures.find(({ written }) => written);
  if (record.state !== 'done' || !picture) return;
  const inWorkspace = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(picture.path)) !== undefined;
  const action = words.say(inWorkspace ? 'announce.reveal' : 'announce.saveAs');
  const count = record.pictures.filter(({ written }) => written).length;
  const message = words.say(count > 1 ? 'announce.doneMany' : 'announce.done', { name: basename(picture.path), count });
  const answer = await vscode.window.showInformationMessage(message, action);
  if (answer !== action) return;
  if (inWorkspace) await reveal(picture);
  else await saveAs(picture.path, words);
}

/** Shows a failure with buttons that lead to where it is mended, or to the log. */
export async function announceFailure(message: string, code: FailureCode, words: Words): Promise<void> {
  const mending = mendingOf(code);
  const commands = mending.length > 0 ? mending : (['showLog'] as const);
  const buttons = commands.map((command) => ({ title: words.say(`announce.${command}`), command }));
  const answer = await vscode.window.showErrorMessage(message, ...buttons);
  if (answer) await vscode.commands.executeCommand(`imageMixer.${answer.command}`);
}

/** Copies a picture from the extension's storage to where people want it. */
export async function saveAs(path: string, words: Words): Promise<void> {
  const from = vscode.Uri.file(path);
  const to = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(join(homedir(), basename(path))),
    title: words.say('announce.saveAs'),
  });
  if (to) await vscode.workspace.fs.copy(from, to, { overwrite: true });
}
