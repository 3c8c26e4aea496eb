import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Mutex } from 'async-mutex';
import type { JobRecord } from '../jobs/job.ts';
import { MixFailure } from '../mix/failure.ts';
import { isInside } from '../output/outputFolder.ts';
import { removeAbandoned, replaceFile } from '../storage/durableFile.ts';
import { makeFolder } from '../storage/folder.ts';
import { systemCode } from '../storage/systemError.ts';
import { forEachFile } from './forEachFile.ts';
import { deleteFile, entryName, entryText, parseEntryName, type Result, readEntry, unreadable } from './resultEntry.ts';

export type { Result } from './resultEntry.ts';

const capacity = 1000;

/** The results that can be read, newest first. */
export interface ResultList {
  readonly results: readonly Result[];
  /** Why others can't be read: `result-unavailable`. */
  readonly failure?: MixFailure;
}

export interface ResultStoreOptions {
  /** Called with the number of entries that were set aside because their content isn't valid, once for each of them. */
  readonly onDamaged?: (count: number) => void;
  /** Logs an error that changes nothing for the user. */
  readonly log?: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * The last 1,000 results of a workspace, newest first. Each has a file of its own in the folder `results` of the workspace's storage,
 * so windows can add results at the same time, and a damaged entry damages no other. The images themselves stay in the project.
 */
export class ResultStore {
  readonly #storage: string;
  readonly #folder: string;
  readonly #onDamaged: (count: number) => void;
  readonly #log: (error: unknown) => void;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  /** What was read, by the name of its entry. */
  readonly #results = new Map<string, Result>();
  /** Names of damaged entries that can't be set aside. */
  readonly #ignored = new Set<string>();
  /** Ids that this window added, found or removed: a job that changes again doesn't add them once more. */
  readonly #handled = new Set<string>();
  readonly #reading = new Mutex();
  readonly #adding = new Mutex();
  #isSwept = false;

  /** @param storage absolute path of a workspace's storage. */
  constructor(storage: string, { onDamaged = () => {}, log = () => {}, now = Date.now }: ResultStoreOptions = {}) {
    this.#storage = storage;
    this.#folder = join(storage, 'results');
    this.#onDamaged = onDamaged;
    this.#log = log;
    this.#now = now;
  }

