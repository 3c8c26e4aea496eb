import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Commands } from './workbench/commands.ts';
import { LeftoverWatch } from './workbench/leftoverWatch.ts';
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
  'checkComfyUI',
  'setComfyUIAuthorization',
  'newComfyUIWorkflow',
  'newRecipe',
  'openRecipeFromImage',
  'clearResults',
  'showLog',
] as const satisfies readonly (keyof Commands)[];

let workbench: Promise<Workbench> | undefined;

/**
 * Registers commands and the restoring of the panel. The rest of the extension is loaded by the first command, by a panel
 * that VS Code restores, or if a closed window left jobs behind.
 */
export function activate(context: vscode.ExtensionContext): void {
  let channel: vscode.LogOutputChannel | undefined;
  const log = () => {
    channel ??= vscode.window.createOutputChannel('Image Mixer', { log: true });
    return channel;
  };
  const load = () => {
    workbench ??= import('./workbench/workbench.ts').then(({ Workbench }) => new Workbench(context, log()));
    workbench.catch(() => {
      workbench = undefined; // the next command tries again; this one gets the error
    });
    return workbench;
  };
  for (const name of commandNames) {
    context.subscriptions.push(
      vscode.commands.registerCommand(`imageMixer.${name}`, async (...args: unknown[]) =>
        (await load()).runCommand(name, args),
      ),
    );
  }
  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer('imageMixer.panel', {
      deserializeWebviewPanel: async (panel) => (await load()).restorePanel(panel),
    }),
  );
  context.subscriptions.push(
    new LeftoverWatch({
      folder: join(context.globalStorageUri.fsPath, 'jobs'),
      isLoaded: () => workbench !== undefined,
      resume: async (time) => (await load()).resumeJobs(time),
      onError: (error) => log().error(error instanceof Error ? error : String(error)),
    }),
  );
}

/** Suspends running jobs. VS Code waits some seconds for this, but not for `context.subscriptions`. */
export async function deactivate(): Promise<void> {
  await (await workbench)?.dispose();
}
