import type { Clock } from '../engines/clock.ts';
import { type Engine, JobSuspended } from '../engines/engine.ts';
import { recordFailure } from '../mix/failure.ts';
import type { EngineName } from '../mix/limits.ts';
import type { PictureWriter } from '../output/resultWriter.ts';
import { ActiveJob, JobCancelled, type JobHandle, type JobSnapshot } from './activeJob.ts';
import type { JobRecord, JobRequest } from './job.ts';
import { asFailure, runJob } from './jobExecution.ts';
import { type JobFolder, Superseded } from './jobFolder.ts';
import { JobQueue } from './jobQueue.ts';
import { Journal, type OwnedJob } from './jobStore.ts';
import { fateAtStart, outlivesFailure } from './recovery.ts';
import { PictureSaver } from './resultSaver.ts';

export type { JobHandle, JobResult, JobSnapshot } from './activeJob.ts';

export interface JobRunnerOptions {
  /** Holds a folder for each job; made when the first job starts. */
  readonly directory: string;
  /** Makes an engine, or gives the one that was made before. */
  readonly engines: Readonly<Record<EngineName, () => Promise<Engine>>>;
  readonly writer: PictureWriter;
  readonly clock: Clock;
  /** How many hosted jobs may run at once. Local jobs run one at a time: each uses the whole machine. */
  maxConcurrent(): number;
  newId(): string;
  /** Told what a job failed of, as it was thrown: the record keeps neither stack nor cause. */
  onError(jobId: string, error: unknown): void;
  /** A name for this window that no other one has or had. */
  readonly owner: string;
}

