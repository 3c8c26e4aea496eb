import { abortable } from '../../images/abortable.ts';
import { systemCode } from '../../storage/systemError.ts';
import type { SharedStore } from './sharedStore.ts';

/** What a job's records need. */
interface ServiceRecordsOptions {
  readonly store: SharedStore;
  readonly signal: AbortSignal;
  /** Called if the disk refuses, with the code of the system error. */
  onError(code: string): void;
}

/**
 * The records that windows share, as one job uses them. They save uploads and waiting but aren't needed, so a disk that refuses
 * ends no job: what can't be read counts as unknown. A disk that hangs doesn't keep a job from being canceled.
 * Every method may throw the signal's reason.
 */
export class ServiceRecords {
  readonly #options: ServiceRecordsOptions;

  constructor(options: ServiceRecordsOptions) {
    this.#options = options;
  }

  /** The value; undefined if it is missing or unknown. */
  read(name: string): Promise<unknown> {
    return this.#attempt((store) => store.read(name), undefined);
  }

  write(name: string, value: unknown): Promise<void> {
    return this.#attempt((store) => store.write(name, value), undefined);
  }

  /** Writes the value unless the name is taken, and resolves with whether it was free. If that is unknown, it counts as free. */
  reserve(name: string, value: unknown): Promise<boolean> {
    return this.#reserve(name, (store) => store.add(name, value));
  }

  /** Writes the value over the one of an earlier reservation. */
  async takeOver(name: string, value: unknown): Promise<void> {
    await this.#reserve(name, (store) => store.write(name, value).then(() => true));
  }

  remove(name: string): Promise<void> {
    return this.#attempt((store) => store.remove(name), undefined);
  }

  #reserve(name: string, write: (store: SharedStore) => Promise<boolean>): Promise<boolean> {
    return this.#attempt(async (store) => {
      const isReserved = await write(store);
      // The job has given up what it reserved the name for.
      if (isReserved && this.#options.signal.aborted) await store.remove(name);
      return isReserved;
    }, true);
  }

  async #attempt<T>(action: (store: SharedStore) => Promise<T>, otherwise: T): Promise<T> {
    const { store, signal, onError } = this.#options;
    try {
      return await abortable(action(store), signal);
    } catch (error) {
      const code = systemCode(error);
      if (code === '') throw error;
      onError(code);
      return otherwise;
    }
  }
}
