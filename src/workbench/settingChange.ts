import * as vscode from 'vscode';
import { workspace } from './vscodePorts.ts';

/** Changes the setting `imageMixer.NAME` where it's set, or else in the user's settings. */
export async function changeSetting(name: string, value: unknown): Promise<void> {
  const folder = workspace.firstFolder();
  const settings = vscode.workspace.getConfiguration(
    'imageMixer',
    folder === undefined ? null : vscode.Uri.file(folder),
  );
  const { workspaceFolderValue, workspaceValue } = settings.inspect(name) ?? {};
  const { WorkspaceFolder, Workspace, Global } = vscode.ConfigurationTarget;
  const target =
    workspaceFolderValue !== undefined ? WorkspaceFolder : workspaceValue !== undefined ? Workspace : Global;
  await settings.update(name, value, target);
}
