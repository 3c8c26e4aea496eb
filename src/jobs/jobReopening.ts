import { MixFailure } from '../mix/failure.ts';
import type { JobHandle } from './activeJob.ts';
import type { JobRecord } from './job.ts';
import type { JobFinalizer } from './jobFinalizer.ts';
import { LeaseLost } from './jobFolder.ts';
import type { JobRegistry } from './jobRegistry.ts';
import type { JobStore, LeasedJob } from './jobStore.ts';
import { needsNetwork } from './recoveryRules.ts';

export interface JobReopeningOptions {
  readonly store: JobStore;
  readonly jobs: JobRegistry;
  readonly finalizer: JobFinalizer;
  readonly isTrusted: () => boolean;
  /** Puts a leased job into the queue. */
  readonly enqueue: (job: LeasedJob) => Promise<JobHandle>;
}

/** Runs jobs again that have failed or that a closed window left, each in one window and once. */
export class JobReopening {
  readonly #options: JobReopeningOptions;
  /** Jobs that are about to run again, so that a second click doesn't run them twice. */
  readonly #inProgress = new Map<string, Promise<JobHandle>>();

  constructor(options: JobReopeningOptions) {
    this.#options = options;
  }

  /** See `JobRunner.checkAgain`. */
  checkAgain(id: string): Promise<JobHandle> {
    const earlier = this.#inProgress.get(id);
    if (earlier) return earlier;
    const handle = this.#checkAgain(id).finally(() => this.#inProgress.delete(id));
    this.#inProgress.set(id, handle);
    return handle;
  }

  /** Runs a leased job again, unless another window takes it at this very moment. */
  async resume({ folder, record }: LeasedJob): Promise<JobHandle | undefined> {
    const { store, enqueue } = this.#options;
    const again = { folder, record: reopened(record) };
    try {
      if (record.state === 'failed') await store.reopen(again);
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      await store.forget(folder);
      return undefined;
    }
    return enqueue(again);
  }

  async #checkAgain(id: string): Promise<JobHandle> {
    const { store, jobs, finalizer, isTrusted, enqueue } = this.#options;
    const job = jobs.get(id);
    const { folder, record } = job ?? {};
    if (!job || !folder || !record?.canCheckAgain || job.isOpen) {
      throw new MixFailure('result-unavailable/nothing-to-check');
    }
    if (needsNetwork(record) && !isTrusted()) {
      throw new MixFailure(record.request.engine === 'local' ? 'untrusted-workspace/network' : 'untrusted-workspace');
    }
    const isDismissed = () => jobs.get(id) !== job || job.folder !== folder;
    const again = { folder, record: reopened(record) };
    try {
      await folder.checkLease();
      if (!isDismissed()) await store.reopen(again);
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      if (!isDismissed()) {
        await finalizer.abandon(job);
        throw new MixFailure('result-unavailable/elsewhere');
      }
    }
    if (isDismissed()) throw new MixFailure('result-unavailable/nothing-to-check');
    return enqueue(again);
  }
}

/** The record of a job that runs again. */
function reopened(record: JobRecord): JobRecord {
  const { failure: _failure, finishedAt: _finishedAt, ...rest } = record;
  return { ...rest, state: 'waiting', canCheckAgain: false };
}
