import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { firstPause, nextPollDelay } from '../../src/engines/hosted/polling.ts';

const answerSchema = z.object({
  status: z.string(),
  id: z.number().optional(),
  eta: z.number().optional(),
  link: z.string().optional(),
  output: z.union([z.array(z.string()), z.string()]).optional(),
});

/** The requests of a mix and nothing else: no journal, no checks, no time-outs, and a picture that is just written. */
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

  /** Mixes links, polling at the very times that the engine polls at, and writes the picture to `path`. */
  async mix(links: readonly string[], order: object, path: string): Promise<void> {
    const taken = await this.#post('/v5/img_mixer', {
      ...order,
      init_image: links.join(','),
      init_image_weights: links.map(() => '0.5').join(','),
    });
    let pause = firstPause(taken.eta);
    for (let polls = 1; ; polls++) {
      await delay(pause);
      const { status, output } = await this.#post(`/v3/fetch/${taken.id}`, {});
      const [link] = typeof output === 'string' ? [output] : (output ?? []);
      if (status === 'success' && link) {
        const { body } = await request(link, { dispatcher: this.#agent });
        return writeFile(path, await body.bytes());
      }
      pause = nextPollDelay(polls, middle);
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #post(path: string, body: object): Promise<z.infer<typeof answerSchema>> {
    const answer = await request(`${this.#baseUrl}${path}`, {
      dispatcher: this.#agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: this.#key, ...body }),
    });
    return answerSchema.parse(await answer.body.json());
  }
}

/** In place of chance: the middle of the jitter. */
export const middle = 0.5;
