import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { createJobRequest, planMix } from '../../src/app/jobRequest.ts';
import { systemClock } from '../../src/engines/clock.ts';
import { createHostedEngine } from '../../src/engines/hosted/hostedEngine.ts';
import type { ServiceSettings } from '../../src/engines/hosted/service.ts';
import { FolderStore } from '../../src/engines/hosted/sharedStore.ts';
import { createSourceReader } from '../../src/images/sourceReader.ts';
import { WorkerCodec } from '../../src/images/workerCodec.ts';
import { JobRunner } from '../../src/jobs/jobRunner.ts';
import { parseRecipe } from '../../src/mix/recipe.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { middle } from './bareClient.ts';

/** The hosted engine with the job runner and everything below, composed as in the extension, with its own project. */
export class Mixer {
  readonly #folder: string;
  readonly #service: ServiceSettings;
  readonly #codec = new WorkerCodec({ workerPath: resolve(import.meta.dirname, '../../dist/codecWorker.cjs') });
  readonly #engine;
  readonly #runner: JobRunner;

  constructor(folder: string, service: { baseUrl: string; key: string }, maxConcurrent: number) {
    this.#folder = folder;
    this.#service = { baseUrl: service.baseUrl, dialect: 'v5' };
    const codec = this.#codec;
    const reader = createSourceReader({
      allowPrivateAddresses: () => false,
      ownOrigin: () => new URL(service.baseUrl).origin,
    });
    this.#engine = createHostedEngine({
      settings: () => ({ ...this.#service, timeoutSeconds: 600 }),
      apiKey: async () => service.key,
      codec,
      reader,
      store: new FolderStore(join(folder, 'service')),
      clock: systemClock,
      random: () => middle,
      log: () => {},
    });
    this.#runner = new JobRunner({
      directory: join(folder, 'jobs'),
      workspaceStorage: folder,
      isTrusted: () => true,
      engines: { hosted: async () => this.#engine, local: onlyHosted, comfyui: onlyHosted },
      writer: new ResultWriter(),
      clock: systemClock,
      maxConcurrent: () => maxConcurrent,
      newId: randomUUID,
      onError: () => {},
      owner: randomUUID(),
    });
  }

  /** Mixes files of the project. @throws Error if that fails. */
  async mix(sources: readonly string[], fields: object): Promise<void> {
    const plan = await planMix({
      ...parseRecipe({ ...fields, images: sources.map((source) => ({ source })) }),
      base: this.#folder,
      root: this.#folder,
      engine: 'hosted',
      service: this.#service,
      destination: {
        folder: join(this.#folder, 'mixes'),
        root: this.#folder,
        fileName: '{name}-{seed}-{index}',
        embedRecipe: true,
      },
      drawSeed: () => 0,
    });
    const home = { storage: this.#folder, isTrusted: true, mayUpload: true };
    const request = await createJobRequest(plan, home);
    const { status, failure } = await this.#runner.start(request).finished;
    if (status !== 'done') throw failure ?? new Error(`The mix is ${status}`);
  }

  /** Creates a unique photograph; returns its name in the project. */
  async photograph(): Promise<string> {
    const [width, height] = [320, 240];
    const noise = randomBytes((width * height * 3) / 64);
    const raw = { width: width / 8, height: height / 8, channels: 3 } as const;
    const name = `${randomUUID()}.jpg`;
    await sharp(noise, { raw }).resize(width, height).jpeg().toFile(join(this.#folder, name));
    return name;
  }

  /** The data URI that the engine would upload for a photograph. */
  async uploadCopy(name: string): Promise<string> {
    const bounds = { maxSide: 1024, maxBytes: 3_700_000 };
    const { mime, bytes } = await this.#codec.uploadCopy(await readFile(join(this.#folder, name)), bounds);
    return `data:${mime};base64,${Buffer.from(bytes).toString('base64')}`;
  }

  async close(): Promise<void> {
    await this.#runner.dispose();
    await Promise.all([this.#engine.dispose(), this.#codec.dispose()]);
  }
}

function onlyHosted(): Promise<never> {
  return Promise.reject(new Error('Only hosted mixes here'));
}
