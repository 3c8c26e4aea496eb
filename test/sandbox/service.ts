import { createHash } from 'node:crypto';
import { type Answer, answer, fixtureAnswer, json } from './answer.ts';
import { fetchAnswer, mixAnswer, type Origins, pictureAnswer } from './bodies.ts';
import { type Course, Generation } from './generation.ts';
import { type FieldErrors, readOrder } from './order.ts';
import { fetchSource } from './source.ts';
import type { DialectName } from './stages.ts';
import { readUpload } from './upload.ts';

/** A call of the service's API: POST with a JSON body. */
export interface Call {
  readonly dialect: DialectName;
  readonly contentType: string;
  /** The parsed body; undefined if it isn't JSON. */
  readonly body: unknown;
  readonly origins: Origins;
}

export interface ServiceOptions {
  readonly key: string;
  readonly strict: boolean;
  /** The estimate in processing answers, in seconds. */
  readonly eta: number;
  /** Called when a generation has ended. */
  readonly ended: (generation: Generation, origins: Origins) => void;
}

/** The working service: what it accepts, generates and answers if nothing goes wrong. */
export class Service {
  readonly generations: Generation[] = [];
  readonly #options: ServiceOptions;
  readonly #uploads = new Map<string, { bytes: Buffer; type: string; expired: boolean }>();
  #balance = 9.53;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** The number of generations in progress. */
  get running(): number {
    return this.generations.filter(({ state }) => state === 'processing').length;
  }

  async mix(call: Call, course: Course): Promise<Answer> {
    const body = this.#admit(call);
    if ('status' in body) return body;
    const read = readOrder(call.dialect, body.fields, this.#options.strict);
    if ('errors' in read) return invalid(call, read.errors);
    const sources: Buffer[] = [];
    for (const url of read.order.sources) {
      const bytes = await this.#sourceBytes(url, call.origins);
      if (!bytes) return fixtureAnswer('source-unreachable', call.dialect === 'v5' ? 200 : 400);
      sources.push(bytes);
    }
    const generation = new Generation(12202888 + this.generations.length, read.order, sources, course);
    this.generations.push(generation);
    this.#balance -= 0.005 * read.order.samples;
    const result = mixAnswer(generation, call.origins, this.#options.eta);
    if (generation.state !== 'processing') this.#options.ended(generation, call.origins);
    return result;
  }

  poll(call: Call, id: string): Answer {
    const body = this.#admit(call);
    if ('status' in body) return body;
    const generation = this.generations.find(({ fetchId }) => String(fetchId) === id);
    if (!generation) return fixtureAnswer('not-found');
    const before = generation.state;
    const result = fetchAnswer(generation, call.origins);
    if (before === 'processing' && generation.state !== 'processing') this.#options.ended(generation, call.origins);
    return result;
  }

  async upload(call: Call): Promise<Answer> {
    const body = this.#admit(call);
    if ('status' in body) return body;
    const read = await readUpload(call.dialect, body.fields, this.#options.strict);
    if ('errors' in read) return invalid(call, read.errors);
    const hash = createHash('sha256').update(read.bytes).digest('hex').slice(0, 16);
    const path = `/uploads/${hash}.${read.type.slice('image/'.length)}`;
    this.#uploads.set(path, { bytes: read.bytes, type: read.type, expired: false });
    const link = `${call.origins.service}${path}`;
    return call.dialect === 'v5'
      ? json({ status: 'success', messege: 'image uploaded', link, request_id: hash }, 200, true)
      : json({ status: 'success', id: Number.parseInt(hash.slice(0, 6), 16), output: [link] });
  }

  balance(call: Call): Answer {
    const body = this.#admit(call);
    if ('status' in body) return body;
    return json({ status: 'success', data: { balance: Math.round(this.#balance * 1000) / 1000, currency: 'USD' } });
  }

  /** An uploaded image, by its link. */
  source(path: string): Answer {
    const upload = this.#uploads.get(path);
    return upload && !upload.expired ? answer(200, upload.type, upload.bytes) : missing();
  }

  /** A result, by its link; 404 until the generation has ended. */
  async download(path: string): Promise<Answer> {
    const [, prefix, index] = /^\/generations\/(.+)-(\d)\.png$/.exec(path) ?? [];
    const generation = this.generations.find((candidate) => candidate.prefix === prefix);
    const sample = Number(index);
    if (generation?.state !== 'done' || sample >= generation.order.samples) return missing();
    return pictureAnswer(await generation.picture(sample));
  }

  /** Expires the links of all uploads so far. */
  expireUploads(): void {
    for (const upload of this.#uploads.values()) upload.expired = true;
  }

  /** The fields of a call with JSON and the right key; otherwise the answer to it. */
  #admit({ contentType, body, dialect }: Call): { fields: Record<string, unknown> } | Answer {
    const isJson = /^application\/json\s*(;|$)/i.test(contentType);
    if (!isJson || typeof body !== 'object' || body === null || Array.isArray(body)) {
      return fixtureAnswer('invalid-request', dialect === 'v5' ? 200 : 400);
    }
    const fields: Record<string, unknown> = { ...body };
    if (fields.key !== this.#options.key) {
      return dialect === 'v5' ? fixtureAnswer('invalid-key') : fixtureAnswer('invalid-key-401', 401);
    }
    return { fields };
  }

  async #sourceBytes(url: string, { service }: Origins): Promise<Buffer | undefined> {
    const { origin, pathname } = new URL(url);
    if (origin !== service) return await fetchSource(url);
    const upload = this.#uploads.get(pathname);
    return upload?.expired ? undefined : upload?.bytes;
  }
}

const invalid = ({ dialect }: Call, errors: FieldErrors): Answer =>
  json({ status: 'error', message: errors }, dialect === 'v5' ? 200 : 400);

const missing = (): Answer => answer(404, 'text/html', Buffer.from('<html><body><h1>404 Not Found</h1></body></html>'));
