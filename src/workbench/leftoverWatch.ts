import { readdir } from 'node:fs/promises';
import type { RecoveryTime } from '../jobs/recoveryRules.ts';
import { ignore } from '../storage/systemError.ts';

/** Milliseconds between two checks. */
const interval = 20_000;

export interface LeftoverWatchOptions {
  /** Absolute path of the folder of all jobs. It may not exist yet. */
  readonly folder: string;
  /** Whether the workbench is loaded. Then it always checks, to clean up. */
  readonly isLoaded: () => boolean;
  /** Loads the workbench if needed, and resumes jobs. */
  readonly resume: (time: RecoveryTime) => Promise<void>;
  /** Must not throw. */
  readonly onError: (error: unknown) => void;
}

/**
 * Checks for jobs that closed windows left behind, when this window has opened and then every 20 seconds. Usually there are none, and
 * reading one folder shows that.
 */
export class LeftoverWatch {
  readonly #options: LeftoverWatchOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #time: RecoveryTime = 'start';
  #checking: Promise<void> | undefined;

  constructor(options: LeftoverWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.check(), interval);
    void this.check();
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  /** Checks now, or waits for the check in progress. Never rejects. */
  check(): Promise<void> {
    this.#checking ??= this.#check()
      .catch(this.#options.onError)
      .finally(() => {
        this.#checking = undefined;
      });
    return this.#checking;
  }

  async #check(): Promise<void> {
    const { folder, isLoaded, resume } = this.#options;
    const names = (await readdir(folder).catch(ignore('ENOENT'))) ?? [];
    const hasJobs = names.some((name) => !name.startsWith('.'));
    if (hasJobs || isLoaded()) await resume(this.#time);
    this.#time = 'later';
  }
}
