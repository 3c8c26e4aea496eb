import type { Progress } from '../../mix/progress.ts';
import type { Clock } from '../clock.ts';

/** Turns the steps of a local mix into progress, with the time that remains. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #samples: number;
  readonly #report: (progress: Progress) => void;
  #mixingSince: number | undefined;

  /** @param samples how many pictures will be made. */
  constructor(options: { clock: Clock; samples: number; report: (progress: Progress) => void }) {
    this.#clock = options.clock;
    this.#samples = options.samples;
    this.#report = options.report;
  }

  /** `done` of `total` images are read and prepared. */
  reading(done: number, total: number): void {
    this.#report({ stage: 'reading', done, total, fraction: done / total });
  }

  /** Sample `sample` (from 0) is done to `fraction`. What remains is judged by the time that it took so far. */
  mixing(sample: number, fraction: number): void {
    const now = this.#clock.now();
    this.#mixingSince ??= now;
    const whole = (sample + fraction) / this.#samples;
    const elapsed = (now - this.#mixingSince) / 1000;
    this.#report({
      stage: 'mixing',
      done: sample,
      total: this.#samples,
      fraction: whole,
      ...(whole > 0.1 ? { etaSeconds: (elapsed / whole) * (1 - whole) } : {}),
    });
  }
}
