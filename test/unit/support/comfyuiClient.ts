import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { WebSocket } from 'undici';
import { z } from 'zod';
import type { ComfyUIServer } from '../../comfyui/server.ts';

const textFrame = z.object({
  type: z.string(),
  data: z.looseObject({ node: z.string().nullish(), prompt_id: z.string().optional() }),
});

/** A frame of the server: text by its type, binary by its number. */
export interface Frame {
  readonly type: string;
  /** Empty for binary frames. */
  readonly data: z.infer<typeof textFrame>['data'];
  readonly bytes: Buffer;
}

/** A bare client for tests of the loopback ComfyUI: requests and a socket whose frames are kept. */
export class BareClient {
  readonly id = randomUUID();
  readonly frames: Frame[] = [];
  readonly server: ComfyUIServer;
  socket: WebSocket | undefined;
  readonly #waiters = new Set<() => void>();

  constructor(server: ComfyUIServer) {
    this.server = server;
  }

  /** Opens a socket, and returns once the first frame has come. */
  async connect(flags = false): Promise<WebSocket> {
    const socket = new WebSocket(`${this.server.url.replace('http', 'ws')}/ws?clientId=${this.id}`);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    const before = this.frames.length;
    socket.addEventListener('message', ({ data }) => {
      this.frames.push(frameOf(data));
      for (const waiter of this.#waiters) waiter();
    });
    if (flags) {
      socket.addEventListener('open', () =>
        socket.send(JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } })),
      );
    }
    await this.until(() => this.frames.length > before);
    if (flags) await this.frame('feature_flags');
    return socket;
  }

  /** Resolves with the first frame of a type that fits. */
  async frame(type: string, fits: (frame: Frame) => boolean = () => true): Promise<Frame> {
    const find = (): Frame | undefined => this.frames.find((frame) => frame.type === type && fits(frame));
    await this.until(() => find() !== undefined);
    const found = find();
    if (!found) throw new Error(`No ${type}`);
    return found;
  }

  /** Resolves once a condition holds after a frame. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = (): void => {
      if (holds()) resolve();
    };
    this.#waiters.add(waiter);
    await promise;
    this.#waiters.delete(waiter);
  }

  /** The end of a prompt, whatever it is. */
  async finished(promptId: string): Promise<void> {
    await this.frame('executing', ({ data }) => data.node === null && data.prompt_id === promptId);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.server.url}${path}`, { headers, redirect: 'manual' });
  }

  post(path: string, body: unknown): Promise<Response> {
    return fetch(`${this.server.url}${path}`, { method: 'POST', body: JSON.stringify(body), redirect: 'manual' });
  }

  async json(path: string) {
    return await (await this.get(path)).json();
  }

  /** Queues a graph, and returns the id. @throws Error if it's refused. */
  async queue(prompt: unknown, extra: Record<string, unknown> = {}): Promise<string> {
    const response = await this.post('/api/prompt', { prompt, client_id: this.id, ...extra });
    const { prompt_id } = await response.json();
    if (!prompt_id) throw new Error(`Refused with ${response.status}`);
    return prompt_id;
  }

  /** Uploads a plain image, and returns its name. */
  async upload(color: string, fields: Record<string, string> = {}, name = `${color}.png`): Promise<string> {
    const bytes = await sharp({ create: { width: 40, height: 30, channels: 3, background: color } })
      .png()
      .toBuffer();
    const form = new FormData();
    form.set('image', new File([new Uint8Array(bytes)], name));
    for (const [key, value] of Object.entries(fields)) form.set(key, value);
    const response = await fetch(`${this.server.url}/api/upload/image`, { method: 'POST', body: form });
    return (await response.json()).name;
  }
}

function frameOf(data: unknown): Frame {
  if (typeof data === 'string') return { ...textFrame.parse(JSON.parse(data)), bytes: Buffer.alloc(0) };
  const bytes = Buffer.from(data instanceof ArrayBuffer ? data : new ArrayBuffer(0));
  return { type: `binary ${bytes.readUInt32BE(0)}`, data: {}, bytes };
}
