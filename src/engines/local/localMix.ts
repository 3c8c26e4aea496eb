import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import { seedOfSample } from '../../mix/recipe.ts';
import type { Clock } from '../clock.ts';
import type { MixContext, MixTask, TaskSource } from '../engine.ts';
import type { MissingImage } from './kernelMessages.ts';
import type { KernelThread } from './kernelThread.ts';
import { ProgressMeter } from './progressMeter.ts';

/** Goes into every picture; it changes whenever the kernel's results do. */
export const engineVersion = 'local-1';

/** Re-framed samples enlarge a part of an image by up to this much, so its pixels are wanted this much larger. */
const room = 1.35;
/** Part of a sample's time that mixing takes; encoding takes the rest. */
const mixingPart = 0.5;

export interface LocalMixOptions {
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly clock: Clock;
  readonly thread: KernelThread;
  readonly task: MixTask;
  readonly context: MixContext;
  /** Aborted when the job is cancelled or one of its images fails. */
  readonly signal: AbortSignal;
  /** The number that tells the thread of it. */
  readonly flag: SharedArrayBuffer;
}

/** One mix from reading its sources to delivering its last sample. @throws MixFailure, or the signal's reason. */
export async function runLocalMix(options: LocalMixOptions): Promise<void> {
  const { task, context, thread, codec, signal, clock } = options;
  const { width, height, seed, guidanceScale, samples } = task.recipe;
  const meter = new ProgressMeter({ clock, samples, report: (progress) => context.progress(progress) });
  const sources = task.sources.filter(({ weight }) => weight > 0);
  meter.reading(0, sources.length);
  const files = await Promise.all(sources.map((source) => readSource(options, source)));

  const images = files.map(({ key, source }) => ({ key, weight: source.weight }));
  const job = { width, height, seed, guidanceScale, samples, images, flag: options.flag };
  const { missing } = await thread.run(task.jobId, { kind: 'open', job }, { signal });
  const unfinished = new Map<number, number>();
  for (const { image } of missing) unfinished.set(image, (unfinished.get(image) ?? 0) + 1);
  meter.reading(sources.length - unfinished.size, sources.length);
  await Promise.all(
    missing.map(async (one) => {
      const file = files[one.image];
      if (!file) return;
      await addImage(options, file, one);
      const left = (unfinished.get(one.image) ?? 1) - 1;
      if (left > 0) unfinished.set(one.image, left);
      else unfinished.delete(one.image);
      meter.reading(sources.length - unfinished.size, sources.length);
    }),
  );

  for (let sample = 0; sample < samples; sample++) {
    meter.mixing(sample, 0);
    const progress = (fraction: number) => meter.mixing(sample, mixingPart * fraction);
    const raster = await thread.run(task.jobId, { kind: 'mix', sample }, { signal, progress });
    const bytes = await codec.encodePng(raster, signal);
    await context.deliver({ index: sample, seed: seedOfSample(seed, sample), bytes, format: 'png', engineVersion });
  }
}

interface SourceFile {
  readonly source: TaskSource;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names the content. */
  readonly key: string;
}

async function readSource({ reader, signal }: LocalMixOptions, source: TaskSource): Promise<SourceFile> {
  const bytes = await blaming(source, signal, () => reader.read(source.location, signal));
  const digest = await crypto.subtle.digest('SHA-256', bytes); // off this thread, which may be the extension host's own
  return { source, bytes, key: Buffer.from(digest).toString('hex') };
}

async function addImage(options: LocalMixOptions, file: SourceFile, missing: MissingImage): Promise<void> {
  const { task, thread, codec, signal } = options;
  const scale = missing.room ? room : 1;
  const cover = { width: Math.ceil(task.recipe.width * scale), height: Math.ceil(task.recipe.height * scale) };
  const raster = await blaming(file.source, signal, () => codec.decode(file.bytes, cover, signal));
  await thread.run(task.jobId, { kind: 'add', ...missing, raster }, { signal });
}

/** Does a piece of work on a source; what fails is blamed on it. */
async function blaming<T>({ index, name }: TaskSource, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof MixFailure ? error.forImage(index, name) : error;
  }
}
