import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Commands } from './workbench/commands.ts';
import type { Workbench } from './workbench/workbench.ts';

/** The contributed commands, and `openAccount`, which buttons run. Each is a method of Commands. */
const commandNames = [
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
] as const satisfies readonly (keyof Commands)[];

/** Milliseconds between checks for jobs that another window left behind. */
const recoveryInterval = 20_000;

let workbench: Promise<Workbench> | undefined;

/**
 * Registers commands and the restoring of the panel. The rest of the extension is loaded by the first command, by a panel
 * that VS Code restores, or if a closed window left jobs behind.
 */
export function activate(context: vscode.ExtensionContext): void {
  const load = () => {
    workbench ??= import('./workbench/workbench.ts').then(({ Workbench }) => new Workbench(context));
    return workbench;
  };
  for (const name of commandNames) {
    context.subscriptions.push(
      vscode.commands.registerCommand(`imageMixer.${name}`, async (...args: unknown[]) =>
        (await load()).commands[name](...args),
      ),
    );
  }
  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer('imageMixer.panel', {
      deserializeWebviewPanel: async (panel) => (await load()).restorePanel(panel),
    }),
  );
  // Usually there are no such jobs, and reading one folder shows that.
  const resumeJobs = async () => {
    const jobs = await readdir(join(context.globalStorageUri.fsPath, 'jobs')).catch(() => []); // no job was ever started
    if (jobs.length > 0) await (await load()).resumeJobs();
  };
  void resumeJobs();
  const timer = setInterval(resumeJobs, recoveryInterval);
  context.subscriptions.push({ dispose: () => clearInterval(timer) });
}

/** Suspends running jobs. VS Code waits some seconds for this, but not for `context.subscriptions`. */
export async function deactivate(): Promise<void> {
  await (await workbench)?.dispose();
}
