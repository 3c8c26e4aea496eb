import type { Progress } from '../../mix/progress.ts';
import type { Clock } from '../clock.ts';

/** How far one sample is. */
export type SampleProgress =
  /** `ahead` counts the prompts before it; undefined if not known. */
  | { readonly kind: 'queued'; readonly ahead?: number }
  /** `fraction` is from 0 to 1; undefined before the first step. */
  | { readonly kind: 'running'; readonly fraction: number | undefined }
  | { readonly kind: 'fetching' }
  | { readonly kind: 'done' };

/** The least that must be done for an estimate of the rest. */
const leastMeasured = 0.02;

/** Sums up the progress of a job's samples, with an estimate of the remaining time from the first step on. */
export class MixProgress {
  readonly #clock: Clock;
  readonly #report: (progress: Progress) => void;
  readonly #samples: SampleProgress[];
  #measured: { readonly since: number; readonly from: number } | undefined;

  /** @param delivered the samples that are done before. */
  constructor(options: {
    clock: Clock;
    samples: number;
    delivered: ReadonlySet<number>;
    report: (progress: Progress) => void;
  }) {
    this.#clock = options.clock;
    this.#report = options.report;
    this.#samples = Array.from({ length: options.samples }, (_, index) => ({
      kind: options.delivered.has(index) ? 'done' : 'queued',
    }));
  }

  update(index: number, progress: SampleProgress): void {
    if (JSON.stringify(progress) === JSON.stringify(this.#samples[index])) return;
    this.#samples[index] = progress;
    if (this.#samples.some(({ kind }) => kind !== 'done')) this.#report(this.#overall());
  }

  #overall(): Progress {
    const total = this.#samples.length;
    const done = this.#samples.filter(({ kind }) => kind === 'done').length;
    const count = total > 1 ? { done, total } : {};
    const isRunning = this.#samples.some(({ kind }) => kind === 'running');
    if (isRunning) return { stage: 'mixing', ...count, ...this.#amount() };
    if (this.#samples.some(({ kind }) => kind === 'fetching')) return { stage: 'downloading', ...count };
    const ahead = this.#samples.flatMap((one) => (one.kind === 'queued' ? (one.ahead ?? []) : []));
    return { stage: 'queued', ...count, ...(ahead.length > 0 ? { ahead: Math.min(...ahead) } : {}) };
  }

  #amount(): Pick<Progress, 'fraction' | 'etaSeconds'> {
    const hasSteps = this.#samples.some((one) => one.kind === 'running' && one.fraction !== undefined);
    if (!hasSteps && !this.#measured) return {};
    const fraction = this.#samples.reduce((sum, one) => sum + fractionOf(one), 0) / this.#samples.length;
    const now = this.#clock.monotonic();
    this.#measured ??= { since: now, from: fraction };
    const { since, from } = this.#measured;
    if (fraction - from < leastMeasured) return { fraction };
    return { fraction, etaSeconds: (((now - since) / 1000) * (1 - fraction)) / (fraction - from) };
  }
}

function fractionOf(sample: SampleProgress): number {
  switch (sample.kind) {
    case 'queued':
      return 0;
    case 'running':
      return sample.fraction ?? 0;
    case 'fetching':
    case 'done':
      return 1;
  }
}
