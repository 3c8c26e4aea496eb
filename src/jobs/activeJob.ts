import type { PreviewImage } from '../engines/engine.ts';
import type { MixFailure } from '../mix/failure.ts';
import { failureFromRecord } from '../mix/failureRecord.ts';
import type { Notice } from '../mix/notice.ts';
import type { Progress } from '../mix/progress.ts';
import { isUnfinished, type JobRecord } from './job.ts';
import type { JobFolder } from './jobFolder.ts';

/** A job at one moment. */
export interface JobSnapshot {
  readonly record: JobRecord;
  readonly progress: Progress;
  /** What its unfinished result looks like, if its engine shows that. */
  readonly preview?: PreviewImage | undefined;
}

/** How a job ended in this window. */
export interface JobEnd {
  readonly record: JobRecord;
  /** Also `cancelled` if this window suspended the job or lost its lease. Then the record still says `running` or `waiting`. */
  readonly status: 'done' | 'failed' | 'cancelled';
  readonly failure?: MixFailure;
}

/** A started job, for its caller. */
export interface JobHandle {
  readonly id: string;
  /** Never rejects. */
  readonly finished: Promise<JobEnd>;
}

/** The abort reason of a job that its user canceled. */
export class JobCancelled extends Error {
  override readonly name = 'JobCancelled';
}

/** A job in this window's memory: its record, its progress and its end. */
export class ActiveJob {
  readonly handle: JobHandle;
  readonly controller = new AbortController();
  /** The job's leased folder; undefined until the job is on disk, and again once this window has removed it or given up the lease. */
  folder: JobFolder | undefined;
  progress: Progress = { stage: 'waiting' };
  /** What its unfinished result looks like, if its engine shows that. */
  preview: PreviewImage | undefined;
  #record: JobRecord;
  readonly #onChange: (job: ActiveJob) => void;
  readonly #finish: (end: JobEnd) => void;

  constructor(record: JobRecord, onChange: (job: ActiveJob) => void) {
    this.#record = record;
    this.#onChange = onChange;
    const { promise, resolve } = deferred<JobEnd>();
    this.handle = { id: record.id, finished: promise };
    this.#finish = resolve;
  }

  get record(): JobRecord {
    return this.#record;
  }

  get snapshot(): JobSnapshot {
    return { record: this.#record, progress: this.progress, preview: this.preview };
  }

  /** Whether the job is waiting or running. */
  get isOpen(): boolean {
    return isUnfinished(this.#record);
  }

  /** Changes the record in memory only, and notifies the listener. */
  update(change: Partial<JobRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.#onChange(this);
  }

  reportProgress(progress: Progress): void {
    this.progress = progress;
    this.#onChange(this);
  }

  showPreview(image: PreviewImage): void {
    this.preview = image;
    this.#onChange(this);
  }

  /** Adds a notice unless the job has it already: a resumed run may report the same one again. */
  addNotice(notice: Notice): void {
    const text = JSON.stringify(notice);
    if (this.#record.notices.some((other) => JSON.stringify(other) === text)) return;
    this.update({ notices: [...this.#record.notices, notice] });
  }

  /** Writes the record to disk. @throws LeaseLost, or a system error. */
  async save(): Promise<void> {
    await this.folder?.save(this.#record);
  }

  /** Resolves `finished`. In another window the job may still run. */
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
