import { open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Mutex } from 'async-mutex';
import { replaceFile, writeNewFile } from '../storage/durableFile.ts';
import { parseJson } from '../storage/json.ts';
import { ignore, ignoreSystemError, systemCode } from '../storage/systemError.ts';
import { type JobRecord, jobRecordSchema } from './job.ts';

/** Another window has leased the job. This one must not write to its folder anymore. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The fencing tokens in a job's folder, read from its file names. */
export interface FencingTokens {
  /** The highest lease, whose holder owns the job; 0 if there is none. */
  readonly lease: number;
  /** The lease under which the newest record was written; 0 if there is none. */
  readonly record: number;
}

const leaseName = (token: number) => `lease-${token}`;
const recordName = (token: number) => `job-${token}.json`;

/**
 * A job's folder, for the window that leased it. Each lease has a fencing token, one higher than the last, and its holder writes the
 * record to a file with that token in its name. So a holder that lost its lease unawares can't overwrite newer records. It also looks
 * for a higher lease after each write: either it finds the new lease, or the new holder reads what it wrote.
 */
export class JobFolder {
  readonly path: string;
  #token: number;
  #unwrittenOwner: string | undefined;
  readonly #turns = new Mutex();

  /** The job's id. */
  get id(): string {
    return basename(this.path);
  }

  constructor(path: string, token: number) {
    this.path = path;
    this.#token = token;
  }

  /** Writes the record to disk, in the order of the calls. @throws LeaseLost, or a system error. */
  save(record: JobRecord): Promise<void> {
    const text = JSON.stringify(record);
    return this.#turns.runExclusive(async () => {
      await this.#check();
      await this.#writeOwner();
      try {
        await replaceFile(join(this.path, recordName(this.#token)), text);
      } finally {
        await this.#check(); // also tells what a missing folder means
      }
    });
  }

  /** Writes another file into the folder. @throws LeaseLost, or a system error. */
  async saveFile(name: string, bytes: Uint8Array): Promise<void> {
    await this.checkLease();
    await this.#access(() => replaceFile(join(this.path, name), bytes));
  }

  /** @throws LeaseLost, or a system error. */
  async readFile(name: string): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#access(() => readFile(join(this.path, name))));
  }

  /** The names of the files that match, sorted. @throws LeaseLost, or a system error. */
  async listFiles(pattern: RegExp): Promise<string[]> {
    return (await this.#access(() => readdir(this.path))).filter((name) => pattern.test(name)).sort();
  }

  /** Removes the folder. Other windows see it vanish at once. @throws LeaseLost, or a system error. */
  remove(): Promise<void> {
    return this.#turns.runExclusive(async () => {
      await this.#check();
      const removed = join(dirname(this.path), `.ended-${basename(this.path)}`);
      await rename(this.path, removed);
      await rm(removed, { recursive: true, force: true });
    });
  }

  /** Gives up the lease, so that any window can acquire the next one at once. @throws LeaseLost, or a system error. */
  release(): Promise<void> {
    return this.#turns.runExclusive(async () => {
      await this.#check();
      this.#unwrittenOwner = undefined;
      await writeFile(join(this.path, leaseName(this.#token)), '');
    });
  }

  /**
   * Replaces the lease by the next one. A window that is about to take the job because of what it read before can't do so anymore.
   * @param owner the window that holds the lease. @throws LeaseLost, or a system error: then the lease may be the old one.
   */
  renew(owner: string): Promise<void> {
    return this.#turns.runExclusive(async () => {
      await this.#check();
      const token = this.#token + 1;
      const file = await open(join(this.path, leaseName(token)), 'wx').catch(ignore('EEXIST'));
      if (!file) throw new LeaseLost();
      this.#token = token; // even if its name can't be written: no other window can have created it
      this.#unwrittenOwner = owner;
      await file.close();
      await this.#writeOwner();
    });
  }

  /** Until a lease has the name of its holder, other windows take it for released. */
  async #writeOwner(): Promise<void> {
    if (this.#unwrittenOwner === undefined) return;
    await writeFile(join(this.path, leaseName(this.#token)), this.#unwrittenOwner);
    this.#unwrittenOwner = undefined;
  }

  /** @throws LeaseLost if another window has leased the job, or removed it. Any other error says nothing about the lease. */
  checkLease(): Promise<void> {
    return this.#turns.runExclusive(() => this.#check());
  }

  async #check(): Promise<void> {
    const tokens = await readTokens(this.path).catch(ignore('ENOENT'));
    if (tokens?.lease !== this.#token) throw new LeaseLost();
  }

  /** If something is missing, another holder may have removed the folder. */
  async #access<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') await this.checkLease();
      throw error;
    }
  }
}

/** Reads the fencing tokens in a job's folder. Rejects if the folder doesn't exist. */
export async function readTokens(path: string): Promise<FencingTokens> {
  const names = await readdir(path);
  const highest = (pattern: RegExp) => Math.max(0, ...names.map((name) => Number(pattern.exec(name)?.[1] ?? 0)));
  return { lease: highest(/^lease-(\d+)$/), record: highest(/^job-(\d+)\.json$/) };
}

/** The window that holds a lease; undefined if it was released, or if its holder crashed before writing its name. */
export async function leaseHolder(path: string, token: number): Promise<string | undefined> {
  return (await readFile(join(path, leaseName(token)), 'utf8').catch(ignore('ENOENT'))) || undefined;
}

/** Acquires the lease that follows `last`; undefined if another window was quicker. @throws a system error, and then leaves no lease. */
export async function acquireLease(path: string, last: FencingTokens, owner: string): Promise<JobFolder | undefined> {
  const token = Math.max(last.lease, last.record) + 1;
  try {
    await writeNewFile(join(path, leaseName(token)), owner, { flush: false }); // no window holds it after a power cut
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return undefined;
    throw error;
  }
  try {
    return (await readTokens(path)).lease === token ? new JobFolder(path, token) : undefined;
  } catch (error) {
    await rm(join(path, leaseName(token)), { force: true }).catch(ignoreSystemError); // must not hide the first error
    throw error;
  }
}

/** The newest record in a job's folder; undefined if there is none, or if it isn't valid. @throws a system error. */
export async function readRecord(path: string): Promise<JobRecord | undefined> {
  const { record } = await readTokens(path);
  if (record === 0) return undefined;
  const text = await readFile(join(path, recordName(record)), 'utf8');
  return jobRecordSchema.safeParse(parseJson(text)).data;
}
