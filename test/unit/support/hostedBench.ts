import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MixContext, MixResult, MixTask, PreviewImage, TaskSource } from '../../../src/engines/engine.ts';
import type { LogEvent } from '../../../src/engines/hosted/engineLog.ts';
import {
  createHostedEngine,
  type HostedEngine,
  type HostedEngineOptions,
} from '../../../src/engines/hosted/hostedEngine.ts';
import { FolderStore } from '../../../src/engines/hosted/sharedStore.ts';
import type { Codec } from '../../../src/images/codec.ts';
import { createSourceReader } from '../../../src/images/sourceReader.ts';
import { MixFailure } from '../../../src/mix/failure.ts';
import type { Notice } from '../../../src/mix/notice.ts';
import type { Progress } from '../../../src/mix/progress.ts';
import { recipeSchema } from '../../../src/mix/recipe.ts';
import { AutoAdvanceClock } from './clocks.ts';

export const apiKey = 'k3y-0123456789abcdef';

const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** A tiny PNG. `mark` is appended after its end, to distinguish it from others. */
export function png(mark = ''): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([onePixel, Buffer.from(mark)]));
}

const notImplemented = () => Promise.reject(new Error('not needed here'));

/** A codec that passes bytes through; the real one has its own tests. An image marked `blank` counts as uniform. */
export const passThroughCodec: Codec = {
  probe: async () => ({ format: 'png', width: 1, height: 1, hasAlpha: false, warnings: [] }),
  decode: notImplemented,
  thumbnail: notImplemented,
  encode: notImplemented,
  uploadCopy: async (bytes) => ({ bytes: new Uint8Array(bytes), mime: 'image/jpeg', width: 1, height: 1 }),
  uploadPng: async (bytes) => ({ bytes: new Uint8Array(bytes), mime: 'image/png', width: 1, height: 1 }),
  isUniform: async (bytes) => {
    if (!Buffer.from(bytes).includes('IEND')) throw new MixFailure('unreadable-image'); // a truncated PNG
    return Buffer.from(bytes).includes('blank');
  },
  dispose: async () => {},
};

/** A context that records everything that an engine passes to it. */
export class RecordingContext implements MixContext {
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly saved: unknown;
  readonly delivered: ReadonlySet<number>;
  readonly states: string[] = [];
  readonly progresses: Progress[] = [];
  readonly notices: Notice[] = [];
  readonly results: MixResult[] = [];
  readonly previews: PreviewImage[] = [];

  /** @param saved the last state of an earlier run, as JSON. */
  constructor(saved?: string, delivered: Iterable<number> = []) {
    this.saved = saved === undefined ? undefined : JSON.parse(saved);
    this.delivered = new Set(delivered);
  }

  progress = (progress: Progress) => void this.progresses.push(progress);
  notice = (notice: Notice) => void this.notices.push(notice);
  preview = (image: PreviewImage) => void this.previews.push(image);
  save = async (state: unknown) => void this.states.push(JSON.stringify(state));
  deliver = async (result: MixResult) => void this.results.push(result);

  /** The saved phases without repetitions: `new posting accepted`. */
  get phases(): string {
    const all = this.states.map((state) =>
      (JSON.parse(state) as { requests: { phase: string }[] }).requests.map(({ phase }) => phase).join('+'),
    );
    return all.filter((phase, index) => phase !== all[index - 1]).join(' ');
  }
}

/** A hosted engine with all its dependencies, for a service at `baseUrl`. */
export class HostedBench {
  readonly clock: AutoAdvanceClock;
  readonly log: LogEvent[] = [];
  readonly folder: string;
  readonly engine: HostedEngine;
  /** The origins whose key the engine asked for. */
  readonly keyRequests: string[] = [];

  private constructor(folder: string, baseUrl: string, changes: Partial<HostedEngineOptions>) {
    this.folder = folder;
    this.clock = new AutoAdvanceClock();
    const serviceOrigin = new URL(baseUrl).origin;
    const settings = changes.settings ?? (() => ({ baseUrl, dialect: 'v5', timeoutSeconds: 600 }));
    const engine = createHostedEngine({
      settings,
      apiKey: async (origin) => {
        this.keyRequests.push(origin);
        return apiKey;
      },
      codec: passThroughCodec,
      reader: createSourceReader({
        allowPrivateAddresses: () => false,
        ownOrigin: () => serviceOrigin,
        times: { connect: 500, silence: 300, whole: 2_000 },
      }),
      store: new FolderStore(join(folder, 'store')),
      clock: this.clock,
      random: () => 0.5,
      log: (event) => void this.log.push(event),
      timeouts: { upload: 300, call: 300, body: 300 },
      ...changes,
    });
    this.engine = {
      ...engine,
      // A task that names no service is for that of the settings.
      run: (task, context) => {
        const { baseUrl, dialect } = settings();
        return engine.run({ service: { baseUrl, dialect }, ...task }, context);
      },
    };
  }

  static async start(baseUrl: string, changes: Partial<HostedEngineOptions> = {}): Promise<HostedBench> {
    return new HostedBench(await mkdtemp(join(tmpdir(), 'hosted-')), baseUrl, changes);
  }

  /** Writes a file and returns it as a source. */
  async file(name: string, bytes: Uint8Array = png(name)): Promise<TaskSource> {
    const path = join(this.folder, name);
    await writeFile(path, bytes);
    return { index: 0, name, weight: 0.5, location: { kind: 'file', path } };
  }

  async close(): Promise<void> {
    await this.engine.dispose();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A source that is a URL. */
export function webSource(url: string, weight = 0.5): TaskSource {
  return { index: 0, name: url, weight, location: { kind: 'url', url } };
}

/** A task; by default with one web source. */
export function taskOf(
  changes: Record<string, unknown> = {},
  sources = [webSource('https://example.com/a.png')],
): MixTask {
  const recipe = recipeSchema.parse({
    images: sources.map(({ name, weight }) => ({ source: name, weight })),
    prompt: 'rose man',
    seed: 12345,
    ...changes,
  });
  return {
    jobId: 'job',
    recipe: { ...recipe, seed: recipe.seed ?? 0 },
    sources: sources.map((source, index) => ({ ...source, index })),
    mayUpload: true,
  };
}

/** The failure that a run ends with. */
export async function failureOf(run: Promise<void>): Promise<MixFailure> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MixFailure)) throw new Error(`expected a MixFailure, got ${String(error)}`);
  return error;
}
