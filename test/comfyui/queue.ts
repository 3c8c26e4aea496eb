import type { Graph } from './graph.ts';

/** A prompt that's accepted. */
export interface Prompt {
  readonly id: string;
  readonly number: number;
  readonly graph: Graph;
  readonly extraData: Readonly<Record<string, unknown>>;
  /** The output nodes to run. */
  readonly outputs: readonly string[];
  readonly clientId: string | undefined;
  /** Whether another user queued it, through the controls. */
  readonly isStrangers: boolean;
  readonly createdAt: number;
}

/** A prompt as `/queue` and the history show it. */
export type QueueItem = readonly [number, string, Graph, Readonly<Record<string, unknown>>, readonly string[]];

export function itemOf({ number, id, graph, extraData, outputs }: Prompt): QueueItem {
  return [number, id, graph, extraData, outputs];
}

/** The prompts that wait, and the one that runs. */
export class PromptQueue {
  /** By number. */
  #pending: Prompt[] = [];
  #running: Prompt | undefined;
  #count = 0;

  get running(): Prompt | undefined {
    return this.#running;
  }

  /** In the order in which they run. */
  get pending(): readonly Prompt[] {
    return this.#pending;
  }

  /** Pending prompts in the order of `/queue`: a heap, whose first alone is certain. */
  get heap(): readonly Prompt[] {
    const [first, ...rest] = this.#pending;
    return first ? [first, ...rest.reverse()] : [];
  }

  get remaining(): number {
    return this.#pending.length + (this.#running ? 1 : 0);
  }

  /** The number for a new prompt. One for the front is negative. */
  nextNumber(front: boolean): number {
    const number = this.#count++;
    return front ? -number : number;
  }

  add(prompt: Prompt): void {
    this.#pending = [...this.#pending, prompt].sort((a, b) => a.number - b.number);
  }

  /** Makes the first pending prompt the running one. */
  take(): Prompt | undefined {
    this.#running = this.#pending.shift();
    return this.#running;
  }

  finish(): void {
    this.#running = undefined;
  }

  /** Removes pending prompts, and returns them. */
  remove(isRemoved: (prompt: Prompt) => boolean): readonly Prompt[] {
    const removed = this.#pending.filter(isRemoved);
    this.#pending = this.#pending.filter((prompt) => !removed.includes(prompt));
    return removed;
  }
}
