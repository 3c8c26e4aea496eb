import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { Application } from '../app/application.ts';
import type { Messages } from '../app/messages/messages.ts';
import type { Questions } from '../app/ports.ts';
import { MixFailure } from '../mix/failure.ts';
import { fileErrorCode, fileExists } from './fileErrors.ts';

/** Opens a result next to the panel. Paths are absolute, here and below. */
export async function openResult(path: string): Promise<void> {
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(path), vscode.ViewColumn.Beside);
}

/** Shows a result in the Explorer, or opens it if it is outside the workspace. */
export async function revealResult(path: string): Promise<void> {
  const uri = vscode.Uri.file(path);
  if (vscode.workspace.getWorkspaceFolder(uri)) await vscode.commands.executeCommand('revealInExplorer', uri);
  else await vscode.commands.executeCommand('vscode.open', uri);
}

/** Copies a result from storage to a place that the user chooses. @throws MixFailure `save-failed` if it can't be written there. */
export async function saveResultAs(path: string, messages: Messages): Promise<void> {
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(join(homedir(), basename(path))),
    title: messages.say('announce.saveAs'),
  });
  if (!target) return;
  try {
    await vscode.workspace.fs.copy(vscode.Uri.file(path), target, { overwrite: true });
  } catch (cause) {
    if (fileErrorCode(cause) === undefined) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new MixFailure('save-failed/write-error', { args: { path: target.fsPath, detail }, cause });
  }
}

/**
 * Moves a result to the Trash. If there is none, as on servers and some drives, asks whether to delete it permanently.
 * Resolves with false if the user declines. @throws MixFailure `save-failed` if it can't be deleted.
 */
export async function deleteResult(path: string, messages: Messages, questions: Questions): Promise<boolean> {
  const file = vscode.Uri.file(path);
  try {
    if (!(await fileExists(file)) || (await moveToTrash(file))) return true;
    const isSure = await questions.confirm({
      message: messages.say('result.deleteQuestion', { name: basename(path) }),
      detail: messages.say('result.deleteDetail'),
      yes: messages.say('result.deleteForGood'),
      isDestructive: true,
    });
    if (isSure) await vscode.workspace.fs.delete(file);
    return isSure;
  } catch (cause) {
    if (fileErrorCode(cause) === undefined) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new MixFailure('save-failed/not-deleted', { args: { path, detail }, cause });
  }
}

/** Empties the list of results, after asking. Results created without an open folder are deleted; the files of the others stay. */
export async function clearResults(
  { results, messages, background }: Pick<Application, 'results' | 'messages' | 'background'>,
  questions: Questions,
): Promise<void> {
  const { results: all, failure } = await results.list();
  if (all.length === 0 && failure) throw failure;
  if (all.length === 0) {
    background(vscode.window.showInformationMessage(messages.say('results.none')));
    return;
  }
  const stored = all.filter((result) => results.isStored(result)).length;
  const isSure = await questions.confirm({
    message: messages.say('results.clearQuestion', { count: all.length }),
    detail:
      stored === 0 ? messages.say('results.clearDetail') : messages.say('results.clearDetailStored', { count: stored }),
    yes: messages.say('results.clear'),
    isDestructive: true,
  });
  if (isSure) await results.clear(all); // results added in the meantime stay
}

/** Resolves with false if there is no Trash: VS Code reports that by an error without a code of its own. */
async function moveToTrash(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.delete(file, { useTrash: true });
    return true;
  } catch (error) {
    switch (fileErrorCode(error)) {
      case undefined: // not an error of the file system
      case 'NoPermissions':
        throw error;
      case 'FileNotFound':
        return true;
      default:
        return false;
    }
  }
}
