import * as vscode from 'vscode';
import { type NetworkRules, networkRules, networkSettingsSchema } from '../network/connectionRules.ts';

/** How connections are made now, by VS Code's own settings and the environment. */
export function currentNetworkRules(): NetworkRules {
  const http = vscode.workspace.getConfiguration('http');
  const values = Object.keys(networkSettingsSchema.shape).map((name) => [name, http.get<unknown>(name)]);
  return networkRules(networkSettingsSchema.parse(Object.fromEntries(values)), process.env);
}
