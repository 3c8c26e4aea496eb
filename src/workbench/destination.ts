import { join } from 'node:path';
import * as vscode from 'vscode';
import { outputFolder } from '../app/jobRequest.ts';
import type { Destination } from '../output/destination.ts';
import { setting } from './settings.ts';

/** Where a mix belongs: the folder its sources are relative to, and where its pictures go. */
export interface Place {
  /** Absolute path of the workspace folder, or of the extension's storage where no folder is open. */
  readonly root: string;
  readonly destination: Destination;
  /** False where no folder is open: then the pictures lie in storage until they are saved elsewhere. */
  readonly inWorkspace: boolean;
}

/**
 * The place of a mix: the workspace folder of the first file that lies in one, else the first workspace folder, else storage.
 * @param storage absolute path of the extension's storage.
 * @param outputs a folder that the caller names; the setting otherwise.
 * @throws MixFailure `save-failed` where the setting points out of the folder; SettingError where a setting is wrong.
 */
export function placeOf(files: readonly vscode.Uri[], storage: string, outputs?: vscode.Uri): Place {
  const folders = files.map((file) => vscode.workspace.getWorkspaceFolder(file));
  const folder = folders.find((found) => found !== undefined) ?? vscode.workspace.workspaceFolders?.[0];
  const root = folder?.uri.fsPath ?? join(storage, 'untitled');
  const target = outputs?.fsPath ?? outputFolder(root, setting('output.folder', folder?.uri));
  return {
    root,
    inWorkspace: folder !== undefined,
    destination: {
      folder: target,
      root: outputs?.fsPath ?? root,
      fileName: setting('output.fileName', folder?.uri),
      embedRecipe: setting('output.embedRecipe', folder?.uri),
    },
  };
}
