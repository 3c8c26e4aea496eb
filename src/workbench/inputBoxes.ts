import * as vscode from 'vscode';
import { isApiKey } from '../app/apiKeys.ts';
import type { Application } from '../app/application.ts';
import type { Messages } from '../app/messages/messages.ts';
import type { PromptHistory } from '../app/promptHistory.ts';
import { isAuthorization } from '../app/serverAuthorizations.ts';
import { isDataUri, isWebUrl } from '../app/webUrl.ts';

/** Asks for an API key; undefined if the user presses Escape. */
export function askForKey(origin: string, messages: Messages): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: messages.say('key.title'),
    prompt: messages.say('key.prompt', { origin }),
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) => (isApiKey(value) ? undefined : messages.say('key.invalid')),
  });
}

/** Asks for the authorization for a server: empty to remove it, undefined if the user presses Escape. */
export async function askForAuthorization(origin: string, messages: Messages): Promise<string | undefined> {
  const value = await vscode.window.showInputBox({
    title: messages.say('authorization.title'),
    prompt: messages.say('authorization.prompt', { origin }),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() === '' || isAuthorization(text) ? undefined : messages.say('authorization.invalid'),
  });
  return value?.trim();
}

/** Lets the user choose a server by its origin; undefined if none is chosen. */
export function pickOrigin(origins: readonly string[], messages: Messages): Thenable<string | undefined> {
  return vscode.window.showQuickPick(origins, { title: messages.say('authorization.pick') });
}

/** Asks for the URL of an image on the web, or in itself (`data:`); undefined if the user presses Escape. */
export async function askForUrl(messages: Messages): Promise<string | undefined> {
  const isAddress = (value: string) => isWebUrl(value) || isDataUri(value);
  const text = await vscode.window.showInputBox({
    title: messages.say('url.title'),
    prompt: messages.say('url.prompt'),
    placeHolder: 'https://example.com/image.jpg',
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === '' || isAddress(value) ? undefined : messages.say('url.invalid')),
  });
  return text && isAddress(text) ? text.trim() : undefined;
}

/** Lets the user choose an earlier prompt; undefined if none is chosen. */
export async function pickPrompt(prompts: PromptHistory, messages: Messages): Promise<string | undefined> {
  const items = prompts.all().map((prompt) => ({ label: prompt.trim().replace(/\s+/g, ' '), prompt }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: messages.say('prompts.title'),
    placeHolder: messages.say(items.length > 0 ? 'prompts.placeholder' : 'prompts.none'),
  });
  return chosen?.prompt;
}

/** The recipe in the active editor, or else one that the user chooses; undefined if none is chosen. */
export async function pickRecipe({
  messages,
  background,
}: Pick<Application, 'messages' | 'background'>): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active?.path.endsWith('.mix.json')) return active;
  const files = await vscode.workspace.findFiles('**/*.mix.json', '**/node_modules/**', 500);
  if (files.length === 0) {
    background(vscode.window.showInformationMessage(messages.say('run.noRecipes')));
    return undefined;
  }
  const items = files.map((uri) => ({ uri, label: vscode.workspace.asRelativePath(uri) }));
  const chosen = await vscode.window.showQuickPick(items, { title: messages.say('run.pick') });
  return chosen?.uri;
}
