import * as vscode from 'vscode';

/** The code of an error of VS Code's file system, such as `FileNotFound`; undefined for any other error. */
export function fileErrorCode(error: unknown): string | undefined {
  return error instanceof vscode.FileSystemError ? error.code : undefined;
}

/** Whether a file exists. Rejects if nobody can tell, for example because its folder can't be read. */
export async function fileExists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch (error) {
    if (fileErrorCode(error) === 'FileNotFound') return false;
    throw error;
  }
}
