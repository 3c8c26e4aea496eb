import { basename } from 'node:path';
import * as vscode from 'vscode';
import { MixFailure } from '../mix/failure.ts';
import type { Words } from '../app/messages/messages.ts';

/**
 * Takes a picture out of the project: to the bin, or for good, after asking, where VS Code has no bin. False where people
 * would rather keep it. @throws MixFailure `save-failed` where it can't be deleted.
 */
export async function discardPicture(path: string, words: Words): Promise<boolean> {
  const file = vscode.Uri.file(path);
  if (!(await exists(file)) || (await toBin(file))) return true;
  const yes = words.say('result.deleteForGood');
  const answer = await vscode.window.showWarningMessage(
    words.say('result.deleteQuestion', { name: basename(path) }),
    { modal: true, detail: words.say('result.deleteDetail') },
    yes,
  );
  if (answer !== yes) return false;
  try {
    await vscode.workspace.fs.delete(file);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new MixFailure('save-failed/not-deleted', { args: { path, detail }, cause });
  }
  return true;
}

async function exists(file: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
}

/** VS Code says by an error that it has no bin: on servers, and on some drives. */
async function toBin(file: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.delete(file, { useTrash: true }).then(
    () => true,
    () => false,
  );
}
