import type { JobView } from '../../protocol/contract.ts';

interface Countdown {
  /** The remaining time in seconds as the host reported it, once. */
  readonly reported: number;
  readonly end: number;
}

/** How long each job will still take: what the host reported, less the time since then. */
export class Countdowns {
  readonly #now: () => number;
  #running: ReadonlyMap<string, Countdown> = new Map();

  /** @param now a clock in milliseconds that never jumps. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Call this with the current jobs after each change. A job that changes otherwise has the same time again, which isn't a new report. */
  update(jobs: readonly JobView[]): void {
    const now = this.#now();
    const running = new Map<string, Countdown>();
    for (const { id, progress } of jobs) {
      const { etaSeconds: reported } = progress;
      if (reported === undefined) continue;
      const known = this.#running.get(id);
      const isKnown = known?.reported === reported && known.end > now;
      running.set(id, isKnown ? known : { reported, end: now + reported * 1000 });
    }
    this.#running = running;
  }

  /** Seconds that a job will still take; undefined if that isn't known or the time has passed. */
  remaining(jobId: string): number | undefined {
    const countdown = this.#running.get(jobId);
    const seconds = countdown && (countdown.end - this.#now()) / 1000;
    return seconds !== undefined && seconds > 0 ? seconds : undefined;
  }

  /** Whether a job's remaining time is known and changes. */
  get isRunning(): boolean {
    return [...this.#running.keys()].some((id) => this.remaining(id) !== undefined);
  }
}
