import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as vscode from 'vscode';
import * as z from 'zod';
import type { JobRecord } from '../jobs/job.ts';
import { type Draft, draftSchema } from '../mix/draft.ts';
import { engineNames } from '../mix/limits.ts';
import type { ResultView } from '../protocol/contract.ts';

const resultSchema = z.object({
  id: z.string(),
  path: z.string(),
  createdAt: z.number(),
  engine: z.enum(engineNames),
  seed: z.int(),
  /** The mix that made it, ready to be made again. */
  draft: draftSchema,
});
export type Result = z.infer<typeof resultSchema>;

/** How many results are remembered; the pictures themselves stay in the project. */
const capacity = 1000;

/** The pictures that this workspace made, newest first, kept in one file of the extension's storage. */
export class Results {
  readonly #file: string;
  readonly #changed = new vscode.EventEmitter<void>();
  #list: Result[] | undefined;
  #writing: Promise<void> = Promise.resolve();
  readonly onChange = this.#changed.event;

  constructor(storage: string) {
    this.#file = join(storage, 'results.json');
  }

  async all(): Promise<readonly Result[]> {
    this.#list ??= await readList(this.#file);
    return this.#list;
  }

  async get(id: string): Promise<Result | undefined> {
    return (await this.all()).find((result) => result.id === id);
  }

  /** Remembers the pictures of a job that are not known yet. */
  async addFrom(job: JobRecord, draftOf: (job: JobRecord) => Draft): Promise<Result[]> {
    const known = new Set((await this.all()).map(({ id }) => id));
    const fresh = job.pictures
      .filter((picture) => picture.written && !known.has(`${job.id}-${picture.index}`))
      .map((picture) => ({
        id: `${job.id}-${picture.index}`,
        path: picture.path,
        createdAt: job.finishedAt ?? job.createdAt,
        engine: job.request.engine,
        seed: picture.seed,
        draft: draftOf(job),
      }));
    if (fresh.length === 0) return [];
    this.#list = [...fresh.reverse(), ...(this.#list ?? [])].slice(0, capacity);
    this.#changed.fire();
    await this.#write();
    return fresh;
  }

  /** Forgets pictures; their files are someone else's matter. */
  async forget(ids: ReadonlySet<string>): Promise<void> {
    this.#list = (await this.all()).filter((result) => !ids.has(result.id));
    this.#changed.fire();
    await this.#write();
  }

  async #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      await mkdir(dirname(this.#file), { recursive: true });
      const next = `${this.#file}.new`;
      await writeFile(next, JSON.stringify(this.#list));
      await rename(next, this.#file);
    });
    await this.#writing;
  }
}

async function readList(file: string): Promise<Result[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return []; // nothing was made here yet
  }
  try {
    return z.array(resultSchema).parse(JSON.parse(text));
  } catch (error) {
    await rename(file, `${file}.unreadable`); // kept for whoever wants to look; the list starts anew
    throw error;
  }
}

/** A result as the panel shows it. */
export function viewOf(result: Result): ResultView {
  return {
    id: result.id,
    uri: pathToFileURL(result.path).href,
    path: vscode.workspace.asRelativePath(result.path),
    createdAt: result.createdAt,
    engine: result.engine,
    seed: result.seed,
    prompt: result.draft.prompt,
    width: Number(result.draft.width),
    height: Number(result.draft.height),
  };
}
