import { Mutex } from 'async-mutex';
import type { Clock } from '../engines/clock.ts';
import { type Engine, JobSuspended } from '../engines/engine.ts';
import { MixFailure } from '../mix/failure.ts';
import { recordFailure } from '../mix/failureRecord.ts';
import type { EngineName } from '../mix/limits.ts';
import type { ResultWriter } from '../output/resultWriter.ts';
import { systemCode } from '../storage/systemError.ts';
import { type ActiveJob, JobCancelled, type JobHandle, type JobSnapshot } from './activeJob.ts';
import type { JobRecord, JobRequest } from './job.ts';
import { runJob } from './jobExecution.ts';
import { JobFinalizer } from './jobFinalizer.ts';
import { type JobFolder, LeaseLost } from './jobFolder.ts';
import { JobQueue } from './jobQueue.ts';
import { JobRecovery } from './jobRecovery.ts';
import { JobRegistry } from './jobRegistry.ts';
import { JobReopening } from './jobReopening.ts';
import { JobStore, type LeasedJob } from './jobStore.ts';
import type { RecoveryAction, RecoveryTime } from './recoveryRules.ts';
import { ResultSaver } from './resultSaver.ts';

export type { JobEnd, JobHandle, JobSnapshot } from './activeJob.ts';

export interface JobRunnerOptions {
  /** Absolute path of the folder that has a folder for each job. It is created when the first job starts. */
  readonly directory: string;
  /** Absolute path of the storage of the workspace that this window has open. */
  readonly workspaceStorage: string;
  /** False in Restricted Mode, where no job runs that needs the network. */
  isTrusted(): boolean;
  /** Creates an engine, or returns the one created before. */
  readonly engines: Readonly<Record<EngineName, () => Promise<Engine>>>;
  readonly writer: ResultWriter;
  readonly clock: Clock;
  /** How many jobs of an engine may run at once. Local jobs run one at a time: each uses the whole machine. */
  maxConcurrent(engine: Exclude<EngineName, 'local'>): number;
  newId(): string;
  /** Called with the error that made a job fail, whose record keeps neither its stack nor its cause, and with errors that stopped nothing. */
  onError(jobId: string | undefined, error: unknown): void;
  /** The name of this window, never used by another one. */
  readonly owner: string;
}

