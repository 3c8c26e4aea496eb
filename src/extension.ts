import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { App } from './workbench/workbench.ts';

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
  'clearResults',
  'showLog',
] as const satisfies readonly (keyof App)[];

/** Milliseconds between two looks for jobs that another window left behind. */
const lookEvery = 20_000;

let app: Promise<App> | undefined;

/**
 * Registers commands and the panel's return and does nothing more: the rest of the extension is loaded by the first command,
 * by a panel that comes back after a reload, or where jobs were left behind.
 */
export function activate(context: vscode.ExtensionContext): void {
  const load = () => {
    app ??= import('./workbench/workbench.ts').then(({ App }) => new App(context));
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
  const look = async () => {
    const jobs = await readdir(join(context.globalStorageUri.fsPath, 'jobs')).catch(() => []); // nothing was ever left behind
    if (jobs.length > 0) await (await load()).resumeJobs();
  };
  void look();
  const looking = setInterval(look, lookEvery);
  context.subscriptions.push({ dispose: () => clearInterval(looking) });
}

/** Puts jobs aside. VS Code waits some seconds for this, as it does not for what lies in `context.subscriptions`. */
export async function deactivate(): Promise<void> {
  await (await app)?.dispose();
}
