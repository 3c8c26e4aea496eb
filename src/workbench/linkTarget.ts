import { basename, dirname, parse } from 'node:path';
import * as vscode from 'vscode';
import { holdsPictures, pictureLink } from './pictureLink.ts';
import type { Result } from './results.ts';

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
    const target = this.#editor;
    if (!target || target.document.isClosed) return undefined;
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

/** What links are relative to: the folder of the text, or of the workspace where the text has none yet. */
function folderOf({ uri }: vscode.TextDocument, picture: string): string {
  if (uri.scheme === 'file') return dirname(uri.fsPath);
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dirname(picture);
}
