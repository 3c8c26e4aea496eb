import * as vscode from 'vscode';
import { setting } from './settings.ts';
import type { Words } from '../app/messages/messages.ts';

const given = 'imageMixer.uploadsAllowed';

/** Whether images of the workspace may go to the service: the setting, or what was answered once in this workspace. */
export class UploadConsent {
  readonly #memory: vscode.Memento;
  readonly #words: Words;

  constructor(memory: vscode.Memento, words: Words) {
    this.#memory = memory;
    this.#words = words;
  }

  /** What holds now, without asking anyone. */
  allowed(): boolean {
    const uploads = setting('hosted.uploads');
    return uploads === 'allow' || (uploads === 'ask' && this.#memory.get(given) === true);
  }

  /** Asks where the setting says so and nobody was asked yet. */
  async ask(origin: string): Promise<boolean> {
    if (this.allowed() || setting('hosted.uploads') === 'never') return this.allowed();
    const yes = this.#words.say('upload.allow');
    const answer = await vscode.window.showInformationMessage(
      this.#words.say('upload.question', { origin }),
      { modal: true, detail: this.#words.say('upload.detail') },
      yes,
    );
    if (answer === yes) await this.#memory.update(given, true);
    return answer === yes;
  }
}
