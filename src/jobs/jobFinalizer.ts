import type { Clock } from '../engines/clock.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobRecord } from './job.ts';
import type { JobFolder } from './jobFolder.ts';
import type { JobStore } from './jobStore.ts';
import { isKeptAfterFailure } from './recovery.ts';

/** Takes the last step of a job in this window and gives up its lease. No method rejects. */
export class JobFinalizer {
  readonly #store: JobStore;
  readonly #clock: Clock;

  constructor(store: JobStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Records how a job ended, and removes it from the disk unless another run or another window still needs it. */
  async finalize(job: ActiveJob, folder: JobFolder, end: Partial<JobRecord>): Promise<void> {
    job.folder = undefined;
    job.update({ ...end, finishedAt: this.#clock.now() });
    await this.runLastStepAndRelease(async () => {
      if (!isKeptAfterFailure(job.record)) return folder.remove().catch(() => folder.save(job.record));
      await folder.save(job.record);
      return folder.release();
    });
    job.finish();
  }

  /** Leaves an open job for the next window to resume. */
  async suspend(job: ActiveJob, folder: JobFolder): Promise<void> {
    job.folder = undefined;
    await this.runLastStepAndRelease(() => folder.release());
    job.finish();
  }

  /** Leaves a job to the window that has leased it meanwhile. */
  async abandon(job: ActiveJob): Promise<void> {
    job.folder = undefined;
    await this.runLastStepAndRelease(async () => {});
    job.finish();
  }

  /** Takes the last step in a leased folder. If it fails, the folder stays, and a later start cleans it up. */
  async runLastStepAndRelease(lastStep: () => Promise<void>): Promise<void> {
    try {
      await lastStep();
    } catch {
      // The lease is lost or the disk refuses. Everything that matters was written before.
    } finally {
      await this.#store.release();
    }
  }
}
