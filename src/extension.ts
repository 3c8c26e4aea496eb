import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { App } from './workbench/app.ts';

/** The commands that the extension contributes, and what buttons run; each is a method of App by the name after `imageMixer.`. */
const commands = [
  'open',
  'mixSelected',
  'addToMix',
  'run',
  'setApiKey',
  'clearApiKey',
  'openAccount',
  'newRecipe',
  'openRecipeFromImage',
  'showLog',
] as const satisfies readonly (keyof App)[];

/**
 * Registers commands and the panel's return and does nothing more: the rest of the extension is loaded by the first command,
 * by a panel that comes back after a reload, or where jobs were left behind.
 */
export function activate(context: vscode.ExtensionContext): void {
  let app: Promise<App> | undefined;
  const load = () => {
    app ??= import('./workbench/app.ts').then(({ App }) => {
      const loaded = new App(context);
      context.subscriptions.push(loaded);
      return loaded;
    });
    return app;
  };
  for (const name of commands) {
    context.subscriptions.push(
      vscode.commands.registerCommand(`imageMixer.${name}`, async (...args: unknown[]) =>
        (await load())[name](...args),
      ),
    );
  }
  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer('imageMixer.panel', {
      deserializeWebviewPanel: async (panel) => (await load()).restorePanel(panel),
    }),
  );
  // Work that a closed window left behind goes on; usually there is none, and one look at a folder tells.
  readdir(join(context.globalStorageUri.fsPath, 'jobs')).then(
    async (jobs) => {
      if (jobs.length > 0) await (await load()).resumeJobs();
    },
    () => undefined, // no such folder: nothing was ever left behind
  );
}
