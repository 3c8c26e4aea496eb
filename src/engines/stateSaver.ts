import { abortable } from '../images/abortable.ts';
import { systemCode } from '../storage/systemError.ts';
import { JobSuspended, type MixContext } from './engine.ts';

/** Saves the state of a run with a server. A disk that hangs doesn't keep the job from being canceled. */
export class StateSaver {
  readonly #state: object;
  readonly #context: MixContext;
  readonly #onError: (code: string) => void;
  /** Aborted if the job is canceled. A suspended job still saves what it got. */
  readonly #cancelled = new AbortController();

  /**
   * @param state saved as it is at the time.
   * @param onError called if the disk refuses a save that the run doesn't depend on, with the code of the system error.
   */
  constructor(state: object, context: MixContext, onError: (code: string) => void) {
    this.#state = state;
    this.#context = context;
    this.#onError = onError;
    const { signal } = context;
    const follow = () => {
      if (!(signal.reason instanceof JobSuspended)) this.#cancelled.abort(signal.reason);
    };
    if (signal.aborted) follow();
    signal.addEventListener('abort', follow, { once: true });
  }

  /**
   * Resolves once the state is on disk. Call it before a request that makes the server work.
   * @throws what `save` throws, or the signal's reason.
   */
  async saveBeforeWork(): Promise<void> {
    await abortable(this.#context.save(this.#state), this.#context.signal);
  }

  /**
   * Saves the state once the service has responded. If the disk refuses, the run goes on, because its results would be lost otherwise:
   * the state stays in memory, and the next save writes all of it. @throws any other error, or the reason of a cancellation.
   */
  async saveAfterResponse(): Promise<void> {
    try {
      await abortable(this.#context.save(this.#state), this.#cancelled.signal);
    } catch (error) {
      const code = systemCode(error);
      if (code === '') throw error;
      this.#onError(code);
    }
  }
}
