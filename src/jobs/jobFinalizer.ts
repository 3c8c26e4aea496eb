import type { Clock } from '../engines/clock.ts';
import { type Engine, JobSuspended } from '../engines/engine.ts';
import { recordFailure } from '../mix/failureRecord.ts';
import type { EngineName } from '../mix/limits.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobRecord } from './job.ts';
import { toFailure } from './jobExecution.ts';
import { type JobFolder, LeaseLost } from './jobFolder.ts';
import type { JobRegistry } from './jobRegistry.ts';
import type { JobStore } from './jobStore.ts';
import { isForeign, isKeptAfterFailure } from './recoveryRules.ts';
import type { ResultSaver } from './resultSaver.ts';

export interface JobFinalizerOptions {
  readonly store: JobStore;
  readonly jobs: JobRegistry;
  readonly saver: ResultSaver;
  readonly engines: Readonly<Record<EngineName, () => Promise<Engine>>>;
  /** Absolute path of the storage of the workspace that this window has open. */
  readonly workspaceStorage: string;
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
    const { store, jobs, workspaceStorage, clock } = this.#options;
    job.update({ ...end, finishedAt: clock.now() });
    const { folder, record } = job;
    const isOfOther = isForeign(record, workspaceStorage);
    if (folder && isKeptAfterFailure(record)) {
      await this.#save(job);
      if (isOfOther) await store.release(folder);
    } else if (folder) {
      await this.#announceSaved(record);
      job.folder = undefined;
      // If the folder stays, the next window must at least not run the job again.
      if (!(await store.remove(folder))) await folder.save(record).catch((error) => this.#report(job, error));
    }
    job.finish();
    if (isOfOther) jobs.delete(record.id);
  }

  /** Ends a job that is canceled while it doesn't run. Takes back what an earlier run left to a server. */
  async cancelWaiting(job: ActiveJob): Promise<void> {
    const { id, request, engineState } = job.record;
    await this.finalize(job, { state: 'cancelled' });
    if (engineState === undefined) return;
    try {
      await (await this.#options.engines[request.engine]()).discard?.(engineState, (notice) => job.addNotice(notice));
    } catch (error) {
      this.#options.onError(id, error);
    }
  }

  /** Ends a job whose signal was aborted: a canceled one for good, a suspended one for this window. */
  finalizeAborted(job: ActiveJob): Promise<void> {
    const { reason } = job.controller.signal;
    return reason instanceof JobSuspended ? this.suspend(job) : this.finalize(job, { state: 'cancelled' });
  }

  /** Ends a job with the failure for what its run threw. */
  async finalizeFailed(job: ActiveJob, folder: JobFolder, error: unknown): Promise<void> {
    this.#options.onError(job.record.id, error);
    const canCheckAgain = (await this.#hasUnsaved(job.record, folder)) || (await this.#hasPaidWork(job.record));
    await this.finalize(job, { state: 'failed', failure: recordFailure(toFailure(error)), canCheckAgain });
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

  /** Whether the folder holds results that aren't in the project. If nobody can tell, it may. */
  async #hasUnsaved(record: JobRecord, folder: JobFolder): Promise<boolean> {
    try {
      return await this.#options.saver.hasUnsaved(record, folder);
    } catch (error) {
      this.#options.onError(record.id, error);
      return true;
    }
  }

  /** Whether another run can fetch results that are paid for. If the engine can't be loaded, it may. */
  async #hasPaidWork({ id, request, engineState }: JobRecord): Promise<boolean> {
    if (engineState === undefined) return false;
    try {
      return (await this.#options.engines[request.engine]()).canCheckAgain?.(engineState) ?? false;
    } catch (error) {
      this.#options.onError(id, error);
      return true;
    }
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

  async #save(job: ActiveJob): Promise<void> {
    await job.save().catch((error: unknown) => this.#report(job, error));
  }

  #report(job: ActiveJob, error: unknown): void {
    if (!(error instanceof LeaseLost)) this.#options.onError(job.record.id, error);
  }
}
