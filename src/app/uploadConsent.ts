import type { Background } from './background.ts';
import type { Messages } from './messages/messages.ts';
import type { KeyValueStore, Questions } from './ports.ts';
import type { Settings } from './settings.ts';

const consentKey = 'imageMixer.uploadsAllowed';

/** Whether images of the workspace may be uploaded to the service, by the setting or by the user's earlier answer in this workspace. */
export class UploadConsent {
  readonly #settings: Settings;
  readonly #store: KeyValueStore;
  readonly #questions: Questions;
  readonly #messages: Messages;
  readonly #background: Background;
  /** Whether the user agreed in this window. The answer counts even if it can't be saved. */
  #hasAgreed = false;
  /** The questions that the user hasn't answered yet, by origin. */
  readonly #open = new Map<string, Promise<boolean>>();

  constructor(options: {
    settings: Settings;
    store: KeyValueStore;
    questions: Questions;
    messages: Messages;
    background: Background;
  }) {
    this.#settings = options.settings;
    this.#store = options.store;
    this.#questions = options.questions;
    this.#messages = options.messages;
    this.#background = options.background;
  }

  /** Whether uploads are allowed now. Doesn't ask. */
  isGiven(): boolean {
    const uploads = this.#settings.get('hosted.uploads');
    switch (uploads) {
      case 'allow':
        return true;
      case 'never':
        return false;
      case 'ask':
        return this.#hasAgreed || this.#store.get(consentKey) === true;
    }
  }

  /** Asks the user, unless the setting or an earlier yes decides. A question that is open already isn't asked once more. */
  async request(origin: string): Promise<boolean> {
    if (this.isGiven()) return true;
    if (this.#settings.get('hosted.uploads') === 'never') return false;
    const open = this.#open.get(origin);
    if (open) return open;
    const answer = this.#ask(origin).finally(() => this.#open.delete(origin));
    this.#open.set(origin, answer);
    return answer;
  }

  async #ask(origin: string): Promise<boolean> {
    const allowed = await this.#questions.confirm({
      message: this.#messages.say('upload.question', { origin }),
      detail: this.#messages.say('upload.detail'),
      yes: this.#messages.say('upload.allow'),
      isDestructive: false,
    });
    if (allowed) {
      this.#hasAgreed = true;
      this.#background(this.#store.update(consentKey, true));
    }
    return allowed;
  }
}
