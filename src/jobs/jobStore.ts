import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../engines/clock.ts';
import { flushFolder, writeDurably } from '../output/durableFile.ts';
import { Heartbeat } from './heartbeat.ts';
import { isOpen, type JobRecord } from './job.ts';
import { type FolderContent, JobFolder, lookInto, makeClaim, ownerOf, readRecord } from './jobFolder.ts';

/** A job that this window owns. */
export interface OwnedJob {
  readonly folder: JobFolder;
  readonly record: JobRecord;
}

/** Leftovers of windows that stopped in the middle of something, and records that nobody understands, go after this time (milliseconds). */
const leftoverAge = 24 * 3_600_000;

/** The jobs on disk: a folder a job, each owned by one window at a time. */
export class Journal {
  readonly #directory: string;
  readonly #heartbeat: Heartbeat;

  constructor(options: { directory: string; owner: string; clock: Clock }) {
    this.#directory = options.directory;
    this.#heartbeat = new Heartbeat(join(options.directory, '.windows'), options.owner, options.clock);
  }

  /** Writes a new job down, owned by this window. It appears whole or not at all. */
  async create(record: JobRecord): Promise<JobFolder> {
    await this.#heartbeat.hold();
    try {
      const draft = join(this.#directory, `.new-${record.id}`);
      await mkdir(draft, { recursive: true, mode: 0o700 });
      await writeDurably(join(draft, 'job-1.json'), JSON.stringify(record));
      await writeFile(join(draft, 'claim-1'), this.#heartbeat.owner); // one that is lost with the machine's power held nobody up
      const path = this.#path(record.id);
      await rename(draft, path);
      await flushFolder(this.#directory);
      return new JobFolder(path, 1);
    } catch (error) {
      await this.#heartbeat.release();
      throw error;
    }
  }

  /** The ids of the jobs on disk. Where there are none this is one look at a folder; else leftovers are cleared on the way. */
  async list(): Promise<string[]> {
    const names: string[] = await readdir(this.#directory).catch(() => []); // no folder: nothing was ever started here
    if (names.includes('.windows')) await this.#heartbeat.clean();
    for (const name of names) if (/^\.(new|ended|broken)-/.test(name)) await this.#clearLeftover(name);
    return names.filter((name) => !name.startsWith('.'));
  }

  /** Whether a job waits or runs, or was left so. */
  async isOpen(id: string): Promise<boolean> {
    const record = await readRecord(this.#path(id)).catch(() => undefined); // removed meanwhile
    return record !== undefined && isOpen(record);
  }

  /**
   * Makes a job this window's own. `held`: a living window has it. `gone`: there is no such job (any more), or none that can be
   * understood; that one is set aside.
   */
  async claim(id: string): Promise<OwnedJob | 'held' | 'gone'> {
    const path = this.#path(id);
    try {
      const content = await lookInto(path);
      const owner = await ownerOf(path, content.claim);
      if (owner !== undefined && (await this.#heartbeat.isAlive(owner))) return 'held';
      await this.#heartbeat.hold();
      const job = await this.#take(path, id, content);
      if (typeof job === 'string') await this.#heartbeat.release();
      return job;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'gone';
      throw error;
    }
  }

  /** To be called once for each job created or claimed, when this window is done with it: its folder was released, removed or lost. */
  release(): Promise<void> {
    return this.#heartbeat.release();
  }

  async #take(path: string, id: string, content: FolderContent): Promise<OwnedJob | 'held' | 'gone'> {
    const folder = await makeClaim(path, content, this.#heartbeat.owner);
    if (!folder) return 'held';
    const record = await readRecord(path);
    if (record) return { folder, record };
    const aside = join(this.#directory, `.broken-${id}`);
    await rm(aside, { recursive: true, force: true });
    await rename(path, aside);
    return 'gone';
  }

  /** Removes a leftover once it is old; by the file system's clock, since it is that of no job. */
  async #clearLeftover(name: string): Promise<void> {
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