/** Runs the jobs of a window, several at once and the rest in order, and goes on with those that a window left behind. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #journal: Journal;
  readonly #saver: PictureSaver;
  readonly #jobs = new Map<string, ActiveJob>();
  readonly #listeners = new Set<(job: JobSnapshot) => void>();
  readonly #queue: JobQueue;
  /** Everything that is going on, so that `dispose` can wait for it. */
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #disposed = new AbortController();
  #hasStarted = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#journal = new Journal(options);
    this.#saver = new PictureSaver(options.writer);
    this.#queue = new JobQueue(
      (engine) => this.#limit(engine),
      (job, folder) => this.#track(this.#run(job, folder)),
    );
  }

  /** Starts a job, or puts it in line. */
  start(request: JobRequest): JobHandle {
    const job = this.#add({
      version: 1,
      id: this.#options.newId(),
      createdAt: this.#options.clock.now(),
      request,
      state: 'waiting',
      pictures: [],
      notices: [],
      checkable: false,
    });
    if (this.#disposed.signal.aborted) job.controller.abort(this.#disposed.signal.reason);
    this.#queue.add(job);
    job.report({ stage: 'waiting' });
    // In turn, so that the first of many can begin while the others are still being written.
    this.#writing = this.#track(this.#writing.then(() => this.#writeDown(job)));
    return job.handle;
  }

  /**
   * Goes on with the jobs that windows left behind. To be called at the start, when failed ones are told or looked up once more, and
   * from time to time: another window may close while this one is open. Resolves with the jobs that run again; where nothing was
   * left this is one look at a folder.
   */
  resume(): Promise<JobHandle[]> {
    return this.#track(this.#goOn());
  }

  /** Ends a job that waits or runs; the service may go on with what it was paid for. Pictures that were saved stay. */
  async cancel(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    if (!job?.isOpen || job.controller.signal.aborted) return;
    job.controller.abort(new JobCancelled());
    if (this.#queue.isRunning(job) || !job.folder) return; // ends by itself, as soon as it is written down or notices
    this.#queue.leave(job);
    await this.#end(job, job.folder, { state: 'cancelled' });
  }

  /** Takes an ended job off the list, and what is left of it off the disk. */
  async remove(id: string): Promise<void> {
    const job = this.#jobs.get(id);
    if (!job || job.isOpen) return;
    this.#jobs.delete(id);
    if (!outlivesFailure(job.record)) return;
    const owned = await this.#journal.claim(id);
    if (typeof owned === 'string') return;
    await this.#letGo(() => owned.folder.remove());
  }

  /** Looks once more for the work of a failed job that can be looked up; undefined where there is nothing to look for. */
  async checkAgain(id: string): Promise<JobHandle | undefined> {
    const job = this.#jobs.get(id);
    if (!job || job.isOpen || !job.record.checkable) return undefined;
    const owned = await this.#journal.claim(id);
    if (typeof owned === 'string') return undefined;
    return this.#takeUp(owned);
  }

  /** The jobs of this window, oldest first, with those that ended until they are removed. */
  jobs(): JobSnapshot[] {
    return [...this.#jobs.values()].map(({ snapshot }) => snapshot);
  }

  /** Calls the listener at every change of a job; returns a function that stops it. */
  onChange(listener: (job: JobSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts every job aside, to be resumed by whichever window comes next. Resolves when nothing is going on any more. */
  async dispose(): Promise<void> {
    this.#disposed.abort(new JobSuspended());
    for (const job of this.#jobs.values()) if (job.isOpen) job.controller.abort(this.#disposed.signal.reason);
    for (const job of this.#queue.close()) if (job.folder) void this.#track(this.#putAside(job, job.folder));
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks);
  }

  #add(record: JobRecord): ActiveJob {
    const job = new ActiveJob(record, ({ snapshot }) => {
      for (const listener of this.#listeners) listener(snapshot);
    });
    this.#jobs.set(record.id, job);
    return job;
  }

  /** Writes a new job to disk; only then it may run. */
  async #writeDown(job: ActiveJob): Promise<void> {
    try {
      job.folder = await this.#journal.create(job.record);
    } catch (error) {
      this.#queue.leave(job);
      this.#options.onError(job.record.id, error);
      job.update({ state: 'failed', finishedAt: this.#options.clock.now(), failure: recordFailure(asFailure(error)) });
      job.finish();
      this.#queue.startNext();
      return;
    }
    const { signal } = job.controller;
    if (!signal.aborted) return this.#queue.startNext();
    this.#queue.leave(job);
    if (signal.reason instanceof JobSuspended) await this.#putAside(job, job.folder);
    else await this.#end(job, job.folder, { state: 'cancelled' });
    this.#queue.startNext();
  }

  #limit(engine: EngineName): number {
    if (this.#disposed.signal.aborted) return 0;
    if (engine === 'local') return 1;
    try {
      return this.#options.maxConcurrent();
    } catch {
      return 1; // a setting that can't be read must not hold up the jobs
    }
  }

  async #run(job: ActiveJob, folder: JobFolder): Promise<void> {
    const { engine } = job.record.request;
    const { signal } = job.controller;
    try {
      await runJob(job, folder, this.#options.engines[engine], this.#saver);
      await this.#end(job, folder, { state: 'done' });
    } catch (error) {
      if (error instanceof Superseded) await this.#lose(job);
      else if (!signal.aborted) await this.#fail(job, folder, error);
      else if (signal.reason instanceof JobSuspended) await this.#putAside(job, folder);
      else await this.#end(job, folder, { state: 'cancelled' });
    }
  }

  async #fail(job: ActiveJob, folder: JobFolder, error: unknown): Promise<void> {
    const { id, request, engineState } = job.record;
    this.#options.onError(id, error);
    const engine = await this.#options.engines[request.engine]().catch(() => undefined);
    const unsaved = await this.#saver.hasUnsaved(job, folder).catch(() => false);
    const checkable = unsaved || (engine?.canResume?.(engineState) ?? false);
    await this.#end(job, folder, { state: 'failed', failure: recordFailure(asFailure(error)), checkable });
  }

  /** Notes how a job ended, and removes it from the disk unless something can still be had or must still be told. */
  async #end(job: ActiveJob, folder: JobFolder, end: Partial<JobRecord>): Promise<void> {
    job.folder = undefined;
    job.update({ ...end, finishedAt: this.#options.clock.now() });
    await this.#letGo(async () => {
      if (!outlivesFailure(job.record)) return folder.remove().catch(() => folder.save(job.record));
      await folder.save(job.record);
      return folder.release();
    });
    job.finish();
  }

  /** Leaves a job to whichever window takes it up next. */
  async #putAside(job: ActiveJob, folder: JobFolder): Promise<void> {
    job.folder = undefined;
    await this.#letGo(() => folder.release());
    job.finish();
  }

  /** Forgets a job that another window goes on with. */
  async #lose(job: ActiveJob): Promise<void> {
    job.folder = undefined;
    this.#jobs.delete(job.record.id);
    await this.#letGo(async () => {});
    job.finish();
  }

  /** Does the last thing that this window does to a job's folder. Where that fails the folder stays, and a later start clears it. */
  async #letGo(last: () => Promise<void>): Promise<void> {
    try {
      await last();
    } catch {
      // Superseded, or the disk refuses: what counts was written before.
    } finally {
      await this.#journal.release();
    }
  }

  async #goOn(): Promise<JobHandle[]> {
    const isStart = !this.#hasStarted;
    this.#hasStarted = true;
    const found: OwnedJob[] = [];
    for (const id of await this.#journal.list()) {
      if (this.#jobs.get(id)?.isOpen) continue;
      // What failed since is told by the window where it did.
      if (!isStart && !(await this.#journal.isOpen(id))) continue;
      // What can't even be looked at is no job, or one of another user; the others go on.
      const owned = await this.#journal.claim(id).catch(() => 'gone' as const);
      if (typeof owned !== 'string') found.push(owned);
    }
    found.sort((a, b) => a.record.createdAt - b.record.createdAt);
    const handles: JobHandle[] = [];
    for (const owned of found) {
      const handle = await this.#receive(owned);
      if (handle) handles.push(handle);
    }
    return handles;
  }

  /** Decides what becomes of a job that was left behind. */
  async #receive(owned: OwnedJob): Promise<JobHandle | undefined> {
    const { folder, record } = owned;
    const job = new ActiveJob(record, () => {});
    const hasUnsaved = await this.#saver.hasUnsaved(job, folder);
    const fate = fateAtStart(record, hasUnsaved, this.#options.clock.now());
    switch (fate) {
      case 'run':
        return this.#takeUp(owned);
      case 'show':
        this.#add(record);
        await this.#letGo(() => folder.release());
        return undefined;
      case 'cancel':
        await this.#end(this.#add(record), folder, { state: 'cancelled' });
        return undefined;
      case 'remove':
        await this.#letGo(() => folder.remove());
        return undefined;
    }
  }

  /** Puts a claimed job in line. */
  #takeUp({ folder, record }: OwnedJob): JobHandle {
    const { failure: _failure, finishedAt: _finishedAt, ...rest } = record;
    const job = this.#add({ ...rest, state: 'waiting', checkable: false });
    if (this.#disposed.signal.aborted) {
      void this.#track(this.#putAside(job, folder));
      return job.handle;
    }
    job.folder = folder;
    this.#queue.add(job);
    job.report({ stage: 'waiting' });
    this.#queue.startNext();
    return job.handle;
  }

  /** Remembers a task until it ends. */
  #track<T>(task: Promise<T>): Promise<T> {
    this.#tasks.add(task);
    return task.finally(() => this.#tasks.delete(task));
  }
}
