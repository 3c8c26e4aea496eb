import { createHash } from 'node:crypto';
import type { MixOrder } from './order.ts';
import { mixPng } from './picture.ts';

/** How a generation goes on from the mix request. */
export interface Course {
  /** Fetches that are told "still running" before the end; 0: the answer to the mix brings the pictures. */
  readonly polls: number;
  readonly end: 'success' | 'failed';
  /** Answers that say success with an empty output before the links come. */
  readonly empties: number;
  /** The service's older or newer spelling of its answers. */
  readonly form: 'old' | 'new';
  readonly output: 'array' | 'string';
  /** What the `fetch_result` of a processing answer points to. */
  readonly fetchResult: 'own-id' | 'other-id' | 'other-origin';
}

/** A piece of paid work: made when a mix request is accepted, whether or not its answer arrives. */
export class Generation {
  readonly id: number;
  /** The id that `fetch_result` names. */
  readonly fetchId: number;
  readonly order: MixOrder;
  readonly seed: number;
  readonly course: Course;
  /** Start of the pictures' file names. */
  readonly prefix: string;
  state: 'processing' | 'done' | 'failed' = 'processing';
  readonly #sources: readonly Buffer[];
  readonly #pictures = new Map<number, Promise<Buffer>>();
  #polls: number;
  #empties: number;

  constructor(id: number, order: MixOrder, sources: readonly Buffer[], course: Course) {
    this.id = id;
    this.fetchId = course.fetchResult === 'other-id' ? id + 500_000 : id;
    this.order = order;
    this.seed = order.seed ?? Math.imul(id, 2654435761) >>> 0;
    this.course = course;
    const hash = createHash('sha256').update(String(id)).digest('hex');
    this.prefix = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    this.#sources = sources;
    this.#polls = course.polls;
    this.#empties = course.empties;
  }

  /** What the service says the work took: more steps, more time. */
  get seconds(): number {
    return 0.19 * this.order.steps;
  }

  /** What to tell the next who asks; counts the question. */
  next(): 'running' | 'empty' | 'success' | 'failed' {
    if (this.#polls > 0) {
      this.#polls--;
      return 'running';
    }
    if (this.#empties > 0) {
      this.#empties--;
      return 'empty';
    }
    this.state = this.course.end === 'success' ? 'done' : 'failed';
    return this.course.end;
  }

  /** The PNG of a sample, mixed when first asked for. */
  picture(index: number): Promise<Buffer> {
    const { weights, width, height, guidanceScale } = this.order;
    const made =
      this.#pictures.get(index) ??
      mixPng({ sources: this.#sources, weights, width, height, guidanceScale, seed: this.seed, sample: index });
    this.#pictures.set(index, made);
    return made;
  }
}
