import type { Clock } from '../engines/clock.ts';
import { type Engine, JobSuspended } from '../engines/engine.ts';
import { recordFailure } from '../mix/failureRecord.ts';
import type { EngineName } from '../mix/limits.ts';
import type { ResultWriter } from '../output/resultWriter.ts';
import { type ActiveJob, JobCancelled, type JobHandle, type JobSnapshot } from './activeJob.ts';
import type { JobRequest } from './job.ts';
import { runJob, toFailure } from './jobExecution.ts';
import { JobFinalizer } from './jobFinalizer.ts';
import { type JobFolder, LeaseLost } from './jobFolder.ts';
import { JobQueue } from './jobQueue.ts';
import { JobRegistry } from './jobRegistry.ts';
import { JobStore, type LeasedJob } from './jobStore.ts';
import { isKeptAfterFailure, leaseLeftovers, recoveryAction } from './recovery.ts';
import { ResultSaver } from './resultSaver.ts';

export type { JobEnd, JobHandle, JobSnapshot } from './activeJob.ts';

export interface JobRunnerOptions {
  /** Absolute path of the folder that has a folder for each job. It is created when the first job starts. */
  readonly directory: string;
  /** Creates an engine, or returns the one created before. */
  readonly engines: Readonly<Record<EngineName, () => Promise<Engine>>>;
  readonly writer: ResultWriter;
  readonly clock: Clock;
  /** How many hosted jobs may run at once. Local jobs run one at a time: each uses the whole machine. */
  maxConcurrent(): number;
  newId(): string;
  /** Called with the error that made a job fail. The job's record keeps neither its stack nor its cause. */
  onError(jobId: string, error: unknown): void;
  /** The name of this window, never used by another one. */
  readonly owner: string;
}

