import { rm } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import * as vscode from 'vscode';
import type { Results } from '../app/resultList.ts';
import type { Words } from '../app/messages/messages.ts';

/**
 * Empties the list of results, after asking. Pictures in a project stay where they are; those that were made without an open
 * folder lie in the extension's storage, where nobody would find them any more, and are deleted.
 * @param storage absolute path of the extension's storage.
 */
export async function clearResults(results: Results, storage: string, words: Words): Promise<void> {
  const all = await results.all();
  if (all.length === 0) {
    void vscode.window.showInformationMessage(words.say('results.none'));
    return;
  }
  const stored = all.map(({ path }) => path).filter((path) => liesIn(storage, path));
  const yes = words.say('results.clear');
  const detail =
    stored.length === 0
      ? words.say('results.clearDetail')
      : words.say('results.clearDetailStored', { count: String(stored.length) });
  const question = words.say('results.clearQuestion', { count: String(all.length) });
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return;
  await results.forget(new Set(all.map(({ id }) => id)));
  for (const path of stored) await rm(path, { force: true });
}

function liesIn(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}
