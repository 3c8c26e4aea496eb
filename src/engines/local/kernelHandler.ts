import { LRUCache } from 'lru-cache';
import type { Raster } from '../../images/codec.ts';
import {
  type Checkpoint,
  chooseFramings,
  type Framing,
  mix,
  type PreparedImage,
  prepare,
  preparedImageBytes,
  type SaliencyMap,
  saliencyMap,
} from '../../kernel/kernel.ts';
import { seedOfSample } from '../../mix/recipe.ts';
import type { CommandResult, KernelCommand, KernelJob, MissingImage } from './kernelMessages.ts';

/** Thrown by a command whose job was canceled. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** A cached form of an image. */
type CachedImage =
  /** As sample 0 needs it, with the saliency map that frames other samples. */
  | { readonly kind: 'base'; readonly saliency: SaliencyMap; readonly prepared: PreparedImage }
  /** Pixels at a size that suffices for every framing. */
  | { readonly kind: 'enlarged'; readonly raster: Raster }
  /** As a later sample needs it. */
  | { readonly kind: 'reframed'; readonly prepared: PreparedImage };

type BaseImage = CachedImage & { readonly kind: 'base' };

/** An open job with its images by index. It holds them itself, because the cache may evict them while the job runs. */
interface OpenJob {
  readonly job: KernelJob;
  readonly cancelFlag: Int32Array;
  readonly saliency: Map<number, SaliencyMap>;
  /** As sample 0 needs them. Freed before the next sample. */
  readonly prepared: Map<number, PreparedImage>;
  readonly enlarged: Map<number, Raster>;
}

/** Share of a reframed sample's time that preparing its images takes; the rest is mixing. */
const preparingShare = 0.6;

/** Runs commands in the worker thread, for any number of open jobs. Caches prepared images across jobs. */
export class KernelHandler {
  readonly #jobs = new Map<string, OpenJob>();
  readonly #cache: LRUCache<string, CachedImage>;

  /** @param maxBytes size of the cache. The images of open jobs may take more. */
  constructor(maxBytes: number) {
    this.#cache = new LRUCache({ maxSize: maxBytes, sizeCalculation: bytesOf });
  }

  /** Runs a command. @throws Cancelled if the job's flag is set. */
  run(jobId: string, command: KernelCommand, progress: Checkpoint): CommandResult<KernelCommand['kind']> {
    switch (command.kind) {
      case 'open':
        return this.#open(jobId, command.job);
      case 'add':
        return this.#add(this.#jobOf(jobId), command, progress);
      case 'mix':
        return this.#mix(this.#jobOf(jobId), command.sample, progress);
      case 'close':
        this.#jobs.delete(jobId);
        return null;
    }
  }

