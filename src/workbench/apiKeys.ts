import * as vscode from 'vscode';
import type { Words } from '../app/messages/messages.ts';

/** API keys in SecretStorage, one for each origin: a key is never used for another origin than it was set for. */
export class ApiKeys {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  get(origin: string): Promise<string | undefined> {
    return Promise.resolve(this.#secrets.get(slot(origin)));
  }

  async set(origin: string, key: string): Promise<void> {
    await this.#secrets.store(slot(origin), key);
  }

  async clear(origin: string): Promise<void> {
    await this.#secrets.delete(slot(origin));
  }

  /** Calls the listener when a key was set or cleared, in this window or another. */
  onChange(listener: () => void): vscode.Disposable {
    return this.#secrets.onDidChange(({ key }) => {
      if (key.startsWith(prefix)) listener();
    });
  }
}

const prefix = 'imageMixer.apiKey:';
const slot = (origin: string) => `${prefix}${origin}`;

/** Asks for a key in an input box; undefined where it was left with Escape. */
export async function askForKey(origin: string, words: Words): Promise<string | undefined> {
  const key = await vscode.window.showInputBox({
    title: words.say('key.title'),
    prompt: words.say('key.prompt', { origin }),
    password: true,
    ignoreFocusOut: true,
    validateInput: (value) => (isKey(value) ? undefined : words.say('key.invalid')),
  });
  return key?.trim();
}

/** Whether a text can be a key: something, on one line, of plain characters. */
export function isKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,512}$/.test(value.trim());
}
