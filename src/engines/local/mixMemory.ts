import { freemem, totalmem } from 'node:os';
import type { ImageInfo } from '../../images/codec.ts';
import { MixFailure } from '../../mix/failure.ts';
import { maxReframingScale } from '../../mix/limits.ts';

/** How many images are decoded at once. */
const threads = 2;

/** How many decoded images may exist at once: those that are decoded, and one that the mixer takes over. */
export const maxRasters = threads + 1;

const megabyte = 1024 * 1024;

/** A mix that needs less isn't refused: systems make room for it, and say too seldom how much they could make. In bytes. */
const alwaysAllowed = 512 * megabyte;

/** What the estimate depends on. Sides are in pixels. */
export interface MixSize {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly images: readonly Pick<ImageInfo, 'format' | 'width' | 'height' | 'hasAlpha'>[];
}

/** Measured: the threads with their code, the cache of earlier images, and what waits for the garbage collector. In bytes. */
const overhead = 256 * megabyte;
/** Measured: what a decoder has of an image at once, in copies of its decoded pixels. */
const copiesInDecoder = 3;
/**
 * Measured: what a decoder has of each pixel of the file, in bytes, however small the image is drawn. JPEG and PNG are decoded in
 * parts. So are most TIFFs, but those that are converted first count here.
 */
const bytesInDecoder: ReadonlyMap<string, number> = new Map([
  ['webp', 4.5],
  ['gif', 10],
  ['avif', 18],
  ['tiff', 20],
]);
/** Measured: the result, its copy in the encoder, and the encoder's own. */
const copiesOfResult = 4;

/** About how much memory a mix takes at its peak, in bytes. Samples are mixed one after the other, so their number hardly counts. */
export function mixBytes({ width, height, samples, images }: MixSize): number {
  const pixels = 4 * width * height;
  const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
  const prepared = sum(images.map(({ hasAlpha }) => (hasAlpha ? 2 : 1) * pixels));
  const isReframed = samples > 1;
  const rasters = images.map((image) => rasterBytes(image, width, height, isReframed ? maxReframingScale : 1));
  const largest = (numbers: readonly number[], count: number) =>
    sum(numbers.toSorted((one, other) => other - one).slice(0, count));
  const wholes = images.map((image) => (bytesInDecoder.get(image.format) ?? 0) * image.width * image.height);
  const decoding =
    largest(rasters, maxRasters) + copiesInDecoder * largest(rasters, threads) + largest(wholes, threads);
  // Later samples need the enlarged images; what is prepared for the one before is freed.
  return prepared + (isReframed ? sum(rasters) : 0) + decoding + copiesOfResult * pixels + overhead;
}

/** The pixels of an image that just covers the result `scale` times. Only SVG is scaled up. */
function rasterBytes(
  { format, width, height }: MixSize['images'][number],
  across: number,
  down: number,
  scale: number,
) {
  const cover = scale * Math.max(across / width, down / height);
  const factor = format === 'svg' ? cover : Math.min(1, cover);
  return 4 * width * height * factor * factor;
}

/** The memory that is free, in bytes: that of the machine, within the limit of a container. */
export function freeMemory(): number {
  // macOS counts memory as used that it gives up at once, such as files that it keeps for later.
  const free = process.platform === 'darwin' ? Math.max(freemem(), totalmem() / 2) : freemem();
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(free, limit - process.memoryUsage.rss());
}

/** @throws MixFailure `generation-failed/no-memory` if a mix would need more memory than is free. */
export function requireMemory(size: MixSize, free: number): void {
  const needed = mixBytes(size);
  if (needed <= Math.max(free, alwaysAllowed)) return;
  throw new MixFailure('generation-failed/no-memory', {
    args: { needed: Math.ceil(needed / megabyte), free: Math.max(0, Math.floor(free / megabyte)) },
  });
}
