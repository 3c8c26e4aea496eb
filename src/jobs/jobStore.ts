import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../engines/clock.ts';
import { flushFolder, removeAbandoned, replaceFile, writeNewFile } from '../storage/durableFile.ts';
import { makeFolder } from '../storage/folder.ts';
import { ignore, systemCode } from '../storage/systemError.ts';
import type { JobRecord } from './job.ts';
import { acquireLease, JobFolder, LeaseLost, leaseHolder, readRecord, readTokens } from './jobFolder.ts';
import { WindowPresence } from './windowPresence.ts';

/** A job that this window has leased. */
export interface LeasedJob {
  readonly folder: JobFolder;
  readonly record: JobRecord;
}

export interface JobStoreOptions {
  readonly directory: string;
  /** The name of this window, never used by another one. */
  readonly owner: string;
  /** Absolute path of the storage of the workspace that this window has open. */
  readonly workspaceStorage: string;
  readonly clock: Clock;
  /** Called with errors that stop nothing, such as a leftover that can't be deleted. */
  readonly onError: (jobId: string | undefined, error: unknown) => void;
}

/** Milliseconds until half-made folders of crashed windows and invalid records are deleted. */
const leftoverAge = { new: 24 * 3_600_000, ended: 24 * 3_600_000, broken: 30 * 24 * 3_600_000 } as const;
const leftoverName = /^\.(new|ended|broken)-/;

/** The jobs on disk: one folder a job, leased by one window at a time. */
export class JobStore {
  readonly #options: JobStoreOptions;
  readonly #presence: WindowPresence;
  /** The folders that this window has leased. */
  readonly #leased = new Set<JobFolder>();
  /** Ended jobs whose folders couldn't be removed yet. */
  readonly #toRemove = new Set<JobFolder>();

