import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import {
  type ComfyuiEngine,
  type ComfyuiEngineOptions,
  type ComfyuiLogEvent,
  createComfyuiEngine,
} from '../../../src/engines/comfyui/comfyuiEngine.ts';
import type { ComfyuiSettings } from '../../../src/engines/comfyui/comfyuiSettings.ts';
import type { MixTask } from '../../../src/engines/engine.ts';
import type { Codec } from '../../../src/images/codec.ts';
import * as operations from '../../../src/images/codecOperations.ts';
import { requireReadable } from '../../../src/images/imageFormat.ts';
import type { SourceReader } from '../../../src/images/sourceReader.ts';
import { mixRasters } from '../../../src/kernel/kernel.ts';
import type { Progress } from '../../../src/mix/progress.ts';
import { recipeSchema } from '../../../src/mix/recipe.ts';
import { createNetwork } from '../../../src/network/connections.ts';
import { type ComfyUIOptions, type ComfyUIServer, type NodeRun, startComfyUI } from '../../comfyui/server.ts';
import { FastClock } from './clocks.ts';
import { closing } from './comfyuiBench.ts';
import { RecordingContext } from './hostedBench.ts';

const fileOf = async (bytes: Uint8Array) => ({ bytes: new Uint8Array(bytes), format: await requireReadable(bytes) });

/** The codec's operations in this thread. */
const codec: Codec = {
  probe: async (bytes) => operations.probe(await fileOf(bytes)),
  decode: async (bytes, { width, height }) => operations.decode(await fileOf(bytes), width, height),
  thumbnail: async (bytes, side) => operations.thumbnail(await fileOf(bytes), side),
  encode: ({ data, ...size }, format) => operations.encode(new Uint8Array(data.buffer), size, format),
  uploadCopy: async (bytes, { maxSide, maxBytes }) => operations.uploadCopy(await fileOf(bytes), maxSide, maxBytes),
  uploadPng: async (bytes, maxSide) => operations.uploadPng(await fileOf(bytes), maxSide),
  isUniform: async (bytes) => operations.isUniform(await fileOf(bytes)),
  dispose: async () => {},
};

/** Sources are files named by their color. */
const reader: SourceReader = {
  read: async (location) => {
    const background = location.kind === 'file' ? location.path : 'black';
    const image = sharp({ create: { width: 40, height: 30, channels: 3, background } });
    return new Uint8Array(await image.png().toBuffer());
  },
  download: () => Promise.reject(new Error('not needed here')),
};

/** The side of what a server's image encoder sees, in pixels, and the colors of the sources. */
const side = 224;
const inks = new Map([
  ['red', [255, 0, 0]],
  ['green', [0, 128, 0]],
  ['blue', [0, 0, 255]],
]);

export function comfyuiSettings(changes: Partial<ComfyuiSettings> = {}): ComfyuiSettings {
  return { checkpoint: '', preset: 'PLUS (high strength)', imageStrength: 0.8, workflow: null, ...changes };
}

/** A task with an image of each color; by default a small one with few steps. */
export function comfyuiTask(
  recipe: Record<string, unknown> = {},
  { weights = { red: 0.3, blue: 0.7 }, ...changes }: Partial<MixTask> & { weights?: Record<string, number> } = {},
): MixTask {
  const images = Object.entries(weights).map(([source, weight]) => ({ source, weight }));
  const whole = { images, prompt: 'a rose', width: 64, height: 64, steps: 4, seed: 7, ...recipe };
  const parsed = recipeSchema.parse(whole);
  return {
    jobId: 'job',
    recipe: { ...parsed, seed: parsed.seed ?? 0 },
    sources: images.map(({ source, weight }, index) => ({
      index,
      name: source,
      weight,
      location: { kind: 'file', path: source },
    })),
    comfyui: comfyuiSettings(),
    mayUpload: true,
    ...changes,
  };
}

/** An engine with its servers. All are closed after the test. */
export interface EngineBench {
  readonly engine: ComfyuiEngine;
  readonly servers: readonly ComfyUIServer[];
  readonly server: ComfyUIServer;
  readonly log: ComfyuiLogEvent[];
  /** Resolves once this was logged. */
  logged(event: string): Promise<void>;
  /** Another window's engine, by default for the same servers. */
  again(changes?: Partial<ComfyuiEngineOptions>): ComfyuiEngine;
}

export async function startEngine(
  options: ComfyUIOptions | readonly ComfyUIOptions[] = {},
  changes: { timeoutSeconds?: number; authorization?: string; clock?: FastClock } = {},
): Promise<EngineBench> {
  const each = Array.isArray(options) ? options : [options];
  const servers = await Promise.all(
    each.map(async (one) => {
      const server = await startComfyUI(one);
      return closing(server, () => server.close());
    }),
  );
  const [server] = servers;
  if (!server) throw new Error('A bench needs a server');
  const log: ComfyuiLogEvent[] = [];
  const waiting = new Set<() => void>();
  const again = (others: Partial<ComfyuiEngineOptions> = {}) => {
    const engine = createComfyuiEngine({
      servers: () => servers.map(({ url }) => url),
      timeoutSeconds: () => changes.timeoutSeconds ?? 1800,
      authorization: async () => changes.authorization,
      connect: createNetwork(),
      codec,
      reader,
      clock: changes.clock ?? new FastClock(),
      newId: randomUUID,
      log: (event) => {
        log.push(event);
        for (const wake of waiting) wake();
      },
      ...others,
    });
    return closing(engine, () => engine.dispose());
  };
  const logged = async (event: string) => {
    while (!log.some((one) => one.event === event)) await new Promise<void>((resolve) => waiting.add(resolve));
  };
  return { engine: again(), servers, server, log, logged, again };
}

/** A context that can be waited for, and that does something at a certain moment. */
export class JobContext extends RecordingContext {
  onProgress = () => {};
  onSave = () => {};
  readonly #waiting = new Set<() => void>();

  /** The last state that was saved. */
  get lastState(): string | undefined {
    return this.states.at(-1);
  }

  /** Resolves once a condition holds after something was reported or saved. */
  async logged(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  override progress = (progress: Progress): undefined => {
    this.progresses.push(progress);
    this.onProgress();
    this.#settle();
  };

  override save = async (state: unknown): Promise<undefined> => {
    this.states.push(JSON.stringify(state));
    this.onSave();
    this.#settle();
  };

  #settle(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** The pixels that a server without faults mixes for `comfyuiTask`, by the kernel alone. Colors are `red`, `green`, and `blue`. */
export function expectedPixels(
  weights: Readonly<Record<string, number>>,
  { seed = 7, guidanceScale = 7.5 }: { readonly seed?: number; readonly guidanceScale?: number } = {},
): Buffer {
  const raster = (color: string) => {
    const data = new Uint8ClampedArray(side * side * 4);
    for (let at = 0; at < data.length; at += 4) data.set([...(inks.get(color) ?? []), 255], at);
    return { width: side, height: side, data };
  };
  const size = { width: 64, height: 64, sample: 0, seed, guidanceScale };
  const { data } = mixRasters(Object.keys(weights).map(raster), Object.values(weights), size);
  return Buffer.from(data.filter((_, at) => at % 4 !== 3));
}

/** The pixels of an image file, without its transparency. */
export async function pixelsOf(bytes: Uint8Array): Promise<Buffer> {
  return sharp(bytes).removeAlpha().raw().toBuffer();
}

/** Whether a node draws for a client. Strangers' samplers are marked. */
export function drawnBy({ classType, inputs }: NodeRun): boolean {
  return classType === 'KSampler' && !('mark' in inputs);
}
