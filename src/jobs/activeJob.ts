import { failureFromRecord, type MixFailure } from '../mix/failure.ts';
import type { Notice } from '../mix/notice.ts';
import type { Progress } from '../mix/progress.ts';
import { isOpen, type JobRecord } from './job.ts';
import type { JobFolder } from './jobFolder.ts';

/** A job at one moment. */
export interface JobSnapshot {
  readonly record: JobRecord;
  readonly progress: Progress;
}

/** How a job ended. */
export interface JobResult {
  readonly record: JobRecord;
  /** `cancelled` also where this window let go of the job before its end: then the record still says `running` or `waiting`, and the job goes on later. */
  readonly status: 'done' | 'failed' | 'cancelled';
  readonly failure?: MixFailure;
}

/** What whoever started a job holds of it. */
export interface JobHandle {
  readonly id: string;
  /** Never rejects. */
  readonly finished: Promise<JobResult>;
}

/** The reason that a job's signal gives where its user cancelled it. */
export class JobCancelled extends Error {
  override readonly name = 'JobCancelled';
}

/** A job in this window's memory: its record, how far it is, and who waits for its end. */
export class ActiveJob {
  readonly handle: JobHandle;
  readonly controller = new AbortController();
  /** Undefined until the job is on disk, and once this window is done with it. */
  folder: JobFolder | undefined;
  progress: Progress = { stage: 'waiting' };
  #record: JobRecord;
  readonly #changed: (job: ActiveJob) => void;
  readonly #finish: (result: JobResult) => void;

  constructor(record: JobRecord, changed: (job: ActiveJob) => void) {
    this.#record = record;
    this.#changed = changed;
    const { promise, resolve } = deferred<JobResult>();
    this.handle = { id: record.id, finished: promise };
    this.#finish = resolve;
  }

  get record(): JobRecord {
    return this.#record;
  }

  get snapshot(): JobSnapshot {
    return { record: this.#record, progress: this.progress };
  }

  /** Whether the job still waits or runs. */
  get isOpen(): boolean {
    return isOpen(this.#record);
  }

  /** Changes the record in memory and tells. */
  update(change: Partial<JobRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.#changed(this);
  }

  report(progress: Progress): void {
    this.progress = progress;
    this.#changed(this);
  }

  /** Adds a notice unless the job has it: a run that was resumed may say the same again. */
  notice(notice: Notice): void {
    const text = JSON.stringify(notice);
    if (this.#record.notices.some((other) => JSON.stringify(other) === text)) return;
    this.update({ notices: [...this.#record.notices, notice] });
  }

  /** Puts the record on disk. @throws Superseded. */
  async save(): Promise<void> {
    await this.folder?.save(this.#record);
  }

  /** Tells whoever waits that the job is over, for this window at least. */
  finish(): void {
    const { state, failure } = this.#record;
    const status = state === 'done' || state === 'failed' ? state : 'cancelled';
    this.#finish({ record: this.#record, status, ...(failure ? { failure: failureFromRecord(failure) } : {}) });
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
