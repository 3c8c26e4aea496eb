import * as vscode from 'vscode';

/** Absolute paths of the images that come with the extension, for the first run. */
export async function exampleFiles(extension: vscode.Uri): Promise<string[]> {
  const folder = vscode.Uri.joinPath(extension, 'media', 'examples');
  const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name).sort();
  return names.map((name) => vscode.Uri.joinPath(folder, name).fsPath);
}
