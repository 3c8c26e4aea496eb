import * as vscode from 'vscode';
import type { Application } from '../app/application.ts';
import type { Questions } from '../app/ports.ts';
import type { Handlers } from '../protocol/channel.ts';
import type { FailureFix, HostContract } from '../protocol/contract.ts';
import { importAddresses } from './editorFiles.ts';
import { pickImages } from './imagePicker.ts';
import { askForUrl, pickPrompt } from './inputBoxes.ts';
import type { LinkEditor } from './linkEditor.ts';
import { deleteResult, openResult, revealResult } from './resultActions.ts';
import { changeSetting } from './settingChange.ts';

/**
 * Answers every call of the panel: the application does what it can, and VS Code the rest.
 * @param runCommand runs a command of the extension directly, since VS Code replaces the errors of commands.
 */
export function panelHandlers(
  app: Application,
  links: LinkEditor,
  questions: Questions,
  runCommand: (command: FailureFix | 'showLog') => unknown,
): Handlers<HostContract> {
  const { panel: service, messages, importer, results, prompts } = app;
  return {
    ...service.handlers(),
    addUris: ({ uris }) => importAddresses(uris, app),
    pickImages: async () => importer.importFiles(await pickImages(app)),
    pickReplacement: async () => importer.importFiles(await pickImages(app, false)),
    askUrl: async () => {
      const url = await askForUrl(messages);
      return importer.import(url === undefined ? [] : [url]);
    },
    pickPrompt: async () => ({ prompt: (await pickPrompt(prompts, messages)) ?? null }),
    openResult: async ({ id }) => openResult((await service.result(id)).path),
    revealResult: async ({ id }) => revealResult((await service.result(id)).path),
    copyPath: async ({ id }) => {
      await vscode.env.clipboard.writeText((await service.result(id)).path);
      vscode.window.setStatusBarMessage(messages.say('result.copied'), 3000);
    },
    insertLink: async ({ id }) => ({ file: (await links.insert(await service.result(id))) ?? null }),
    deleteResult: async ({ id }) => {
      const { path } = await service.result(id);
      if (await deleteResult(path, messages, questions)) await results.forget(new Set([id]));
    },
    runCommand: async ({ command }) => {
      switch (command) {
        case 'openSettings':
          return void (await openSettings('@ext:imagemixer.image-mixer', 'any'));
        case 'setServers':
          return void (await openSettings('@id:imageMixer.comfyui.servers', 'machine'));
        default:
          return void (await runCommand(command));
      }
    },
    changeSetting: ({ name, value }) => changeSetting(name, value),
  };
}

/** Opens the settings editor. Settings of the machine are in a tab of their own if the window is connected to another one. */
async function openSettings(query: string, scope: 'any' | 'machine'): Promise<void> {
  const isElsewhere = scope === 'machine' && vscode.env.remoteName !== undefined;
  await vscode.commands.executeCommand(
    isElsewhere ? 'workbench.action.openRemoteSettings' : 'workbench.action.openSettings',
    { query },
  );
}