/** Queues and runs the jobs of a window, and recovers those that other windows left behind. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #store: JobStore;
  readonly #saver: ResultSaver;
  readonly #finalizer: JobFinalizer;
  readonly #recovery: JobRecovery;
  readonly #reopening: JobReopening;
  readonly #jobs = new JobRegistry();
  readonly #queue: JobQueue;
  /** Everything in progress, for `dispose` to wait for. */
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #disposed = new AbortController();
  readonly #creating = new Mutex();
  #onSaved: ((record: JobRecord) => Promise<void>) | undefined;

  constructor(options: JobRunnerOptions) {
    const { workspaceStorage, clock, engines } = options;
    const isTrusted = () => options.isTrusted();
    const onError = (jobId: string | undefined, error: unknown): void => options.onError(jobId, error);
    const onSaved = async (record: JobRecord): Promise<void> => this.#onSaved?.(record);
    this.#options = options;
    this.#store = new JobStore({ ...options, onError });
    this.#saver = new ResultSaver(options.writer, onError);
    const parts = { store: this.#store, jobs: this.#jobs, saver: this.#saver, workspaceStorage, clock, onError };
    this.#finalizer = new JobFinalizer({ ...parts, engines, onSaved });
    this.#reopening = new JobReopening({
      ...parts,
      finalizer: this.#finalizer,
      isTrusted,
      enqueue: (job) => this.#enqueueLeased(job),
    });
    this.#recovery = new JobRecovery({
      ...parts,
      isTrusted,
      isKnown: (id) => this.#isKnown(id),
      apply: (action, job) => this.#recover(action, job),
    });
    this.#queue = new JobQueue(
      (engine) => this.#limit(engine),
      (job, folder) => this.#track(this.#run(job, folder)),
    );
  }

  /** Starts a job, or enqueues it if too many are running. */
  start(request: JobRequest): JobHandle {
    const job = this.#jobs.add({
      version: 1,
      id: this.#options.newId(),
      createdAt: this.#options.clock.now(),
      request,
      state: 'waiting',
      results: [],
      notices: [],
      canCheckAgain: false,
    });
    if (this.#disposed.signal.aborted) job.controller.abort(this.#disposed.signal.reason);
    this.#queue.enqueue(job);
    job.reportProgress({ stage: 'waiting' });
    // One after the other, so that the first of many can run while the others are still being written.
    void this.#track(this.#creating.runExclusive(() => this.#createOnDisk(job)));
    return job.handle;
  }

  /**
   * Recovers the jobs that other windows left behind, and resolves with those that run again. Call it when a window has opened or its
   * workspace is trusted (`start`), when failed jobs are reported or checked too, and from time to time (`later`), since another window
   * may close. Without leftovers it reads one folder only. @throws a system error if the list of jobs can't be read.
   */
  async resume(time: RecoveryTime): Promise<JobHandle[]> {
    if (this.#disposed.signal.aborted) return [];
    await this.#track(this.#dropLost());
    return this.#track(this.#recovery.recover(time));
  }

  /** Cancels a job that waits or runs. The service may still finish what was submitted. Saved results stay. */
  async cancel(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    if (!job?.isOpen || job.controller.signal.aborted) return;
    job.controller.abort(new JobCancelled());
    if (this.#queue.isRunning(job) || !job.folder) return; // finalized by `#run` or `#createOnDisk`
    this.#queue.remove(job);
    await this.#track(this.#finalizer.cancelWaiting(job));
  }

  /** Removes an ended job from the list and from the disk. */
  async remove(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    if (!job || job.isOpen) return;
    const { folder } = job;
    job.folder = undefined;
    this.#jobs.delete(id);
    if (folder) await this.#store.remove(folder);
  }

  /**
   * Runs a failed job again to get results that already exist.
   * @throws MixFailure `untrusted-workspace` in Restricted Mode; `result-unavailable` if there is nothing to check, or if another window
   * does it; or a system error.
   */
  checkAgain(id: string): Promise<JobHandle> {
    return this.#track(this.#reopening.checkAgain(id));
  }

  /** The jobs of this window, oldest first. Ended ones are included until they are removed. */
  jobs(): JobSnapshot[] {
    return this.#jobs.snapshots();
  }

  /** Calls the listener at every change of a job. Returns a function that removes it. */
  onChange(listener: (job: JobSnapshot) => void): () => void {
    return this.#jobs.onChange(listener);
  }

  /** Calls the listener with the id of each job that leaves the list. Returns a function that removes it. */
  onRemove(listener: (id: string) => void): () => void {
    return this.#jobs.onRemove(listener);
  }

  /**
   * Sets what is done with the results of an ended job before it is removed from the disk. The job ends once that is done, and a window
   * that closes waits for it too.
   */
  set onSaved(listener: (record: JobRecord) => Promise<void>) {
    this.#onSaved = listener;
  }

  /** Suspends all jobs, for the next window to resume. Resolves when nothing is in progress anymore. */
  async dispose(): Promise<void> {
    this.#disposed.abort(new JobSuspended());
    for (const job of this.#jobs.all()) if (job.isOpen) job.controller.abort(this.#disposed.signal.reason);
    for (const job of this.#queue.clear()) if (job.folder) void this.#track(this.#finalizer.suspend(job));
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
    // Failed jobs that this window shows. The next one reports them, or checks them again.
    for (const job of this.#jobs.all()) if (job.folder) await this.#finalizer.suspend(job);
    await this.#store.close();
  }

  /** Writes a new job to disk. Until then it can't run. */
  async #createOnDisk(job: ActiveJob): Promise<void> {
    try {
      job.folder = await this.#store.create(job.record);
    } catch (error) {
      this.#queue.remove(job);
      this.#options.onError(job.record.id, error);
      const failure = new MixFailure('save-failed/storage', { args: { detail: systemCode(error) }, cause: error });
      await this.#finalizer.finalize(job, { state: 'failed', failure: recordFailure(failure) });
      this.#queue.startNext();
      return;
    }
    if (job.controller.signal.aborted) {
      this.#queue.remove(job);
      await this.#finalizer.finalizeAborted(job);
    }
    this.#queue.startNext();
  }

  #limit(engine: EngineName): number {
    if (this.#disposed.signal.aborted) return 0;
    return engine === 'local' ? 1 : this.#options.maxConcurrent(engine);
  }

  async #run(job: ActiveJob, folder: JobFolder): Promise<void> {
    const { engines, clock } = this.#options;
    try {
      await runJob(job, folder, engines[job.record.request.engine], this.#saver, clock);
      await this.#finalizer.finalize(job, { state: 'done' });
    } catch (error) {
      if (error instanceof LeaseLost) await this.#finalizer.abandon(job);
      else if (job.controller.signal.aborted) await this.#finalizer.finalizeAborted(job);
      else await this.#finalizer.finalizeFailed(job, folder, error);
    }
  }

  /** Removes failed jobs from the list that a window of this workspace has taken up since it opened. */
  async #dropLost(): Promise<void> {
    for (const job of this.#jobs.all()) {
      if (job.isOpen || !job.folder) continue;
      try {
        await job.folder.checkLease();
      } catch (error) {
        if (error instanceof LeaseLost) await this.#finalizer.abandon(job);
        else this.#options.onError(job.record.id, error);
      }
    }
  }

  #isKnown(id: string): boolean {
    const job = this.#jobs.get(id);
    return job?.isOpen === true || this.#store.holds(id);
  }

  async #recover(action: RecoveryAction, leased: LeasedJob): Promise<JobHandle | undefined> {
    switch (action) {
      case 'resume':
        return this.#reopening.resume(leased);
      case 'report':
        this.#addLeased(leased).update({}); // tells the listeners
        return undefined;
      case 'cancel':
        await this.#finalizer.cancelWaiting(this.#addLeased(leased));
        return undefined;
      case 'remove':
        await this.#store.remove(leased.folder);
        return undefined;
    }
  }

  async #enqueueLeased(leased: LeasedJob): Promise<JobHandle> {
    const job = this.#addLeased(leased);
    if (this.#disposed.signal.aborted) {
      await this.#finalizer.suspend(job);
      return job.handle;
    }
    this.#queue.enqueue(job);
    job.reportProgress({ stage: 'waiting' });
    this.#queue.startNext();
    return job.handle;
  }

  #addLeased({ folder, record }: LeasedJob): ActiveJob {
    const job = this.#jobs.add(record);
    job.folder = folder;
    return job;
  }

  /** Keeps a task in the set until it ends. */
  #track<T>(task: Promise<T>): Promise<T> {
    this.#tasks.add(task);
    return task.finally(() => this.#tasks.delete(task));
  }
}
