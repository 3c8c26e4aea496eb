import type { TextEvent } from './events.ts';
import type { NamedFile } from './nodes/nodeClass.ts';
import { itemOf, type Prompt, type QueueItem } from './queue.ts';

/** A finished prompt as `/history` shows it. */
export interface HistoryEntry {
  readonly prompt: QueueItem;
  readonly outputs: Readonly<Record<string, { readonly images: readonly NamedFile[] }>>;
  readonly status: {
    readonly status_str: 'success' | 'error';
    readonly completed: boolean;
    readonly messages: readonly (readonly [string, TextEvent['data']])[];
  };
  readonly meta: Readonly<Record<string, unknown>>;
}

/** How a prompt ended. */
export interface Ending {
  readonly succeeded: boolean;
  readonly outputs: HistoryEntry['outputs'];
  readonly messages: readonly TextEvent[];
}

const LONGEST_HISTORY = 10_000;

/** The finished prompts. */
export class History {
  readonly #entries = new Map<string, HistoryEntry>();

  get entries(): ReadonlyMap<string, HistoryEntry> {
    return this.#entries;
  }

  write(prompt: Prompt, { succeeded, outputs, messages }: Ending): void {
    const meta = Object.keys(outputs).map((id) => [
      id,
      { node_id: id, display_node: id, parent_node: null, real_node_id: id },
    ]);
    this.#entries.delete(prompt.id);
    this.#entries.set(prompt.id, {
      prompt: itemOf(prompt),
      outputs,
      status: {
        status_str: succeeded ? 'success' : 'error',
        completed: succeeded,
        messages: messages.map(({ type, data }) => [type, data]),
      },
      meta: Object.fromEntries(meta),
    });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > LONGEST_HISTORY && oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(id: string): void {
    this.#entries.delete(id);
  }

  clear(): void {
    this.#entries.clear();
  }
}
