import { randomBytes, randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { createJobRequest, planMix } from '../src/app/jobRequest.ts';
import { systemClock } from '../src/engines/clock.ts';
import type { ComfyuiSettings } from '../src/engines/comfyui/comfyuiSettings.ts';
import type { Engine } from '../src/engines/engine.ts';
import type { ServiceSettings } from '../src/engines/hosted/service.ts';
import { createSourceReader, type SourceReader } from '../src/images/sourceReader.ts';
import { WorkerCodec } from '../src/images/workerCodec.ts';
import { JobRunner } from '../src/jobs/jobRunner.ts';
import { parseRecipe } from '../src/mix/recipe.ts';
import { ResultWriter } from '../src/output/resultWriter.ts';

/** What an engine under test is made of. */
export interface EngineParts {
  readonly codec: WorkerCodec;
  readonly reader: SourceReader;
  /** A folder for what the engine remembers. */
  readonly storage: string;
}

export interface MixerOptions {
  /** The project, which also has the jobs. */
  readonly folder: string;
  readonly createEngine: (parts: EngineParts) => Engine & { dispose(): Promise<void> };
  readonly service: ServiceSettings;
  readonly comfyui?: ComfyuiSettings;
  readonly maxConcurrent: number;
}

/** An engine with the job runner and everything below, composed as in the extension, with its own project. */
export class Mixer {
  readonly codec = new WorkerCodec({ workerPath: resolve(import.meta.dirname, '../dist/codecWorker.cjs') });
  readonly #options: MixerOptions;
  readonly #engine;
  readonly #runner: JobRunner;

  constructor(options: MixerOptions) {
    const { folder, service, createEngine, maxConcurrent } = options;
    const { codec } = this;
    const reader = createSourceReader({
      allowPrivateAddresses: () => false,
      ownOrigin: () => new URL(service.baseUrl).origin,
    });
    this.#options = options;
    this.#engine = createEngine({ codec, reader, storage: join(folder, 'engine') });
    const engine = async () => this.#engine;
    this.#runner = new JobRunner({
      directory: join(folder, 'jobs'),
      workspaceStorage: folder,
      isTrusted: () => true,
      engines: { hosted: engine, local: engine, comfyui: engine },
      writer: new ResultWriter(),
      clock: systemClock,
      maxConcurrent: () => maxConcurrent,
      newId: randomUUID,
      onError: () => {},
      owner: randomUUID(),
    });
  }

  /** Absolute path of a file in the project. */
  path(name: string): string {
    return join(this.#options.folder, name);
  }

  /** Mixes files of the project. @throws Error if that fails. */
  async mix(sources: readonly string[], fields: object): Promise<void> {
    const { folder, service, comfyui } = this.#options;
    const plan = await planMix({
      ...parseRecipe({ ...fields, images: sources.map((source) => ({ source })) }),
      base: folder,
      root: folder,
      engine: this.#engine.name,
      service,
      destination: {
        folder: join(folder, 'mixes'),
        root: folder,
        fileName: '{name}-{seed}-{index}',
        embedRecipe: true,
      },
      drawSeed: () => 0,
    });
    const home = { storage: folder, isTrusted: true, mayUpload: true };
    const request = await createJobRequest(plan, home, comfyui);
    const { status, failure } = await this.#runner.start(request).finished;
    if (status !== 'done') throw failure ?? new Error(`The mix is ${status}`);
  }

  /** Creates a unique photograph; returns its name in the project. The size is in pixels. */
  async photograph(width: number, height: number): Promise<string> {
    const size = { width: Math.ceil(width / 8), height: Math.ceil(height / 8) };
    const raw = { ...size, channels: 3 } as const;
    const name = `${randomUUID()}.jpg`;
    const noise = randomBytes(size.width * size.height * 3);
    await sharp(noise, { raw }).resize(width, height).jpeg().toFile(this.path(name));
    return name;
  }

  async close(): Promise<void> {
    await this.#runner.dispose();
    await Promise.all([this.#engine.dispose(), this.codec.dispose()]);
  }
}
