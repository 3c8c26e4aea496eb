import { basename, dirname, parse } from 'node:path';
import * as vscode from 'vscode';
import { holdsPictures, pictureLink } from '../app/imageLink.ts';
import type { Result } from '../app/resultList.ts';

/** The editor that links go into: the last one in use whose language holds pictures. */
export class LinkTarget {
  readonly #subscription: vscode.Disposable;
  #editor: Pick<vscode.TextEditor, 'document' | 'viewColumn'> | undefined;

  constructor() {
    const { activeTextEditor, visibleTextEditors } = vscode.window;
    for (const editor of [...visibleTextEditors, activeTextEditor]) this.#note(editor);
    this.#subscription = vscode.window.onDidChangeActiveTextEditor((editor) => this.#note(editor));
  }

  /** Writes a link to a picture over the selection there, and shows it. The name of the file; undefined where there is none. */
  async insert({ path, draft }: Pick<Result, 'path' | 'draft'>): Promise<string | undefined> {
    const target = this.#editor && !this.#editor.document.isClosed ? this.#editor : await findInTabs();
    if (!target) return undefined;
    const { document, viewColumn } = target;
    const editor = await vscode.window.showTextDocument(document, viewColumn === undefined ? {} : { viewColumn });
    const alt = draft.prompt.trim() || parse(path).name;
    const link = pictureLink(document.languageId, folderOf(document, path), path, alt);
    const done = await editor.edit((edit) => {
      for (const selection of editor.selections) edit.replace(selection, link);
    });
    return done ? basename(document.uri.path) : undefined;
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #note(editor: vscode.TextEditor | undefined): void {
    if (editor && holdsPictures(editor.document.languageId)) this.#editor = editor;
  }
}

/** A text that holds pictures, in a tab that was not looked at since this window is watched; rather one that is in front. */
async function findInTabs(): Promise<Pick<vscode.TextEditor, 'document' | 'viewColumn'> | undefined> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  for (const { input, group } of tabs.toSorted((one, other) => Number(other.isActive) - Number(one.isActive))) {
    if (!(input instanceof vscode.TabInputText)) continue;
    const document = await vscode.workspace.openTextDocument(input.uri);
    if (holdsPictures(document.languageId)) return { document, viewColumn: group.viewColumn };
  }
  return undefined;
}

/** What links are relative to: the folder of the text, or of the workspace where the text has none yet. */
function folderOf({ uri }: vscode.TextDocument, picture: string): string {
  if (uri.scheme === 'file') return dirname(uri.fsPath);
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dirname(picture);
}
