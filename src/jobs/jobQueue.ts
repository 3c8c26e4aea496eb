import { type EngineName, engineNames } from '../mix/limits.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobFolder } from './jobFolder.ts';

/** Runs a limited number of jobs at once for each engine. The others wait in order. */
export class JobQueue {
  /** A job without a folder is still being written to disk, and blocks those behind it. */
  readonly #waiting: ActiveJob[] = [];
  readonly #running = new Set<ActiveJob>();
  readonly #limit: (engine: EngineName) => number;
  readonly #run: (job: ActiveJob, folder: JobFolder) => Promise<void>;

  /** @param run must not reject. */
  constructor(limit: (engine: EngineName) => number, run: (job: ActiveJob, folder: JobFolder) => Promise<void>) {
    this.#limit = limit;
    this.#run = run;
  }

  /** Adds a job at the end. */
  enqueue(job: ActiveJob): void {
    this.#waiting.push(job);
  }

  /** Removes a waiting job. */
  remove(job: ActiveJob): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  isRunning(job: ActiveJob): boolean {
    return this.#running.has(job);
  }

  /** Starts as many jobs as the limits allow. Call it whenever a limit or a waiting job has changed. */
  startNext(): void {
    for (const engine of engineNames) {
      const isOfEngine = (job: ActiveJob) => job.record.request.engine === engine;
      while ([...this.#running].filter(isOfEngine).length < this.#limit(engine)) {
        const next = this.#waiting.find(isOfEngine);
        if (!next?.folder) break;
        this.remove(next);
        this.#running.add(next);
        void this.#run(next, next.folder).finally(() => {
          this.#running.delete(next);
          this.startNext();
        });
      }
    }
  }

  /** Removes and returns all waiting jobs. */
  clear(): ActiveJob[] {
    return this.#waiting.splice(0);
  }
}
