import PQueue from 'p-queue';
import { abortable } from '../../images/abortable.ts';
import type { Codec, ImageInfo } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import { noticeOfImage } from '../../mix/imageWarning.ts';
import { maxReframingScale } from '../../mix/limits.ts';
import { makeNotice } from '../../mix/notice.ts';
import { seedOfSample } from '../../mix/recipe.ts';
import type { Clock } from '../clock.ts';
import type { MixContext, MixTask, TaskSource } from '../engine.ts';
import type { MissingImage } from './kernelMessages.ts';
import type { KernelThread } from './kernelThread.ts';
import { maxRasters, requireMemory } from './mixMemory.ts';
import { ProgressMeter } from './progressMeter.ts';

/** Stored in every result. It changes whenever the kernel's output does. */
export const engineVersion = 'local-1';

/** Share of a sample's time that mixing takes; the rest is encoding. */
const mixingShare = 0.5;

interface LocalMixOptions {
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly clock: Clock;
  readonly thread: KernelThread;
  readonly task: MixTask;
  readonly context: MixContext;
  /** Aborted when the job is canceled or one of its images fails. */
  readonly signal: AbortSignal;
  /** Set to 1 when the signal aborts, to stop the worker thread. */
  readonly cancelFlag: SharedArrayBuffer;
  /** The memory that is free, in bytes. */
  readonly freeMemory: () => number;
}

/** Runs one mix, from reading the sources to delivering the last sample. @throws MixFailure, or the signal's reason. */
export async function runLocalMix(options: LocalMixOptions): Promise<void> {
  const { task, context, thread, codec, signal, clock } = options;
  const { seed, samples } = task.recipe;
  const { format = 'png' } = task;
  const meter = new ProgressMeter({ clock, samples, report: (progress) => context.progress(progress) });
  await addImages(options, meter);

  let isFlattened = false;
  for (let sample = 0; sample < samples; sample++) {
    meter.mixing(sample, 0);
    const progress = (fraction: number) => meter.mixing(sample, mixingShare * fraction);
    const raster = await thread.run(task.jobId, { kind: 'mix', sample }, { signal, progress });
    const encoded = await abortable(codec.encode(raster, format, signal), signal);
    if (encoded.isFlattened && !isFlattened) context.notice(makeNotice('transparency-lost'));
    isFlattened ||= encoded.isFlattened;
    const { bytes } = encoded;
    await context.deliver({ index: sample, seed: seedOfSample(seed, sample), bytes, format, engineVersion });
  }
}

/** Opens the job in the thread with its images. Their files are free afterwards. */
async function addImages(options: LocalMixOptions, meter: ProgressMeter): Promise<void> {
  const { task, thread, signal, cancelFlag } = options;
  const { width, height, seed, guidanceScale, samples } = task.recipe;
  const sources = task.sources.filter(({ weight }) => weight > 0);
  meter.reading(0, sources.length);
  const files = await Promise.all(sources.map((source) => readSource(options, source)));
  requireMemory({ width, height, samples, images: files.map(({ info }) => info) }, options.freeMemory());

  const images = files.map(({ key, source }) => ({ key, weight: source.weight }));
  const job = { width, height, seed, guidanceScale, samples, images, cancelFlag };
  const { missing } = await thread.run(task.jobId, { kind: 'open', job }, { signal });
  /** How many rasters of each image are still missing. */
  const remaining = new Map<number, number>();
  for (const { image } of missing) remaining.set(image, (remaining.get(image) ?? 0) + 1);
  meter.reading(sources.length - remaining.size, sources.length);
  const queue = new PQueue({ concurrency: maxRasters }); // decoding can be faster than preparing: the pixels would pile up
  await queue.addAll(
    missing.map((missingImage) => async () => {
      const { image } = missingImage;
      const file = files[image];
      if (!file) return;
      signal.throwIfAborted();
      await addImage(options, file, missingImage);
      const left = (remaining.get(image) ?? 1) - 1;
      if (left > 0) remaining.set(image, left);
      else remaining.delete(image);
      meter.reading(sources.length - remaining.size, sources.length);
    }),
  );
}

interface SourceFile {
  readonly source: TaskSource;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly info: ImageInfo;
  /** SHA-256 of the content. */
  readonly key: string;
}

async function readSource(
  { reader, codec, context, signal }: LocalMixOptions,
  source: TaskSource,
): Promise<SourceFile> {
  const { bytes, info } = await attributeFailure(source, signal, async () => {
    const content = await abortable(reader.read(source.location, signal), signal);
    return { bytes: content, info: await abortable(codec.probe(content, signal), signal) };
  });
  for (const warning of info.warnings) context.notice(noticeOfImage(warning, source.name));
  const digest = await crypto.subtle.digest('SHA-256', bytes); // doesn't block this thread, unlike node:crypto's hash
  return { source, bytes, info, key: Buffer.from(digest).toString('hex') };
}

async function addImage(options: LocalMixOptions, file: SourceFile, missing: MissingImage): Promise<void> {
  const { task, thread, codec, signal } = options;
  const scale = missing.enlarged ? maxReframingScale : 1;
  const cover = { width: Math.ceil(task.recipe.width * scale), height: Math.ceil(task.recipe.height * scale) };
  const raster = await attributeFailure(file.source, signal, () =>
    abortable(codec.decode(file.bytes, cover, signal), signal),
  );
  await thread.run(task.jobId, { kind: 'add', ...missing, raster }, { signal });
}

/** Attributes a failure of `action` to the source, unless the signal is aborted. */
async function attributeFailure<T>(
  { index, name }: TaskSource,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof MixFailure ? error.forImage(index, name) : error;
  }
}
