import { LRUCache } from 'lru-cache';
import type { Raster } from '../../images/codec.ts';
import {
  type Checkpoint,
  type Framing,
  framings,
  type Look,
  look,
  mix,
  type Prepared,
  prepare,
  weighPrepared,
} from '../../kernel/kernel.ts';
import { seedOfSample } from '../../mix/recipe.ts';
import type { CommandResult, KernelCommand, KernelJob, MissingImage } from './kernelMessages.ts';

/** Thrown out of a piece of work whose job was cancelled. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** What is kept of an image: its look with the picture as sample 0 has it, or its pixels with room for re-framing. */
type Kept =
  | { readonly kind: 'plain'; readonly look: Look; readonly picture: Prepared }
  | { readonly kind: 'room'; readonly raster: Raster }
  | { readonly kind: 'framed'; readonly picture: Prepared };

interface OpenJob {
  readonly job: KernelJob;
  readonly flag: Int32Array;
  /** Held here as well, so that the cache cannot lose under a job what it was promised. */
  readonly plain: Map<number, Kept & { kind: 'plain' }>;
  readonly room: Map<number, Raster>;
}

/** What the worker thread does: keeps prepared images within a bound of memory, and mixes them for one job or several. */
export class KernelHandler {
  readonly #jobs = new Map<string, OpenJob>();
  readonly #kept: LRUCache<string, Kept>;

  /** @param maxBytes bound of what is kept beyond the jobs under way. */
  constructor(maxBytes: number) {
    this.#kept = new LRUCache({ maxSize: maxBytes, sizeCalculation: weigh });
  }

  /** Carries out an order. @throws Cancelled once the job's flag is raised. */
  run(jobId: string, order: KernelCommand, progress: Checkpoint): CommandResult<KernelCommand['kind']> {
    switch (order.kind) {
      case 'open':
        return this.#open(jobId, order.job);
      case 'add':
        return this.#add(this.#jobOf(jobId), order, progress);
      case 'mix':
        return this.#mix(this.#jobOf(jobId), order.sample, progress);
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
    const open: OpenJob = { job, flag: new Int32Array(job.flag), plain: new Map(), room: new Map() };
    this.#jobs.set(jobId, open);
    const missing: MissingImage[] = [];
    job.images.forEach(({ key }, image) => {
      const plain = this.#kept.get(plainKey(job, key));
      if (plain?.kind === 'plain') open.plain.set(image, plain);
      else missing.push({ image, room: false });
      if (job.samples === 1) return;
      const room = this.#kept.get(roomKey(job, key));
      if (room?.kind === 'room') open.room.set(image, room.raster);
      else missing.push({ image, room: true });
    });
    return { missing };
  }

  #add(open: OpenJob, { image, room, raster }: KernelCommand & { kind: 'add' }, progress: Checkpoint): null {
    const checkpoint = guard(open, progress);
    checkpoint(0);
    const { job } = open;
    const key = job.images[image]?.key;
    if (key === undefined) throw new Error('No such image');
    if (room) {
      open.room.set(image, raster);
      this.#kept.set(roomKey(job, key), { kind: 'room', raster });
      return null;
    }
    const seen = look(raster);
    checkpoint(0.2);
    const [framing] = framings([seen], { ...job, sample: 0 });
    const picture = prepare(raster, sizeOf(job, framing), (fraction) => checkpoint(0.2 + 0.8 * fraction));
    const plain = { kind: 'plain', look: seen, picture } as const;
    open.plain.set(image, plain);
    this.#kept.set(plainKey(job, key), plain);
    return null;
  }

  #mix(open: OpenJob, sample: number, progress: Checkpoint): Raster {
    const checkpoint = guard(open, progress);
    checkpoint(0);
    const { job } = open;
    const seed = seedOfSample(job.seed, sample);
    const plain = job.images.map((_, image) => {
      const kept = open.plain.get(image);
      if (!kept) throw new Error('An image was not added');
      return kept;
    });
    const pictures =
      sample === 0 ? plain.map(({ picture }) => picture) : this.#reframed(open, plain, { seed, sample }, checkpoint);
    const weights = job.images.map(({ weight }) => weight);
    const start = sample === 0 ? 0 : 0.6;
    return mix(pictures, weights, { seed, guidanceScale: job.guidanceScale }, (fraction) =>
      checkpoint(start + (1 - start) * fraction),
    );
  }

  #reframed(
    open: OpenJob,
    plain: readonly { readonly look: Look }[],
    { seed, sample }: { seed: number; sample: number },
    checkpoint: Checkpoint,
  ): Prepared[] {
    const { job } = open;
    const chosen = framings(
      plain.map((one) => one.look),
      { width: job.width, height: job.height, seed, sample },
    );
    return job.images.map(({ key }, image) => {
      const framing = chosen[image];
      const raster = open.room.get(image);
      if (!raster || !framing) throw new Error('An image was not added with room');
      const { x, y, width, flip } = framing;
      const name = `${plainKey(job, key)} ${x} ${y} ${width} ${flip}`;
      const kept = this.#kept.get(name);
      if (kept?.kind === 'framed') return kept.picture;
      const part = 0.6 / job.images.length;
      const picture = prepare(raster, sizeOf(job, framing), (fraction) => checkpoint((image + fraction) * part));
      this.#kept.set(name, { kind: 'framed', picture });
      return picture;
    });
  }
}

function guard({ flag }: OpenJob, progress: Checkpoint): Checkpoint {
  return (fraction) => {
    if (Atomics.load(flag, 0) !== 0) throw new Cancelled();
    progress(fraction);
  };
}

function sizeOf({ width, height }: KernelJob, framing: Framing | undefined) {
  return { width, height, ...(framing ? { framing } : {}) };
}

function plainKey({ width, height }: KernelJob, key: string): string {
  return `${key} ${width}x${height}`;
}

function roomKey(job: KernelJob, key: string): string {
  return `${plainKey(job, key)} room`;
}

function weigh(kept: Kept): number {
  switch (kept.kind) {
    case 'plain':
    case 'framed':
      return weighPrepared(kept.picture);
    case 'room':
      return kept.raster.data.byteLength;
  }
}
