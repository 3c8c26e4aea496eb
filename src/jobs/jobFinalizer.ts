import type { Clock } from '../engines/clock.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobRecord } from './job.ts';
import { LeaseLost } from './jobFolder.ts';
import type { JobRegistry } from './jobRegistry.ts';
import type { JobStore } from './jobStore.ts';
import { isForeign, isKeptAfterFailure } from './recovery.ts';

export interface JobFinalizerOptions {
  readonly store: JobStore;
  readonly jobs: JobRegistry;
  /** The workspace that this window has open: the path of its storage. */
  readonly home: string;
  readonly clock: Clock;
  readonly onError: (jobId: string, error: unknown) => void;
  /** Called before an ended job with results in the project is removed from the disk, which waits for it. */
  readonly onSaved: (record: JobRecord) => Promise<void>;
}

/** Takes the last step of a job in this window. No method rejects. */
export class JobFinalizer {
  readonly #options: JobFinalizerOptions;

  constructor(options: JobFinalizerOptions) {
    this.#options = options;
  }

  /**
   * Records how a job ended, and removes it from the disk unless another run still needs it. A kept job of this workspace stays leased
   * while this window shows it. One of another workspace is left to that workspace's next window.
   */
  async finalize(job: ActiveJob, end: Partial<JobRecord>): Promise<void> {
    const { store, jobs, home, clock } = this.#options;
    job.update({ ...end, finishedAt: clock.now() });
    const { folder, record } = job;
    const isOthers = isForeign(record, home);
    if (folder && isKeptAfterFailure(record)) {
      await this.#save(job);
      if (isOthers) await store.release(folder);
    } else if (folder) {
      await this.#announceSaved(record);
      job.folder = undefined;
      // If the folder stays, the next window must at least not run the job again.
      if (!(await store.remove(folder))) await folder.save(record).catch((error) => this.#report(job, error));
    }
    job.finish();
    if (isOthers) jobs.delete(record.id);
  }

  /** Leaves a job to the next window, as far as this one got. */
  async suspend(job: ActiveJob): Promise<void> {
    const { folder } = job;
    if (folder) {
      await this.#save(job);
      job.folder = undefined;
      await this.#options.store.release(folder);
    }
    job.finish();
  }

  /** Leaves a job to the window that has leased it meanwhile. */
  async abandon(job: ActiveJob): Promise<void> {
    const { folder } = job;
    job.folder = undefined;
    if (folder) await this.#options.store.forget(folder);
    job.finish();
    this.#options.jobs.delete(job.record.id);
  }

  /** While the job is still on disk: if the process ends now, the next window announces it. */
  async #announceSaved(record: JobRecord): Promise<void> {
    if (!record.results.some(({ written }) => written)) return;
    try {
      await this.#options.onSaved(record);
    } catch (error) {
      this.#options.onError(record.id, error);
    }
  }

  /** If the disk refuses, the record is still in memory, where another run finds it. */
  async #save(job: ActiveJob): Promise<void> {
    await job.save().catch((error: unknown) => this.#report(job, error));
  }

  #report(job: ActiveJob, error: unknown): void {
    if (!(error instanceof LeaseLost)) this.#options.onError(job.record.id, error);
  }
}
