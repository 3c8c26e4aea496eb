import type { Notice } from '../../mix/notice.ts';
import type { Progress } from '../../mix/progress.ts';
import type { MixContext, MixTask } from '../engine.ts';
import type { LogEvent, WriteLogEvent } from './engineLog.ts';

/** What a run tells the user and the log. */
export class JobReport {
  readonly #task: MixTask;
  readonly #context: MixContext;
  readonly #write: WriteLogEvent;
  #delivered: number;

  constructor({ task, context, log }: { task: MixTask; context: MixContext; log: WriteLogEvent }) {
    this.#task = task;
    this.#context = context;
    this.#write = log;
    this.#delivered = context.delivered.size;
  }

  /** Reports a step of the mix, with the number of delivered results if the job has several samples. */
  progress(progress: Progress): void {
    const total = this.#task.recipe.samples;
    this.#context.progress(total > 1 ? { ...progress, done: this.#delivered, total } : progress);
  }

  /** Reports that a number of images is uploaded. */
  uploading(done: number, total: number): void {
    this.#context.progress({ stage: 'uploading', done, total });
  }

  /** Reports a wait of `delay` milliseconds, and logs why. */
  waiting(delay: number, event: string, args: LogEvent['args']): void {
    this.log('info', event, { ...args, seconds: delay / 1000 });
    this.progress({ stage: 'queued', etaSeconds: delay / 1000 });
  }

  notice(notice: Notice): void {
    this.#context.notice(notice);
  }

  /** Counts a delivered result. */
  delivered(args: LogEvent['args']): void {
    this.#delivered++;
    this.log('info', 'delivered', args);
  }

  log(level: LogEvent['level'], event: string, args: LogEvent['args']): void {
    this.#write({ level, jobId: this.#task.jobId, event, args });
  }
}
