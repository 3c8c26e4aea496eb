import { readdir } from 'node:fs/promises';
import { ignore } from '../storage/systemError.ts';

/** Milliseconds between two looks. */
const interval = 20_000;

export interface LeftoverWatchOptions {
  /** Absolute path of the folder of all jobs. It may not exist yet. */
  readonly folder: string;
  /** Whether the workbench is loaded. Then it looks by itself, and also cleans up. */
  readonly isLoaded: () => boolean;
  /** Loads the workbench if needed, and resumes jobs. */
  readonly resume: (time: 'start' | 'later') => Promise<void>;
  /** Must not throw. */
  readonly onError: (error: unknown) => void;
}

/**
 * Looks for jobs that closed windows left behind, when this window has opened and then every 20 seconds. Usually there are none, and
 * reading one folder shows that.
 */
export class LeftoverWatch {
  readonly #options: LeftoverWatchOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #time: 'start' | 'later' = 'start';
  #looking: Promise<void> | undefined;

  constructor(options: LeftoverWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), interval);
    void this.look();
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  /** Looks now, or waits for the look in progress. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch(this.#options.onError)
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { folder, isLoaded, resume } = this.#options;
    const names = (await readdir(folder).catch(ignore('ENOENT'))) ?? [];
    const hasJobs = names.some((name) => !name.startsWith('.'));
    if (hasJobs || isLoaded()) await resume(this.#time);
    this.#time = 'later';
  }
}