  onChange(listener: () => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** Reads what is new. What can't be read now is read by the next call. */
  list(): Promise<ResultList> {
    return this.#reading.runExclusive(async () => {
      try {
        const names = await this.#names();
        const present = new Set(names);
        for (const name of this.#results.keys()) if (!present.has(name)) this.#results.delete(name);
        await this.#readNew(names);
        return { results: this.#known() };
      } catch (error) {
        if (!(error instanceof MixFailure)) throw error;
        return { results: this.#known(), failure: error };
      }
    });
  }

  /** All results, newest first. @throws MixFailure `result-unavailable` if one can't be read. */
  async all(): Promise<readonly Result[]> {
    const { results, failure } = await this.list();
    if (failure) throw failure;
    return results;
  }

  /** @throws MixFailure `result-unavailable` if it may be among those that can't be read. */
  async get(id: string): Promise<Result | undefined> {
    const { results, failure } = await this.list();
    const found = results.find((result) => result.id === id);
    if (!found && failure) throw failure;
    return found;
  }

  /**
   * Adds the saved results of a job that aren't in the list yet. Those that fail are added by the next call.
   * @throws the first error, after it has tried every result.
   */
  async addFrom({ id, request, results }: JobRecord): Promise<void> {
    await this.#adding.runExclusive(async () => {
      const createdAt = this.#now();
      const added = results
        .filter(({ index, written }) => written && !this.#handled.has(`${id}-${index}`))
        .map(({ index, path, seed }) => ({
          id: `${id}-${index}`,
          path,
          seed,
          createdAt,
          engine: request.engine,
          recipe: request.recipe,
          base: request.destination.root,
          sources: request.sources,
        }));
      if (added.length > 0) await this.#add(added);
    });
  }

  /** Removes results from the list. Their files stay. @throws MixFailure `save-failed` for the first that can't be removed, after the others. */
  async forget(ids: ReadonlySet<string>): Promise<void> {
    const names = (await this.#names()).filter((name) => ids.has(parseEntryName(name)?.id ?? ''));
    for (const id of ids) this.#handled.add(id);
    await this.#change(names, (name) => deleteFile(join(this.#folder, name)));
  }

  /** Whether a result's file is in storage, where it can't be found without the list, because it was made without an open folder. */
  isStored({ path }: Pick<Result, 'path'>): boolean {
    return isInside(path, this.#storage);
  }

  /**
   * Removes these results from the list, and deletes those of their files that are in storage.
   * @throws MixFailure `save-failed` for the first that can't be removed, after the others. It stays in the list.
   */
  async clear(results: readonly Result[]): Promise<void> {
    const removed = new Set<string>();
    try {
      await forEachFile(results, async (result) => {
        if (this.isStored(result)) await deleteFile(result.path);
        removed.add(result.id);
      });
    } finally {
      await this.forget(removed);
    }
  }

  async #add(results: readonly Result[]): Promise<void> {
    const names = await this.#names();
    const known = new Set(names.map((name) => parseEntryName(name)?.id));
    const last = parseEntryName(names.at(-1) ?? '')?.time ?? 0;
    const time = Math.max(this.#now(), last + 1); // later than all others even if the clock was set back
    await makeFolder(this.#folder);
    await this.#change(results, async (result) => {
      if (!known.has(result.id)) {
        const name = entryName(time, result.id);
        await replaceFile(join(this.#folder, name), entryText(result));
        names.push(name);
      }
      this.#handled.add(result.id);
    });
    await this.#removeOldest(names);
  }

  /** Changes entries, then tells the listeners even if some failed. */
  async #change<Item>(items: readonly Item[], change: (item: Item) => Promise<void>): Promise<void> {
    try {
      await forEachFile(items, change);
    } finally {
      for (const listener of this.#listeners) listener();
    }
  }

  /** The names of the entries, oldest first. */
  async #names(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder);
      return names.filter((name) => parseEntryName(name) !== undefined).sort();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return []; // there are no results yet
      throw unreadable('list', error);
    }
  }

  /** What was read. By id, since two windows may have added the same result: the earlier entry counts. */
  #known(): Result[] {
    const byId = new Map<string, Result>();
    for (const name of [...this.#results.keys()].sort()) {
      const result = this.#results.get(name);
      if (result && !byId.has(result.id)) byId.set(result.id, result);
    }
    return [...byId.values()].reverse();
  }

  async #readNew(names: readonly string[]): Promise<void> {
    let damaged = 0;
    try {
      await forEachFile(names, async (name) => {
        if (this.#results.has(name) || this.#ignored.has(name)) return;
        const result = await readEntry(join(this.#folder, name));
        if (result === 'damaged') {
          const count = await this.#setAside(name);
          damaged += count; // others were set aside meanwhile
        } else if (result !== 'gone') this.#results.set(name, result);
      });
    } catch (error) {
      throw unreadable('entries', error);
    } finally {
      if (damaged > 0) this.#onDamaged(damaged);
    }
  }

  /** Renames a damaged entry, so that its content can be inspected. Returns 0 if another window did so, otherwise 1. */
  async #setAside(name: string): Promise<0 | 1> {
    const path = join(this.#folder, name);
    try {
      await rename(path, `${path}.unreadable`);
    } catch (error) {
      const code = systemCode(error);
      if (code === '') throw error;
      if (code === 'ENOENT') return 0;
      this.#ignored.add(name); // a disk that can't be written
    }
    return 1;
  }

  /** Removes the oldest entries, and what killed windows were writing. What can't be removed is left to the next call. */
  async #removeOldest(names: readonly string[]): Promise<void> {
    try {
      await forEachFile(names.slice(0, Math.max(0, names.length - capacity)), (name) =>
        deleteFile(join(this.#folder, name)),
      );
      if (this.#isSwept) return;
      await removeAbandoned(this.#folder);
      this.#isSwept = true;
    } catch (error) {
      if (!(error instanceof MixFailure) && systemCode(error) === '') throw error;
      this.#log(error);
    }
  }
}
