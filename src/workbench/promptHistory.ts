import * as vscode from 'vscode';
import * as z from 'zod';
import type { Words } from '../app/messages/messages.ts';

const key = 'imageMixer.prompts';
/** How many prompts are kept. */
const capacity = 50;

/** The prompts that mixes of this workspace were started with, newest first. */
export class PromptHistory {
  readonly #memory: vscode.Memento;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** Remembers a prompt as the newest; an empty one is none. */
  async add(prompt: string): Promise<void> {
    if (prompt.trim() === '') return;
    await this.#memory.update(key, [prompt, ...this.#all().filter((each) => each !== prompt)].slice(0, capacity));
  }

  /** Lets people choose one; undefined where they don't. */
  async pick(words: Words): Promise<string | undefined> {
    const items = this.#all().map((prompt) => ({ label: prompt.trim().replace(/\s+/g, ' '), prompt }));
    const chosen = await vscode.window.showQuickPick(items, {
      title: words.say('prompts.title'),
      placeHolder: words.say(items.length > 0 ? 'prompts.placeholder' : 'prompts.none'),
    });
    return chosen?.prompt;
  }

  #all(): string[] {
    const kept = z.array(z.string()).safeParse(this.#memory.get(key));
    return kept.success ? kept.data : [];
  }
}
