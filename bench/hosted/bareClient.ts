import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { firstPollDelay, nextPollDelay } from '../../src/engines/hosted/polling.ts';

const responseSchema = z.object({
  status: z.string(),
  id: z.number().optional(),
  eta: z.number().optional(),
  link: z.string().optional(),
  output: z.union([z.array(z.string()), z.string()]).optional(),
});

/** Sends the requests of a mix and does nothing else: no job store, no checks, no time-outs. */
export class BareClient {
  readonly #baseUrl: string;
  readonly #key: string;
  readonly #agent = new Agent();

  constructor(service: { baseUrl: string; key: string }) {
    this.#baseUrl = service.baseUrl;
    this.#key = service.key;
  }

  async upload(dataUri: string): Promise<string> {
    const { link } = await this.#post('/v3/base64_crop', { image: dataUri, crop: 'false' });
    if (link === undefined) throw new Error('The upload has no link');
    return link;
  }

  /** Mixes links, polling with the engine's delays, and writes the result to `path`. */
  async mix(links: readonly string[], fields: object, path: string): Promise<void> {
    const accepted = await this.#post('/v5/img_mixer', {
      ...fields,
      init_image: links.join(','),
      init_image_weights: links.map(() => '0.5').join(','),
    });
    let delay = firstPollDelay(accepted.eta);
    for (let polls = 1; ; polls++) {
      await sleep(delay);
      const { status, output } = await this.#post(`/v3/fetch/${accepted.id}`, {});
      const [link] = typeof output === 'string' ? [output] : (output ?? []);
      if (status === 'success' && link) {
        const { body } = await request(link, { dispatcher: this.#agent });
        return writeFile(path, await body.bytes());
      }
      delay = nextPollDelay(polls, middle);
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #post(path: string, body: object): Promise<z.infer<typeof responseSchema>> {
    const response = await request(`${this.#baseUrl}${path}`, {
      dispatcher: this.#agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: this.#key, ...body }),
    });
    return responseSchema.parse(await response.body.json());
  }
}

/** A fixed value in place of a random one: the middle of the jitter. */
export const middle = 0.5;
