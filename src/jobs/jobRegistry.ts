import { ActiveJob, type JobSnapshot } from './activeJob.ts';
import type { JobRecord } from './job.ts';

/** The jobs of this window in the order they were added, and the listeners to their changes. */
export class JobRegistry {
  readonly #jobs = new Map<string, ActiveJob>();
  readonly #listeners = new Set<(job: JobSnapshot) => void>();
  readonly #removalListeners = new Set<(id: string) => void>();

  /** Adds a job. It replaces one with the same id. */
  add(record: JobRecord): ActiveJob {
    const job = new ActiveJob(record, ({ snapshot }) => {
      for (const listener of this.#listeners) listener(snapshot);
    });
    this.#jobs.set(record.id, job);
    return job;
  }

  get(id: string): ActiveJob | undefined {
    return this.#jobs.get(id);
  }

  delete(id: string): void {
    if (this.#jobs.delete(id)) for (const listener of this.#removalListeners) listener(id);
  }

  all(): ActiveJob[] {
    return [...this.#jobs.values()];
  }

  snapshots(): JobSnapshot[] {
    return [...this.#jobs.values()].map(({ snapshot }) => snapshot);
  }

  /** Calls the listener at every change of a job. Returns a function that removes it. */
  onChange(listener: (job: JobSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listener with the id of each job that leaves the list. Returns a function that removes it. */
  onRemove(listener: (id: string) => void): () => void {
    this.#removalListeners.add(listener);
    return () => this.#removalListeners.delete(listener);
  }
}
