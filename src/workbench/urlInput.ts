import * as vscode from 'vscode';
import type { Words } from '../app/messages/messages.ts';

/** Asks for the address of an image; undefined where it was left with Escape. */
export async function askForUrl(words: Words): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title: words.say('url.title'),
    prompt: words.say('url.prompt'),
    placeHolder: 'https://example.com/picture.jpg',
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === '' || isWebAddress(value) ? undefined : words.say('url.invalid')),
  });
  return text && isWebAddress(text) ? text.trim() : undefined;
}

/** Whether a text is an http or https address. */
export function isWebAddress(text: string): boolean {
  const trimmed = text.trim();
  return /^https?:\/\//i.test(trimmed) && URL.canParse(trimmed);
}
