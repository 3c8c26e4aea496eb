import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { type JobRecord, jobRequestSchema } from '../jobs/job.ts';
import type { Draft } from '../mix/draft.ts';
import { engineNames } from '../mix/limits.ts';
import { isInside } from '../output/outputFolder.ts';
import type { ResultView } from '../protocol/contract.ts';
import { replaceFile } from '../storage/durableFile.ts';
import { draftOfRecipe } from './recipeDraft.ts';
import { uriOf } from './sourceLocation.ts';

const resultSchema = z.object({
  id: z.string(),
  /** Absolute path of the saved file. */
  path: z.string(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  engine: z.enum(engineNames),
  seed: z.int(),
  /** The recipe as run. */
  recipe: jobRequestSchema.shape.recipe,
  /** Absolute path of the folder that the recipe's sources are relative to. */
  base: z.string(),
  /** Where the images that took part were read. */
  sources: jobRequestSchema.shape.sources,
});
export type Result = z.infer<typeof resultSchema>;

const capacity = 1000;

/** The last 1,000 results of this workspace, newest first, in one file of its storage. The files themselves stay in the project. */
export class ResultStore {
  readonly #storage: string;
  readonly #file: string;
  readonly #listeners = new Set<() => void>();
  #results: Result[] | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** @param storage absolute path of the workspace's storage. */
  constructor(storage: string) {
    this.#storage = storage;
    this.#file = join(storage, 'results.json');
  }

  onChange(listener: () => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  async all(): Promise<readonly Result[]> {
    if (this.#results) return this.#results;
    const results = await readResults(this.#file);
    this.#results ??= results; // another call may have read them meanwhile, and added to them
    return this.#results;
  }

  async get(id: string): Promise<Result | undefined> {
    return (await this.all()).find((result) => result.id === id);
  }

  /** Adds the saved results of a job that aren't in the store yet. */
  async addFrom({ id, request, results, createdAt, finishedAt }: JobRecord): Promise<void> {
    // Nothing may be awaited from here on: a second call for the same job would add its results again.
    const listed = await this.all();
    const known = new Set(listed.map((result) => result.id));
    const added = results
      .map(({ index, path, seed, written }) => ({ id: `${id}-${index}`, path, seed, written }))
      .filter((result) => result.written && !known.has(result.id))
      .map(({ written: _, ...result }) => ({
        ...result,
        createdAt: finishedAt ?? createdAt,
        engine: request.engine,
        recipe: request.recipe,
        base: request.destination.root,
        sources: request.sources,
      }));
    if (added.length > 0) await this.#replace([...added.reverse(), ...listed].slice(0, capacity));
  }

  /** Removes results from the list. Their files stay. */
  async forget(ids: ReadonlySet<string>): Promise<void> {
    await this.#replace((await this.all()).filter(({ id }) => !ids.has(id)));
  }

  /** Whether a result's file is in storage, where it can't be found without the list, because it was made without an open folder. */
  isStored({ path }: Pick<Result, 'path'>): boolean {
    return isInside(path, this.#storage);
  }

  /** Removes these results from the list, and deletes those of their files that are in storage. */
  async clear(results: readonly Result[]): Promise<void> {
    await this.forget(new Set(results.map(({ id }) => id)));
    for (const result of results) if (this.isStored(result)) await rm(result.path, { force: true });
  }

  async #replace(results: Result[]): Promise<void> {
    this.#results = results;
    for (const listener of this.#listeners) listener();
    this.#writing = this.#writing.then(async () => {
      await mkdir(dirname(this.#file), { recursive: true });
      await replaceFile(this.#file, JSON.stringify(this.#results));
    });
    await this.#writing;
  }
}

async function readResults(file: string): Promise<Result[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return []; // there are no results yet
  }
  try {
    return z.array(resultSchema).parse(JSON.parse(text));
  } catch (error) {
    await rename(file, `${file}.unreadable`); // kept, so its content can be inspected
    throw error;
  }
}

/** The draft that reproduces a result. @param displayPath a file's path to display. */
export function draftOfResult({ recipe, base, sources }: Result, displayPath: (path: string) => string): Draft {
  const draft = draftOfRecipe(recipe, base, displayPath);
  for (const { index, location } of sources) {
    const image = draft.images[index];
    if (image) image.uri = uriOf(location);
  }
  return draft;
}

/** A result as the panel shows it. @param displayPath a file's path to display. */
export function viewOfResult(
  { id, path, createdAt, engine, seed, recipe }: Result,
  displayPath: (path: string) => string,
): ResultView {
  return {
    id,
    uri: pathToFileURL(path).href,
    path: displayPath(path),
    createdAt,
    engine,
    seed,
    prompt: recipe.prompt,
    width: recipe.width,
    height: recipe.height,
  };
}