/** Queues and runs the jobs of a window, and recovers those that other windows left behind. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #store: JobStore;
  readonly #saver: ResultSaver;
  readonly #finalizer: JobFinalizer;
  readonly #jobs = new JobRegistry();
  readonly #queue: JobQueue;
  /** Everything in progress, for `dispose` to wait for. */
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #disposed = new AbortController();
  #hasRecovered = false;
  #creating: Promise<void> = Promise.resolve();

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#store = new JobStore(options);
    this.#saver = new ResultSaver(options.writer);
    this.#finalizer = new JobFinalizer(this.#store, options.clock);
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
    this.#creating = this.#track(this.#creating.then(() => this.#createOnDisk(job)));
    return job.handle;
  }

  /**
   * Recovers the jobs that other windows left behind, and resolves with those that run again. Call it at the start, when failed jobs
   * are reported or checked too, and from time to time, since another window may close. Without leftovers it reads one folder only.
   */
  resume(): Promise<JobHandle[]> {
    return this.#track(this.#recoverAll());
  }

  /** Cancels a job that waits or runs. The service may still finish what was submitted. Saved results stay. */
  async cancel(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    if (!job?.isOpen || job.controller.signal.aborted) return;
    job.controller.abort(new JobCancelled());
    if (this.#queue.isRunning(job) || !job.folder) return; // finalized by `#run` or `#createOnDisk`
    this.#queue.remove(job);
    await this.#finalizer.finalize(job, job.folder, { state: 'cancelled' });
  }

  /** Removes an ended job from the list and from the disk. */
  async remove(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    if (!job || job.isOpen) return;
    this.#jobs.delete(id);
    if (!isKeptAfterFailure(job.record)) return;
    const leased = await this.#store.lease(id);
    if (typeof leased === 'string') return;
    await this.#finalizer.runLastStepAndRelease(() => leased.folder.remove());
  }

  /** Runs a failed job again to get results that already exist; undefined if there can't be any. */
  async checkAgain(id: string): Promise<JobHandle | undefined> {
    const job = this.#jobs.get(id);
    if (!job || job.isOpen || !job.record.canCheckAgain) return undefined;
    const leased = await this.#store.lease(id);
    if (typeof leased === 'string') return undefined;
    return this.#enqueueLeased(leased);
  }

  /** The jobs of this window, oldest first. Ended ones are included until they are removed. */
  jobs(): JobSnapshot[] {
    return this.#jobs.snapshots();
  }

  /** Calls the listener at every change of a job. Returns a function that removes it. */
  onChange(listener: (job: JobSnapshot) => void): () => void {
    return this.#jobs.onChange(listener);
  }

  /** Suspends all jobs, for the next window to resume. Resolves when nothing is in progress anymore. */
  async dispose(): Promise<void> {
    this.#disposed.abort(new JobSuspended());
    for (const job of this.#jobs.unfinished()) job.controller.abort(this.#disposed.signal.reason);
    for (const job of this.#queue.clear()) {
      if (job.folder) void this.#track(this.#finalizer.suspend(job, job.folder));
    }
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
  }

  /** Writes a new job to disk. Until then it can't run. */
  async #createOnDisk(job: ActiveJob): Promise<void> {
    try {
      job.folder = await this.#store.create(job.record);
    } catch (error) {
      this.#queue.remove(job);
      this.#options.onError(job.record.id, error);
      job.update({ state: 'failed', finishedAt: this.#options.clock.now(), failure: recordFailure(toFailure(error)) });
      job.finish();
      this.#queue.startNext();
      return;
    }
    const { signal } = job.controller;
    if (!signal.aborted) return this.#queue.startNext();
    this.#queue.remove(job);
    await this.#finalizeAborted(job, job.folder);
    this.#queue.startNext();
  }

  #limit(engine: EngineName): number {
    if (this.#disposed.signal.aborted) return 0;
    return engine === 'local' ? 1 : this.#options.maxConcurrent();
  }

  async #run(job: ActiveJob, folder: JobFolder): Promise<void> {
    try {
      await runJob(job, folder, this.#options.engines[job.record.request.engine], this.#saver);
      await this.#finalizer.finalize(job, folder, { state: 'done' });
    } catch (error) {
      if (error instanceof LeaseLost) {
        this.#jobs.delete(job.record.id);
        await this.#finalizer.abandon(job);
      } else if (job.controller.signal.aborted) await this.#finalizeAborted(job, folder);
      else await this.#finalizeFailed(job, folder, error);
    }
  }

  async #finalizeAborted(job: ActiveJob, folder: JobFolder): Promise<void> {
    if (job.controller.signal.reason instanceof JobSuspended) await this.#finalizer.suspend(job, folder);
    else await this.#finalizer.finalize(job, folder, { state: 'cancelled' });
  }

  async #finalizeFailed(job: ActiveJob, folder: JobFolder, error: unknown): Promise<void> {
    const { id, request, engineState } = job.record;
    this.#options.onError(id, error);
    const engine = await this.#options.engines[request.engine]().catch(() => undefined);
    const hasUnsaved = await this.#saver.hasUnsaved(job.record, folder).catch(() => false);
    const canCheckAgain = hasUnsaved || (engine?.canCheckAgain?.(engineState) ?? false);
    const failure = recordFailure(toFailure(error));
    await this.#finalizer.finalize(job, folder, { state: 'failed', failure, canCheckAgain });
  }

  async #recoverAll(): Promise<JobHandle[]> {
    // Later on, failed jobs are those of windows that are still open and report them themselves.
    const onlyOpen = this.#hasRecovered;
    this.#hasRecovered = true;
    const isOpenHere = (id: string) => this.#jobs.get(id)?.isOpen ?? false;
    const handles: JobHandle[] = [];
    for (const leased of await leaseLeftovers(this.#store, isOpenHere, onlyOpen)) {
      const handle = await this.#recover(leased);
      if (handle) handles.push(handle);
    }
    return handles;
  }

  async #recover(leased: LeasedJob): Promise<JobHandle | undefined> {
    const { folder, record } = leased;
    const hasUnsaved = await this.#saver.hasUnsaved(record, folder);
    switch (recoveryAction(record, hasUnsaved, this.#options.clock.now())) {
      case 'resume':
        return this.#enqueueLeased(leased);
      case 'report':
        this.#jobs.add(record);
        await this.#finalizer.runLastStepAndRelease(() => folder.release());
        return undefined;
      case 'cancel':
        await this.#finalizer.finalize(this.#jobs.add(record), folder, { state: 'cancelled' });
        return undefined;
      case 'remove':
        await this.#finalizer.runLastStepAndRelease(() => folder.remove());
        return undefined;
    }
  }

  #enqueueLeased({ folder, record }: LeasedJob): JobHandle {
    const { failure: _failure, finishedAt: _finishedAt, ...rest } = record;
    const job = this.#jobs.add({ ...rest, state: 'waiting', canCheckAgain: false });
    if (this.#disposed.signal.aborted) {
      void this.#track(this.#finalizer.suspend(job, folder));
      return job.handle;
    }
    job.folder = folder;
    this.#queue.enqueue(job);
    job.reportProgress({ stage: 'waiting' });
    this.#queue.startNext();
    return job.handle;
  }

  /** Keeps a task in the set until it ends. */
  #track<T>(task: Promise<T>): Promise<T> {
    this.#tasks.add(task);
    return task.finally(() => this.#tasks.delete(task));
  }
}
