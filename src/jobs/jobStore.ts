import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../engines/clock.ts';
import { flushFolder, replaceFile } from '../storage/durableFile.ts';
import { Heartbeat } from './heartbeat.ts';
import { isUnfinished, type JobRecord } from './job.ts';
import { acquireLease, type FencingTokens, JobFolder, leaseHolder, readRecord, readTokens } from './jobFolder.ts';

/** A job that this window has leased. */
export interface LeasedJob {
  readonly folder: JobFolder;
  readonly record: JobRecord;
}

/** Milliseconds until half-made folders of crashed windows and invalid records are deleted. */
const leftoverAge = 24 * 3_600_000;

/** The jobs on disk: one folder a job, leased by one window at a time. */
export class JobStore {
  readonly #directory: string;
  readonly #heartbeat: Heartbeat;

  /** @param options.owner the name of this window, never used by another one. */
  constructor(options: { directory: string; owner: string; clock: Clock }) {
    this.#directory = options.directory;
    this.#heartbeat = new Heartbeat(join(options.directory, '.windows'), options.owner, options.clock);
  }

  /** Writes a new job to disk, leased by this window. Its folder appears complete or not at all. */
  async create(record: JobRecord): Promise<JobFolder> {
    await this.#heartbeat.acquire();
    try {
      const draft = join(this.#directory, `.new-${record.id}`);
      await mkdir(draft, { recursive: true, mode: 0o700 });
      await replaceFile(join(draft, 'job-1.json'), JSON.stringify(record));
      await writeFile(join(draft, 'lease-1'), this.#heartbeat.owner); // not flushed, because no window holds it after a power cut
      const path = this.#path(record.id);
      await rename(draft, path);
      await flushFolder(this.#directory);
      return new JobFolder(path, 1);
    } catch (error) {
      await this.#heartbeat.release();
      throw error;
    }
  }

  /** The ids of the jobs on disk. Also deletes old leftovers. Without any jobs, it reads one folder only. */
  async list(): Promise<string[]> {
    const names: string[] = await readdir(this.#directory).catch(() => []); // created with the first job
    if (names.includes('.windows')) await this.#heartbeat.clean();
    for (const name of names) if (/^\.(new|ended|broken)-/.test(name)) await this.#removeLeftover(name);
    return names.filter((name) => !name.startsWith('.'));
  }

  /** Whether a job waits or runs, or did so when its window closed. */
  async isOpen(id: string): Promise<boolean> {
    const record = await readRecord(this.#path(id)).catch(() => undefined); // removed meanwhile
    return record !== undefined && isUnfinished(record);
  }

  /**
   * Leases a job for this window. `held`: a live window holds the lease. `gone`: the job doesn't exist anymore, or its record isn't
   * valid and was set aside.
   */
  async lease(id: string): Promise<LeasedJob | 'held' | 'gone'> {
    const path = this.#path(id);
    try {
      const tokens = await readTokens(path);
      const owner = await leaseHolder(path, tokens.lease);
      if (owner !== undefined && (await this.#heartbeat.isAlive(owner))) return 'held';
      await this.#heartbeat.acquire();
      const job = await this.#acquire(path, id, tokens);
      if (typeof job === 'string') await this.#heartbeat.release();
      return job;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'gone';
      throw error;
    }
  }

  /** Call it once for each job created or leased, after its folder was released or removed, or its lease was lost. */
  release(): Promise<void> {
    return this.#heartbeat.release();
  }

  async #acquire(path: string, id: string, tokens: FencingTokens): Promise<LeasedJob | 'held' | 'gone'> {
    const folder = await acquireLease(path, tokens, this.#heartbeat.owner);
    if (!folder) return 'held';
    const record = await readRecord(path);
    if (record) return { folder, record };
    const aside = join(this.#directory, `.broken-${id}`);
    await rm(aside, { recursive: true, force: true });
    await rename(path, aside);
    return 'gone';
  }

  /** Deletes a leftover once it is old by its modification time, for which only the system clock counts. */
  async #removeLeftover(name: string): Promise<void> {
    const path = join(this.#directory, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0, // gone already
    );
    if (age > leftoverAge) await rm(path, { recursive: true, force: true });
  }

  #path(id: string): string {
    return join(this.#directory, id);
  }
}
