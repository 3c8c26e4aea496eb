import { Mutex } from 'async-mutex';
import type { Clock } from '../engines/clock.ts';
import type { JobHandle } from './activeJob.ts';
import type { JobRecord } from './job.ts';
import type { JobStore, LeasedJob } from './jobStore.ts';
import { isForeign, mayRecover, type RecoveryAction, type RecoveryTime, recoveryAction } from './recoveryRules.ts';
import type { ResultSaver } from './resultSaver.ts';
import { UnchangedTimer } from './unchangedTimer.ts';

/**
 * Milliseconds that a window leaves a job of another workspace alone. A window of that workspace looks for such jobs every 20 seconds,
 * and shows from then on that it is open.
 */
export const foreignJobDelay = 60_000;

export interface JobRecoveryOptions {
  readonly store: JobStore;
  readonly saver: ResultSaver;
  readonly clock: Clock;
  /** Absolute path of the storage of the workspace that this window has open. */
  readonly workspaceStorage: string;
  readonly isTrusted: () => boolean;
  readonly onError: (jobId: string, error: unknown) => void;
  /** Whether this window has the job already. */
  readonly isKnown: (id: string) => boolean;
  /** Does what has to be done with a job that is now leased. Resolves with the job if it runs again. */
  readonly apply: (action: RecoveryAction, job: LeasedJob) => Promise<JobHandle | undefined>;
}

/** Finds the jobs that closed windows left behind, and takes up those that this window may run: one at a time, each on its own. */
export class JobRecovery {
  readonly #options: JobRecoveryOptions;
  readonly #foreignJobs: UnchangedTimer;
  readonly #turns = new Mutex();
  /** Whether the jobs couldn't be listed at the start. */
  #isStartMissed = false;
  /** Jobs that failed to be recovered at the start, for the next look. */
  readonly #missed = new Set<string>();

  constructor(options: JobRecoveryOptions) {
    this.#options = options;
    this.#foreignJobs = new UnchangedTimer(options.clock, foreignJobDelay / 2);
  }

  /**
   * Resolves with the jobs that run again, oldest first. An error with one of them doesn't keep the others from running. What an error
   * kept from being done at the start is done at the next look.
   */
  recover(time: RecoveryTime): Promise<JobHandle[]> {
    return this.#turns.runExclusive(async () => {
      const isStart = time === 'start' || this.#isStartMissed;
      const handles: JobHandle[] = [];
      for (const { id } of await this.#leftovers(isStart)) {
        const timeOfJob = this.#timeOf(id, isStart);
        this.#missed.delete(id);
        const handle = await this.#attempt(id, timeOfJob, () => this.#recover(id, timeOfJob));
        if (handle) handles.push(handle);
      }
      return handles;
    });
  }

  /** The jobs on disk that this window doesn't have, oldest first. */
  async #leftovers(isStart: boolean): Promise<JobRecord[]> {
    const { store, isKnown } = this.#options;
    const records: JobRecord[] = [];
    this.#isStartMissed = isStart;
    const ids = await store.list();
    this.#isStartMissed = false;
    this.#foreignJobs.keepOnly(ids);
    for (const id of this.#missed) if (!ids.includes(id)) this.#missed.delete(id);
    for (const id of ids) {
      if (isKnown(id)) continue;
      const read = async () => (await store.read(id)) ?? (await this.#setAside(id));
      const record = await this.#attempt(id, this.#timeOf(id, isStart), read);
      if (record) records.push(record);
    }
    return records.sort((a, b) => a.createdAt - b.createdAt);
  }

  /** A job that an error hid at the start is still treated as at the start. */
  #timeOf(id: string, isStart: boolean): RecoveryTime {
    return isStart || this.#missed.has(id) ? 'start' : 'later';
  }

  /** Leasing a job sets it aside if its record isn't valid. */
  async #setAside(id: string): Promise<undefined> {
    const job = await this.#options.store.lease(id);
    if (typeof job !== 'string') await this.#options.store.release(job.folder);
  }

  async #recover(id: string, time: RecoveryTime): Promise<JobHandle | undefined> {
    const { store, saver, clock, workspaceStorage, isTrusted, apply } = this.#options;
    const isAllowed = (record: JobRecord) => mayRecover(record, { workspaceStorage, isTrusted: isTrusted() }, time);
    const seen = await store.read(id);
    if (!seen || !isAllowed(seen)) return undefined;
    if (isForeign(seen, workspaceStorage) && (await this.#mayHaveWindow(seen))) return undefined;
    // A failed job is shown by the window that opened last: the one that ran it may have no user anymore.
    const job = await store.lease(id, seen.state === 'failed');
    if (typeof job === 'string') return undefined;
    try {
      if (!isAllowed(job.record)) return await this.#giveBack(job);
      const hasUnsaved = await saver.hasUnsaved(job.record, job.folder);
      return await apply(recoveryAction(job.record, hasUnsaved, clock.now()), job);
    } catch (error) {
      await store.release(job.folder);
      throw error;
    }
  }

  /** Whether the job's workspace has an open window, or had one until so recently that another may be opening. */
  async #mayHaveWindow({ id, request }: JobRecord): Promise<boolean> {
    const hasWindow = await this.#options.store.hasOpenWindow(request.home.storage);
    return this.#foreignJobs.measure(id, hasWindow) < foreignJobDelay || hasWindow;
  }

  async #giveBack({ folder }: LeasedJob): Promise<undefined> {
    await this.#options.store.release(folder);
  }

  async #attempt<T>(id: string, time: RecoveryTime, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (time === 'start') this.#missed.add(id);
      this.#options.onError(id, error);
      return undefined;
    }
  }
}
