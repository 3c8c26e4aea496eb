import { type EngineName, engineNames } from '../mix/limits.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobFolder } from './jobFolder.ts';

/** Lets a number of jobs run at once and the others wait, in order and each engine for itself. */
export class JobQueue {
  /** Jobs without a folder are still being written down; they hold up those behind them. */
  readonly #waiting: ActiveJob[] = [];
  readonly #running = new Set<ActiveJob>();
  readonly #limit: (engine: EngineName) => number;
  readonly #run: (job: ActiveJob, folder: JobFolder) => Promise<void>;

  /** @param run must not reject. */
  constructor(limit: (engine: EngineName) => number, run: (job: ActiveJob, folder: JobFolder) => Promise<void>) {
    this.#limit = limit;
    this.#run = run;
  }

  /** Puts a job at the end of the line. */
  add(job: ActiveJob): void {
    this.#waiting.push(job);
  }

  /** Takes a job out of the line. */
  leave(job: ActiveJob): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  isRunning(job: ActiveJob): boolean {
    return this.#running.has(job);
  }

  /** Starts as many jobs as may run now; to be called whenever that may have changed. */
  startNext(): void {
    for (const engine of engineNames) {
      const isOfEngine = (job: ActiveJob) => job.record.request.engine === engine;
      while ([...this.#running].filter(isOfEngine).length < this.#limit(engine)) {
        const next = this.#waiting.find(isOfEngine);
        if (!next?.folder) break;
        this.leave(next);
        this.#running.add(next);
        void this.#run(next, next.folder).finally(() => {
          this.#running.delete(next);
          this.startNext();
        });
      }
    }
  }

  /** Empties the line and returns those who stood in it. */
  close(): ActiveJob[] {
    return this.#waiting.splice(0);
  }
}
