import type { Progress } from '../../mix/progress.ts';
import type { Clock } from '../clock.ts';

/** Reports the progress of a local mix, with an estimate of the remaining time. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #samples: number;
  readonly #report: (progress: Progress) => void;
  #mixingStart: number | undefined;

  /** @param samples number of samples in the mix. */
  constructor(options: { clock: Clock; samples: number; report: (progress: Progress) => void }) {
    this.#clock = options.clock;
    this.#samples = options.samples;
    this.#report = options.report;
  }

  /** Reports that `done` of `total` images are read and prepared. */
  reading(done: number, total: number): void {
    this.#report({ stage: 'reading', done, total, fraction: done / total });
  }

  /** Reports that sample `sample` (from 0) is done to `fraction`. The estimate extrapolates the time elapsed so far. */
  mixing(sample: number, fraction: number): void {
    const now = this.#clock.monotonic();
    this.#mixingStart ??= now;
    const overall = (sample + fraction) / this.#samples;
    const elapsed = (now - this.#mixingStart) / 1000;
    this.#report({
      stage: 'mixing',
      done: sample,
      total: this.#samples,
      fraction: overall,
      ...(overall > 0.1 ? { etaSeconds: (elapsed / overall) * (1 - overall) } : {}),
    });
  }
}
