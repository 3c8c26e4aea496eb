import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { canShowImages, resultLink } from '../app/resultLink.ts';
import type { Result } from '../app/resultStore.ts';

/** Inserts links into the editor that was used last, among those whose language can show images. */
export class LinkEditor {
  readonly #subscription: vscode.Disposable;
  #editor: Pick<vscode.TextEditor, 'document' | 'viewColumn' | 'selections'> | undefined;

  constructor() {
    const { activeTextEditor, visibleTextEditors } = vscode.window;
    for (const editor of [...visibleTextEditors, activeTextEditor]) this.#remember(editor);
    this.#subscription = vscode.window.onDidChangeActiveTextEditor((editor) => this.#remember(editor));
  }

  /** Replaces the selection with a link to a result and shows the editor. Resolves with the file's name; undefined if no editor fits. */
  async insert(result: Pick<Result, 'path' | 'recipe'>): Promise<string | undefined> {
    const remembered = this.#editor && !this.#editor.document.isClosed ? this.#editor : undefined;
    const notebook = remembered && notebookOf(remembered.document);
    if (notebook) return insertIntoCell(remembered, notebook, result);
    const target = remembered ?? (await findInTabs());
    if (!target) return undefined;
    const { document, viewColumn } = target;
    const editor = await vscode.window.showTextDocument(document, viewColumn === undefined ? {} : { viewColumn });
    const link = resultLink(document.languageId, folderOf(document.uri, result.path), result);
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

/** A cell's editor may not be on screen, so that VS Code can't show it as it shows other documents. */
async function insertIntoCell(
  { document, selections }: Pick<vscode.TextEditor, 'document' | 'selections'>,
  notebook: vscode.NotebookDocument,
  result: Pick<Result, 'path' | 'recipe'>,
): Promise<string | undefined> {
  const link = resultLink(document.languageId, folderOf(notebook.uri, result.path), result);
  const edit = new vscode.WorkspaceEdit();
  for (const selection of selections) edit.replace(document.uri, selection, link);
  if (!(await vscode.workspace.applyEdit(edit))) return undefined;
  const tab = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .find(({ input }) => input instanceof vscode.TabInputNotebook && input.uri.toString() === notebook.uri.toString());
  await vscode.window.showNotebookDocument(notebook, tab ? { viewColumn: tab.group.viewColumn } : {});
  return basename(notebook.uri.path);
}

/** The notebook that a document is a cell of. */
function notebookOf(document: vscode.TextDocument): vscode.NotebookDocument | undefined {
  return vscode.workspace.notebookDocuments.find((notebook) =>
    notebook.getCells().some((cell) => cell.document === document),
  );
}

/** The folder that links are relative to: that of the document or notebook, or the workspace's if that isn't saved yet. */
function folderOf(uri: vscode.Uri, result: string): string {
  if (uri.scheme === 'file') return dirname(uri.fsPath);
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dirname(result);
}
