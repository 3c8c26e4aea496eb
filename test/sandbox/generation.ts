import { createHash } from 'node:crypto';
import type { MixOrder } from './order.ts';
import { mixPng } from './picture.ts';

/** What happens to a generation after the mix request. */
export interface Course {
  /** Number of fetches that are answered "still running" before the end. If 0, the answer to the mix has the results. */
  readonly polls: number;
  readonly end: 'success' | 'failed';
  /** Number of answers that report success with an empty output before the links are there. */
  readonly empties: number;
  /** The service's older or newer spelling of its answers. */
  readonly form: 'old' | 'new';
  readonly output: 'array' | 'string';
  /** What the `fetch_result` of a processing answer points to. */
  readonly fetchResult: 'own-id' | 'other-id' | 'other-origin';
}

/** Paid work. It is created when a mix request is accepted, whether or not the answer arrives. */
export class Generation {
  readonly id: number;
  /** The id that `fetch_result` names. */
  readonly fetchId: number;
  readonly order: MixOrder;
  readonly seed: number;
  readonly course: Course;
  /** Prefix of the results' file names. */
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

  /** How long the work took according to the service: in proportion to the steps. */
  get seconds(): number {
    return 0.19 * this.order.steps;
  }

  /** The status for the next fetch. Each call counts as one. */
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

  /** The PNG of a sample, mixed on the first request. */
  picture(index: number): Promise<Buffer> {
    const { weights, width, height, guidanceScale } = this.order;
    const made =
      this.#pictures.get(index) ??
      mixPng({ sources: this.#sources, weights, width, height, guidanceScale, seed: this.seed, sample: index });
    this.#pictures.set(index, made);
    return made;
  }
}
