import * as vscode from 'vscode';
import { fileExists } from './fileErrors.ts';

/** Opens an unsaved recipe file with this text. @param folder where it would be saved. */
export async function openNewRecipe(text: string, folder: vscode.Uri): Promise<void> {
  const file = await unusedRecipeName(folder);
  const document = await vscode.workspace.openTextDocument(file.with({ scheme: 'untitled' }));
  const edit = new vscode.WorkspaceEdit();
  edit.insert(document.uri, new vscode.Position(0, 0), text);
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showTextDocument(document);
}

/** A name for a new recipe that neither a file nor an unsaved document has. */
async function unusedRecipeName(folder: vscode.Uri): Promise<vscode.Uri> {
  for (let number = 1; ; number++) {
    const file = vscode.Uri.joinPath(folder, number === 1 ? 'new.mix.json' : `new-${number}.mix.json`);
    const isOpen = vscode.workspace.textDocuments.some(
      ({ uri }) => uri.scheme === 'untitled' && uri.path === file.path,
    );
    if (!isOpen && !(await fileExists(file))) return file;
  }
}
