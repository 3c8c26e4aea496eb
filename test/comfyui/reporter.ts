import type { NodeProgress, TextEvent } from './events.ts';
import type { Prompt } from './queue.ts';
import { pipeline, type Raster } from './raster.ts';
import type { Sockets } from './sockets.ts';

const JPEG_QUALITY = 95;

/** Sends what happens to one prompt to its client. Without a client id, progress and previews go to everybody, and the rest to nobody. */
export class Reporter {
  /** The messages for the history. */
  readonly messages: TextEvent[] = [];
  currentNode: string | null = null;
  readonly #prompt: Prompt;
  readonly #sockets: Sockets;
  readonly #hasStates: boolean;
  readonly #states = new Map<string, NodeProgress>();

  /** @param hasStates whether the version knows `progress_state`. */
  constructor(prompt: Prompt, sockets: Sockets, hasStates: boolean) {
    this.#prompt = prompt;
    this.#sockets = sockets;
    this.#hasStates = hasStates;
  }

  /** An event that also becomes part of the history. */
  message(type: string, data: TextEvent['data'], audience: 'client' | 'client-or-all' = 'client'): void {
    const event = { type, data: { prompt_id: this.#prompt.id, ...data, timestamp: Date.now() } };
    this.messages.push(event);
    if (audience === 'client-or-all') this.#sockets.send(this.#prompt.clientId, event);
    else this.#toClient(event);
  }

  /** Announces the node that runs now; null: the prompt has finished. */
  executing(node: string | null): void {
    this.currentNode = node;
    this.#toClient({
      type: 'executing',
      data: { node, ...(node === null ? {} : { display_node: node }), prompt_id: this.#prompt.id },
    });
  }

  executed(node: string, output: unknown): void {
    this.#toClient({ type: 'executed', data: { node, display_node: node, output, prompt_id: this.#prompt.id } });
  }

  /** The state of a node, together with those before it. */
  state(node: string, state: NodeProgress['state'], value = state === 'finished' ? 1 : 0, max = 1): void {
    this.#states.set(node, {
      value,
      max,
      state,
      node_id: node,
      prompt_id: this.#prompt.id,
      display_node_id: node,
      parent_node_id: null,
      real_node_id: node,
    });
    if (!this.#hasStates) return;
    this.#sockets.send(this.#prompt.clientId, {
      type: 'progress_state',
      data: { prompt_id: this.#prompt.id, nodes: Object.fromEntries(this.#states) },
    });
  }

  progress(node: string, value: number, max: number): void {
    this.#sockets.send(this.#prompt.clientId, {
      type: 'progress',
      data: { value, max, prompt_id: this.#prompt.id, node },
    });
  }

  async preview(node: string, raster: Raster): Promise<void> {
    const jpeg = await pipeline(raster).removeAlpha().jpeg({ quality: JPEG_QUALITY }).toBuffer();
    this.#sockets.sendPreview(this.#prompt.clientId, jpeg, node, this.#prompt.id);
  }

  #toClient(event: TextEvent): void {
    if (this.#prompt.clientId !== undefined) this.#sockets.send(this.#prompt.clientId, event);
  }
}