  #jobOf(jobId: string): OpenJob {
    const job = this.#jobs.get(jobId);
    if (!job) throw new Error('No such job');
    return job;
  }

  #open(jobId: string, job: KernelJob): CommandResult<'open'> {
    const open: OpenJob = {
      job,
      cancelFlag: new Int32Array(job.cancelFlag),
      saliency: new Map(),
      prepared: new Map(),
      enlarged: new Map(),
    };
    this.#jobs.set(jobId, open);
    const missing: MissingImage[] = [];
    job.images.forEach(({ key }, image) => {
      const base = this.#cache.get(baseKey(job, key));
      if (base?.kind === 'base') hold(open, image, base);
      else missing.push({ image, enlarged: false });
      if (job.samples === 1) return;
      const enlarged = this.#cache.get(enlargedKey(job, key));
      if (enlarged?.kind === 'enlarged') open.enlarged.set(image, enlarged.raster);
      else missing.push({ image, enlarged: true });
    });
    return { missing };
  }

  #add(open: OpenJob, { image, enlarged, raster }: KernelCommand & { kind: 'add' }, progress: Checkpoint): null {
    const checkpoint = cancelable(open, progress);
    checkpoint(0);
    const { job } = open;
    const key = job.images[image]?.key;
    if (key === undefined) throw new Error('No such image');
    if (enlarged) {
      open.enlarged.set(image, raster);
      this.#cache.set(enlargedKey(job, key), { kind: 'enlarged', raster });
      return null;
    }
    const saliency = saliencyMap(raster);
    checkpoint(0.2);
    const [framing] = chooseFramings([saliency], { ...job, sample: 0 });
    const prepared = prepare(raster, sizeOf(job, framing), (fraction) => checkpoint(0.2 + 0.8 * fraction));
    hold(open, image, { saliency, prepared });
    this.#cache.set(baseKey(job, key), { kind: 'base', saliency, prepared });
    return null;
  }

  #mix(open: OpenJob, sample: number, progress: Checkpoint): Raster {
    const checkpoint = cancelable(open, progress);
    checkpoint(0);
    const { job } = open;
    const seed = seedOfSample(job.seed, sample);
    if (sample > 0) open.prepared.clear();
    const prepared =
      sample === 0
        ? job.images.map((_, image) => found(open.prepared.get(image)))
        : this.#prepareReframed(open, { seed, sample }, checkpoint);
    const weights = job.images.map(({ weight }) => weight);
    const start = sample === 0 ? 0 : preparingShare;
    return mix(prepared, weights, { seed, guidanceScale: job.guidanceScale }, (fraction) =>
      checkpoint(start + (1 - start) * fraction),
    );
  }

  #prepareReframed(
    open: OpenJob,
    { seed, sample }: { seed: number; sample: number },
    checkpoint: Checkpoint,
  ): PreparedImage[] {
    const { job } = open;
    const chosen = chooseFramings(
      job.images.map((_, image) => found(open.saliency.get(image))),
      { width: job.width, height: job.height, seed, sample },
    );
    return job.images.map(({ key }, image) => {
      const framing = chosen[image];
      const raster = open.enlarged.get(image);
      if (!raster || !framing) throw new Error('An enlarged image was not added');
      const cacheKey = reframedKey(job, key, framing);
      const cached = this.#cache.get(cacheKey);
      if (cached?.kind === 'reframed') return cached.prepared;
      const share = preparingShare / job.images.length;
      const prepared = prepare(raster, sizeOf(job, framing), (fraction) => checkpoint((image + fraction) * share));
      this.#cache.set(cacheKey, { kind: 'reframed', prepared });
      return prepared;
    });
  }
}

function hold(open: OpenJob, image: number, { saliency, prepared }: Pick<BaseImage, 'saliency' | 'prepared'>): void {
  open.saliency.set(image, saliency);
  open.prepared.set(image, prepared);
}

function found<T>(image: T | undefined): T {
  if (image === undefined) throw new Error('An image was not added');
  return image;
}

/** A checkpoint that throws Cancelled if the job's flag is set. */
function cancelable({ cancelFlag }: OpenJob, progress: Checkpoint): Checkpoint {
  return (fraction) => {
    if (Atomics.load(cancelFlag, 0) !== 0) throw new Cancelled();
    progress(fraction);
  };
}

function sizeOf({ width, height }: KernelJob, framing: Framing | undefined) {
  return { width, height, ...(framing ? { framing } : {}) };
}

function baseKey({ width, height }: KernelJob, key: string): string {
  return `${key} ${width}x${height}`;
}

function enlargedKey(job: KernelJob, key: string): string {
  return `${baseKey(job, key)} enlarged`;
}

function reframedKey(job: KernelJob, key: string, { x, y, width, flip }: Framing): string {
  return `${baseKey(job, key)} ${x} ${y} ${width} ${flip}`;
}

function bytesOf(image: CachedImage): number {
  switch (image.kind) {
    case 'base':
    case 'reframed':
      return preparedImageBytes(image.prepared);
    case 'enlarged':
      return image.raster.data.byteLength;
  }
}
