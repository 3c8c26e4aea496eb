import * as z from 'zod';
import type { KeyValueStore } from './ports.ts';

const historyKey = 'imageMixer.prompts';
const capacity = 50;

/** The last 50 prompts that mixes of this workspace were started with, newest first. */
export class PromptHistory {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  all(): string[] {
    return z.array(z.string()).safeParse(this.#store.get(historyKey)).data ?? [];
  }

  /** Adds a prompt as the newest. A blank prompt isn't kept. */
  async add(prompt: string): Promise<void> {
    if (prompt.trim() === '') return;
    const others = this.all().filter((other) => other !== prompt);
    await this.#store.update(historyKey, [prompt, ...others].slice(0, capacity));
  }
}
