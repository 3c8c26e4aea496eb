import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { canShowImages, resultLink } from '../app/resultLink.ts';
import type { Result } from '../app/resultStore.ts';

/** Inserts links into the editor that was used last, among those whose language can show images. */
export class LinkEditor {
  readonly #subscription: vscode.Disposable;
  #editor: Pick<vscode.TextEditor, 'document' | 'viewColumn'> | undefined;

  constructor() {
    const { activeTextEditor, visibleTextEditors } = vscode.window;
    for (const editor of [...visibleTextEditors, activeTextEditor]) this.#remember(editor);
    this.#subscription = vscode.window.onDidChangeActiveTextEditor((editor) => this.#remember(editor));
  }

  /** Replaces the selection with a link to a result and shows the editor. Resolves with the file's name; undefined if no editor fits. */
  async insert(result: Pick<Result, 'path' | 'recipe'>): Promise<string | undefined> {
    const target = this.#editor && !this.#editor.document.isClosed ? this.#editor : await findInTabs();
    if (!target) return undefined;
    const { document, viewColumn } = target;
    const editor = await vscode.window.showTextDocument(document, viewColumn === undefined ? {} : { viewColumn });
    const link = resultLink(document.languageId, folderOf(document, result.path), result);
    const done = await editor.edit((edit) => {
      for (const selection of editor.selections) edit.replace(selection, link);
    });
    return done ? basename(document.uri.path) : undefined;
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #remember(editor: vscode.TextEditor | undefined): void {
    if (editor && canShowImages(editor.document.languageId)) this.#editor = editor;
  }
}

/** The notebook that a document is a cell of. */
function notebookOf(document: vscode.TextDocument): vscode.NotebookDocument | undefined {
  return vscode.workspace.notebookDocuments.find((notebook) =>
    notebook.getCells().some((cell) => cell.document === document),
  );
}

/** A document in a tab that hasn't been active since this window opened; visible ones come first. */
async function findInTabs(): Promise<Pick<vscode.TextEditor, 'document' | 'viewColumn'> | undefined> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  for (const { input, group } of tabs.toSorted((one, other) => Number(other.isActive) - Number(one.isActive))) {
    if (!(input instanceof vscode.TabInputText)) continue;
    const document = await vscode.workspace.openTextDocument(input.uri);
    if (canShowImages(document.languageId)) return { document, viewColumn: group.viewColumn };
  }
  return undefined;
}

/** The folder that links are relative to: that of the document or its notebook, or the workspace's if that isn't saved yet. */
function folderOf(document: vscode.TextDocument, result: string): string {
  const { uri } = notebookOf(document) ?? document;
  if (uri.scheme === 'file') return dirname(uri.fsPath);
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dirname(result);
}
