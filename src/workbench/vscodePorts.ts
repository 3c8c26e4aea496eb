import * as vscode from 'vscode';
import type { KeyValueStore, Questions, Secrets, SettingSource, Workspace } from '../app/ports.ts';
import { type NetworkRules, networkRules, networkSettingsSchema } from '../network/connectionRules.ts';

/** The settings `imageMixer.*` of VS Code. */
export const settingSource: SettingSource = {
  read: (name, folder) =>
    vscode.workspace
      .getConfiguration('imageMixer', folder === undefined ? undefined : vscode.Uri.file(folder))
      .get<unknown>(name),
  onChange: (listener) =>
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('imageMixer')) listener();
    }),
};

/** The open workspace. */
export const workspace: Workspace = {
  isTrusted: () => vscode.workspace.isTrusted,
  onTrust: (listener) => vscode.workspace.onDidGrantWorkspaceTrust(listener),
  firstFolder: () => vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath,
  folderOf: (path) => vscode.workspace.getWorkspaceFolder(vscode.Uri.file(path))?.uri.fsPath,
  displayPath: (path) => vscode.workspace.asRelativePath(path),
};

/** Modal questions. */
export const questions: Questions = {
  confirm: async ({ message, detail, yes, isDestructive }) => {
    const { showInformationMessage, showWarningMessage } = vscode.window;
    const show = isDestructive ? showWarningMessage : showInformationMessage;
    return (await show(message, { modal: true, detail }, yes)) === yes;
  },
};

/** VS Code's secret storage. */
export function secretsOf(storage: vscode.SecretStorage): Secrets {
  return {
    get: async (name) => storage.get(name),
    store: async (name, value) => storage.store(name, value),
    delete: async (name) => storage.delete(name),
    onChange: (listener) => storage.onDidChange(({ key }) => listener(key)),
  };
}

/** The state that VS Code keeps for a workspace. */
export function keyValueStoreOf(memento: vscode.Memento): KeyValueStore {
  return { get: (key) => memento.get(key), update: async (key, value) => memento.update(key, value) };
}

/** The rules for connections, from VS Code's `http.*` settings and the environment. */
export function currentNetworkRules(): NetworkRules {
  const http = vscode.workspace.getConfiguration('http');
  const values = Object.keys(networkSettingsSchema.shape).map((name) => [name, http.get<unknown>(name)]);
  return networkRules(networkSettingsSchema.parse(Object.fromEntries(values)), process.env);
}
