import type { WebSocket } from 'ws';
import { z } from 'zod';
import { previewFrame, previewFrameWithMetadata, type TextEvent, textFrame, unknownFrame } from './events.ts';

const flagsSchema = z.object({
  type: z.literal('feature_flags'),
  data: z.looseObject({ supports_preview_metadata: z.boolean().optional() }),
});

interface Client {
  readonly socket: WebSocket;
  /** Whether previews get metadata. */
  metadata: boolean;
  /** Whether nothing is sent any more, though the socket is open. */
  silent: boolean;
}

/** The sockets by client id. Only the newest of an id gets events. */
export class Sockets {
  readonly #clients = new Map<string, Client>();
  /** Sockets that the server has no entry for any more, but that are open. */
  readonly #all = new Set<WebSocket>();
  readonly #waiters = new Set<() => void>();
  readonly #flags: () => Readonly<Record<string, unknown>> | undefined;

  /** @param flags answers a client's feature flags; undefined: the server knows none. */
  constructor(flags: () => Readonly<Record<string, unknown>> | undefined) {
    this.#flags = flags;
  }

  get ids(): readonly string[] {
    return [...this.#clients.keys()];
  }

  /** Adds the socket of a client, instead of an older one of the same id, and sends the first events. */
  add(id: string, socket: WebSocket, greeting: readonly TextEvent[]): void {
    const older = this.#clients.get(id);
    const client: Client = { socket, metadata: false, silent: false };
    this.#clients.set(id, client);
    this.#all.add(socket);
    socket.on('close', () => {
      this.#all.delete(socket);
      // As in ComfyUI, the entry goes even if a newer socket has taken it over: that one gets nothing any more.
      this.#clients.delete(id);
      this.#settle();
    });
    socket.once('message', (data) => this.#agree(client, String(data)));
    for (const event of greeting) sendTo(client, event);
    this.#settle();
    // A network that has lost a connection lets it go only now.
    if (older?.silent) older.socket.terminate();
  }

  /** Sends an event to a client, or to all. */
  send(id: string | undefined, event: TextEvent): void {
    for (const client of this.#receivers(id)) sendTo(client, event);
  }

  /** Sends a preview to the client of its prompt, or without metadata to all. */
  sendPreview(id: string | undefined, jpeg: Buffer, nodeId: string, promptId: string): void {
    for (const client of this.#receivers(id)) {
      if (client.silent) continue;
      const metadata = id !== undefined && client.metadata;
      client.socket.send(metadata ? previewFrameWithMetadata(jpeg, nodeId, promptId) : previewFrame(jpeg));
    }
  }

  /** Sends what custom packs send: a text event and binary events of types that clients don't know. */
  sendExtras(): void {
    const event = { type: 'crystools.monitor', data: { cpu_utilization: 12.5 } };
    for (const client of this.#receivers(undefined)) {
      if (client.silent) continue;
      sendTo(client, event);
      client.socket.send(textFrame('monitor', 'A text of a node'));
      client.socket.send(unknownFrame);
    }
  }

  /** Closes the sockets of a client, or all, without a handshake. */
  drop(id?: string): void {
    if (id !== undefined) this.#clients.get(id)?.socket.terminate();
    else for (const socket of this.#all) socket.terminate();
  }

  silence(): void {
    for (const client of this.#clients.values()) client.silent = true;
  }

  /** Resolves once there are this many clients. */
  async until(count: number): Promise<void> {
    while (this.#clients.size !== count) await new Promise<void>((resolve) => this.#waiters.add(resolve));
  }

  #settle(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }

  #receivers(id: string | undefined): readonly Client[] {
    if (id === undefined) return [...this.#clients.values()];
    const client = this.#clients.get(id);
    return client ? [client] : [];
  }

  /** A client's first frame can have its feature flags. */
  #agree(client: Client, text: string): void {
    const flags = this.#flags();
    if (!flags) return;
    const frame = flagsSchema.safeParse(parsed(text));
    if (!frame.success) return;
    client.metadata = frame.data.data.supports_preview_metadata ?? false;
    sendTo(client, { type: 'feature_flags', data: flags });
  }
}

function sendTo({ socket, silent }: Client, event: TextEvent): void {
  if (!silent) socket.send(JSON.stringify(event));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
