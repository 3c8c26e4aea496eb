import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeDurably } from '../output/durableFile.ts';
import { type JobRecord, jobRecordSchema } from './job.ts';

/** The job was claimed by another window, which goes on with it; nothing more may be written here. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** What a job folder holds, by the names of its files. */
export interface FolderContent {
  /** The highest claim, 0 for none: whoever made it owns the job. */
  readonly claim: number;
  /** The claim under which the newest record was written, 0 for none. */
  readonly record: number;
}

const claimName = (token: number) => `claim-${token}`;
const recordName = (token: number) => `job-${token}.json`;

/**
 * A job's folder as its owner sees it. Every claim has a number, one higher than the last, and its owner writes the record under that
 * number, so that an owner who was superseded without knowing can't overwrite what came after. Each write is followed by a
 * look for a higher claim: either the write finds the claim, or whoever made the claim finds the write.
 */
export class JobFolder {
  readonly path: string;
  readonly #token: number;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, token: number) {
    this.path = path;
    this.#token = token;
  }

  /**
   * Writes the record to disk, in the order of the calls.
   * @throws Superseded where another window owns the job.
   */
  save(record: JobRecord): Promise<void> {
    const text = JSON.stringify(record);
    const write = this.#writing.then(async () => {
      await this.#stillMine();
      await writeDurably(join(this.path, recordName(this.#token)), text);
      await this.#stillMine();
    });
    this.#writing = write.catch(() => undefined);
    return write;
  }

  /** Keeps a file beside the record. @throws Superseded. */
  async keep(name: string, bytes: Uint8Array): Promise<void> {
    await this.#stillMine();
    await writeDurably(join(this.path, name), bytes);
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await readFile(join(this.path, name)));
  }

  /** The names of the files that were kept. */
  async kept(pattern: RegExp): Promise<string[]> {
    return (await readdir(this.path)).filter((name) => pattern.test(name)).sort();
  }

  /** Removes the folder at once, as far as others can see. @throws Superseded. */
  async remove(): Promise<void> {
    await this.#writing;
    await this.#stillMine();
    const away = join(dirname(this.path), `.ended-${basename(this.path)}`);
    await rename(this.path, away);
    await rm(away, { recursive: true, force: true });
  }

  /** Gives the job up, so that any window can claim it at once. */
  async release(): Promise<void> {
    await this.#writing;
    await this.#stillMine();
    await writeFile(join(this.path, claimName(this.#token)), '');
  }

  async #stillMine(): Promise<void> {
    const content = await lookInto(this.path).catch(() => undefined); // removed by whoever owned it last
    if (content?.claim !== this.#token) throw new Superseded();
  }
}

/** What is in a job's folder. Rejects where there is no such folder. */
export async function lookInto(path: string): Promise<FolderContent> {
  const names = await readdir(path);
  const highest = (pattern: RegExp) => Math.max(0, ...names.map((name) => Number(pattern.exec(name)?.[1] ?? 0)));
  return { claim: highest(/^claim-(\d+)$/), record: highest(/^job-(\d+)\.json$/) };
}

/** The owner of a claim; undefined where it was released, or never written down. */
export async function ownerOf(path: string, claim: number): Promise<string | undefined> {
  const owner = await readFile(join(path, claimName(claim)), 'utf8').catch(() => '');
  return owner || undefined;
}

/** Makes the next claim; undefined where another window was quicker. */
export async function makeClaim(path: string, last: FolderContent, owner: string): Promise<JobFolder | undefined> {
  const token = Math.max(last.claim, last.record) + 1;
  try {
    await writeFile(join(path, claimName(token)), owner, { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
  }
  return (await lookInto(path)).claim === token ? new JobFolder(path, token) : undefined;
}

/** The newest record of a folder; undefined where there is none that can be understood. */
export async function readRecord(path: string): Promise<JobRecord | undefined> {
  const { record } = await lookInto(path);
  if (record === 0) return undefined;
  try {
    return jobRecordSchema.safeParse(JSON.parse(await readFile(join(path, recordName(record)), 'utf8'))).data;
  } catch {
    return undefined; // no JSON
  }
}
