import { readFile, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import * as z from 'zod';
import { jobRequestSchema } from '../jobs/job.ts';
import { MixFailure } from '../mix/failure.ts';
import { engineNames } from '../mix/limits.ts';
import { parseJson } from '../storage/json.ts';
import { systemCode } from '../storage/systemError.ts';

const resultSchema = z.object({
  /** Unique in the list: the job's id and the result's index. */
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

const entrySchema = resultSchema.extend({ version: z.literal(1) });

/** An entry's name: the time in milliseconds, padded so that names sort by it, and the result's id. */
const namePattern = /^(\d{15})-(.+)\.json$/;

/** The file name of a result's entry. @param time milliseconds since 1970. */
export function entryName(time: number, id: string): string {
  return `${String(time).padStart(15, '0')}-${id}.json`;
}

/** The time and the id in the name of an entry; undefined for the name of another file. */
export function parseEntryName(name: string): { time: number; id: string } | undefined {
  const [, time, id] = namePattern.exec(name) ?? [];
  return time === undefined || id === undefined ? undefined : { time: Number(time), id };
}

/** The content of a result's entry. */
export function entryText(result: Result): string {
  return JSON.stringify({ version: 1, ...result });
}

/** Reads an entry by its absolute path: `gone` if it was deleted, `damaged` if its content isn't its result. @throws the system error if it can't be read. */
export async function readEntry(path: string): Promise<Result | 'gone' | 'damaged'> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'gone';
    throw error;
  }
  const { data } = entrySchema.safeParse(parseJson(text));
  if (!data || data.id !== parseEntryName(basename(path))?.id) return 'damaged';
  const { version: _, ...result } = data;
  return result;
}

/** Deletes a file by its absolute path, if it exists. @throws MixFailure `save-failed` if it can't be deleted. */
export async function deleteFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    if (!(cause instanceof Error) || systemCode(cause) === '') throw cause;
    throw new MixFailure('save-failed/not-deleted', { args: { path, detail: cause.message }, cause });
  }
}

/** The failure of a list, or of some of its entries, because of a system error. Any other error is returned as it is. */
export function unreadable(what: 'list' | 'entries', cause: unknown): unknown {
  if (!(cause instanceof Error) || systemCode(cause) === '') return cause;
  return new MixFailure(`result-unavailable/unreadable-${what}`, { args: { detail: cause.message }, cause });
}