  constructor(options: JobStoreOptions) {
    this.#options = options;
    this.#presence = new WindowPresence({
      folder: join(options.directory, '.windows'),
      owner: options.owner,
      workspaceStorage: options.workspaceStorage,
      clock: options.clock,
      onError: (error) => options.onError(undefined, error),
    });
  }

  /** Writes a new job to disk, leased by this window. Its folder appears complete or not at all. @throws a system error. */
  async create(record: JobRecord): Promise<JobFolder> {
    await this.#presence.publish();
    const { directory } = this.#options;
    const draft = join(directory, `.new-${record.id}`);
    let folder: JobFolder | undefined;
    try {
      await makeFolder(draft, 0o700);
      await replaceFile(join(draft, 'job-1.json'), JSON.stringify(record));
      await writeNewFile(join(draft, 'lease-1'), this.#presence.owner, { flush: false });
      const path = this.#path(record.id);
      await rename(draft, path);
      folder = this.#add(new JobFolder(path, 1));
      await flushFolder(directory);
      return folder;
    } catch (error) {
      if (folder) await this.remove(folder); // the job is told as not started
      await rm(draft, { recursive: true, force: true }).catch((cause: unknown) =>
        this.#options.onError(record.id, cause),
      );
      await this.#withdrawIfUnused();
      throw error;
    }
  }

  /**
   * The ids of the jobs on disk. While there are any, this window shows that it is open, so that windows of other workspaces leave its
   * jobs to it. Also deletes old leftovers. Without any jobs, it reads one folder only.
   */
  async list(): Promise<string[]> {
    for (const folder of this.#toRemove) await this.remove(folder);
    const names = await this.#names();
    for (const name of names) {
      const [, kind] = leftoverName.exec(name) ?? [];
      if (kind === 'new' || kind === 'ended' || kind === 'broken') {
        await this.#removeOld(name, leftoverAge[kind]).catch((error: unknown) =>
          this.#options.onError(undefined, error),
        );
      }
    }
    const ids = names.filter((name) => !name.startsWith('.'));
    if (ids.length > 0) await this.#presence.publish();
    else if (this.#leased.size === 0) await this.#withdraw();
    if (names.includes('.windows')) {
      await this.#presence.clean().catch((error: unknown) => this.#options.onError(undefined, error));
    }
    return ids;
  }

  /** Whether this window has leased the job, and hasn't given it up or removed it yet. */
  holds(id: string): boolean {
    return [...this.#leased].some((folder) => folder.id === id);
  }

  /** A job's record, without a lease; undefined if the job doesn't exist anymore, or if its record isn't valid. @throws a system error. */
  async read(id: string): Promise<JobRecord | undefined> {
    return (await readRecord(this.#path(id)).catch(ignore('ENOENT', 'ENOTDIR'))) ?? undefined;
  }

  /** Whether another window has the workspace with this storage open. */
  hasOpenWindow(workspaceStorage: string): Promise<boolean> {
    return this.#presence.hasOpenWindow(workspaceStorage);
  }

  /**
   * Leases a job for this window. `held`: an open window holds the lease. `gone`: the job doesn't exist anymore, or its record isn't
   * valid and was set aside. @throws a system error. Then this window holds no lease.
   * @param takesFailed whether to take a failed job from an open window too.
   */
  async lease(id: string, takesFailed = false): Promise<LeasedJob | 'held' | 'gone'> {
    const path = this.#path(id);
    try {
      const tokens = await readTokens(path);
      const owner = await leaseHolder(path, tokens.lease);
      const isFree = owner === undefined || owner === this.#presence.owner; // given up, even if that couldn't be written
      // The tokens are older than this record: if the job runs by now, its next lease is taken already.
      const isFailed = takesFailed && (await this.read(id))?.state === 'failed';
      if (!isFree && !isFailed && (await this.#presence.isOpen(owner))) return 'held';
      await this.#presence.publish();
      const folder = await acquireLease(path, tokens, this.#presence.owner);
      return folder ? await this.#readLeased(id, this.#add(folder)) : 'held';
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return 'gone';
      throw error;
    }
  }

  /**
   * Records that a failed job runs again, so that no other window takes it anymore: neither one that reads the record now, nor one that
   * has read it before. If the disk refuses, one that opens right now may take it. @throws LeaseLost.
   */
  async reopen({ folder, record }: LeasedJob): Promise<void> {
    try {
      await folder.save(record);
      await folder.renew(this.#presence.owner);
    } catch (error) {
      if (systemCode(error) === '') throw error;
      this.#options.onError(folder.id, error);
    }
  }

  /** Gives up a lease, for any window to acquire. Never rejects: if the disk refuses, others can acquire it once this window is closed. */
  async release(folder: JobFolder): Promise<void> {
    await this.#attempt(folder, () => folder.release());
    await this.forget(folder);
  }

  /** Removes a leased job. Never rejects: if the disk refuses, it resolves with false, and tries again later. */
  async remove(folder: JobFolder): Promise<boolean> {
    const isRemoved = await this.#attempt(folder, () => folder.remove());
    if (isRemoved) await this.forget(folder);
    else this.#toRemove.add(folder);
    return isRemoved;
  }

  /** Stops holding a folder whose lease is lost, or was given up. */
  async forget(folder: JobFolder): Promise<void> {
    this.#leased.delete(folder);
    this.#toRemove.delete(folder);
    await this.#withdrawIfUnused();
  }

  /** Shows the other windows that this one is closed. */
  async close(): Promise<void> {
    for (const folder of this.#toRemove) await this.remove(folder);
    await this.#withdraw();
  }

  async #readLeased(id: string, folder: JobFolder): Promise<LeasedJob | 'gone'> {
    try {
      const record = await readRecord(folder.path);
      if (record) {
        await removeAbandoned(folder.path).catch((error: unknown) => this.#options.onError(id, error));
        return { folder, record };
      }
      const aside = join(this.#options.directory, `.broken-${id}`);
      await rm(aside, { recursive: true, force: true });
      await rename(folder.path, aside);
      this.#options.onError(id, new Error(`The record of job ${id} is not valid. It was moved to ${aside}.`));
    } catch (error) {
      await this.release(folder);
      throw error;
    }
    await this.forget(folder);
    return 'gone';
  }

  /** Runs a step in a leased folder. Resolves with false if it fails, but with true if the lease is lost: then nothing is left to do. */
  async #attempt(folder: JobFolder, step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      if (error instanceof LeaseLost) return true;
      this.#options.onError(folder.id, error);
      return false;
    }
  }

  #add(folder: JobFolder): JobFolder {
    this.#leased.add(folder);
    return folder;
  }

  async #withdrawIfUnused(): Promise<void> {
    if (this.#leased.size > 0) return;
    const names = await this.#names().catch((error: unknown) => this.#options.onError(undefined, error));
    if (names?.every((name) => name.startsWith('.'))) await this.#withdraw();
  }

  async #withdraw(): Promise<void> {
    await this.#presence.withdraw().catch((error: unknown) => this.#options.onError(undefined, error));
  }

  async #names(): Promise<string[]> {
    return (await readdir(this.#options.directory).catch(ignore('ENOENT'))) ?? []; // created with the first job
  }

  /** Deletes a leftover once it is old by its modification time, for which only the system clock counts. */
  async #removeOld(name: string, maxAge: number): Promise<void> {
    const path = join(this.#options.directory, name);
    const status = await stat(path).catch(ignore('ENOENT'));
    if (status && Date.now() - status.mtimeMs > maxAge) await rm(path, { recursive: true, force: true });
  }

  #path(id: string): string {
    return join(this.#options.directory, id);
  }
}
