import * as vscode from 'vscode';
import type { Announcement, FailureAnnouncement } from '../app/jobFollowUp.ts';
import type { Messages } from '../app/messages/messages.ts';
import type { JobHandle } from '../jobs/jobRunner.ts';
import { MixFailure } from '../mix/failure.ts';
import { revealResult, saveResultAs } from './resultActions.ts';

/** Shows how a job ended as a notification, with buttons for what can be done next. */
export async function showAnnouncement(announcement: Announcement, messages: Messages): Promise<void> {
  if (announcement.kind === 'failed') return showFailure(announcement, messages);
  const { message, path, action } = announcement;
  const label = messages.say(`announce.${action}`);
  if ((await vscode.window.showInformationMessage(message, label)) !== label) return;
  if (action === 'reveal') return revealResult(path);
  try {
    await saveResultAs(path, messages);
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    await vscode.window.showErrorMessage(messages.failure(error));
  }
}

/** Shows a failure with buttons for the commands that fix it, or for the log. */
export async function showFailure({ message, actions }: FailureAnnouncement, messages: Messages): Promise<void> {
  const buttons = actions.map((command) => ({ title: messages.say(`announce.${command}`), command }));
  const chosen = await vscode.window.showErrorMessage(message, ...buttons);
  if (chosen) await vscode.commands.executeCommand(`imageMixer.${chosen.command}`);
}

/** Shows the progress of a job, with a Cancel button, until it ends. @param onProgress as in RecipeRunnerOptions. */
export async function showProgress(
  job: JobHandle,
  onProgress: (report: (message: string) => void) => () => void,
  messages: Messages,
  cancel: () => void,
): Promise<void> {
  const location = vscode.ProgressLocation.Notification;
  const options = { location, title: messages.say('run.title'), cancellable: true };
  await vscode.window.withProgress(options, async (progress, token) => {
    const stop = onProgress((message) => progress.report({ message }));
    token.onCancellationRequested(cancel);
    await job.finished.finally(stop);
  });
}
