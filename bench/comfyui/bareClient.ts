import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, FormData, request, WebSocket } from 'undici';
import { z } from 'zod';
import { buildAdapterGraph } from '../../src/engines/comfyui/adapterGraph.ts';
import { adapter } from './models.ts';

const messageSchema = z.object({
  type: z.string(),
  data: z.object({ prompt_id: z.string().optional(), node: z.string().nullish() }),
});
const historySchema = z.record(
  z.string(),
  z.object({
    outputs: z.object({
      result: z.object({
        images: z.tuple([z.object({ filename: z.string(), subfolder: z.string(), type: z.string() })]),
      }),
    }),
  }),
);

/** The fields of a mix, whose negative prompt is empty. */
export interface BareMix {
  readonly prompt: string;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidance_scale: number;
  readonly seed: number;
}

/** Sends the requests of a mix and does nothing else: no job store, no checks, no time-outs. Its socket stays open. */
export class BareClient {
  readonly #url: string;
  readonly #clientId = randomUUID();
  readonly #agent = new Agent();
  readonly #socket: WebSocket;
  /** Resolves the promises that wait for a prompt, by its id. */
  readonly #waiting = new Map<string, () => void>();

  constructor(url: string) {
    this.#url = url;
    this.#socket = new WebSocket(`${url.replace('http', 'ws')}/ws?clientId=${this.#clientId}`);
    this.#socket.addEventListener('message', ({ data }) => {
      const message = messageSchema.safeParse(JSON.parse(String(data))).data;
      if (message?.type !== 'executing' || message.data.node !== null) return;
      this.#waiting.get(message.data.prompt_id ?? '')?.();
    });
  }

  /** Resolves once the socket is open. */
  async open(): Promise<this> {
    if (this.#socket.readyState !== WebSocket.OPEN) await once(this.#socket, 'open');
    return this;
  }

  /** Uploads the bytes of a PNG. @returns its name for LoadImage. */
  async upload(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    const form = new FormData();
    const name = `${randomUUID()}.png`;
    form.set('image', new File([bytes], name));
    const { body } = await request(`${this.#url}/api/upload/image`, {
      method: 'POST',
      body: form,
      dispatcher: this.#agent,
    });
    return z.object({ name: z.string() }).parse(await body.json()).name;
  }

  /** Mixes uploaded images in equal parts, and writes the result to `path`. */
  async mix(images: readonly string[], fields: BareMix, path: string): Promise<void> {
    const { graph } = buildAdapterGraph(
      { kind: 'adapter', ...adapter },
      {
        ...fields,
        negativePrompt: '',
        guidanceScale: fields.guidance_scale,
        images: images.map((file) => ({ file, strength: 0.8 / images.length })),
      },
    );
    const promptId = randomUUID();
    const finished = new Promise<void>((resolve) => this.#waiting.set(promptId, resolve));
    const { body } = await request(`${this.#url}/api/prompt`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: graph, client_id: this.#clientId, prompt_id: promptId }),
      dispatcher: this.#agent,
    });
    await body.dump();
    await finished;
    this.#waiting.delete(promptId);
    const history = historySchema.parse(await (await this.#get(`history/${promptId}`)).json());
    const [file] = history[promptId]?.outputs.result.images ?? [];
    if (!file) throw new Error('The prompt has no result');
    await writeFile(path, await (await this.#get(`view?${new URLSearchParams({ ...file })}`)).bytes());
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
    await this.#agent.close();
  }

  async #get(path: string) {
    const { body } = await request(`${this.#url}/api/${path}`, { dispatcher: this.#agent });
    return body;
  }
}
