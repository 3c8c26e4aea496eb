import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import * as z from 'zod';
import { MixFailure } from '../mix/failure.ts';
import { resultFormats } from '../mix/resultFormat.ts';
import { makeFolder } from '../storage/folder.ts';
import { realPath } from '../storage/realPath.ts';
import { systemCode } from '../storage/systemError.ts';
import { saveFailure } from './saveFailure.ts';

/** Where a job's results go. Paths are absolute. */
export const destinationSchema = z.object({
  /** The folder for the results. It is created when first needed. */
  folder: z.string(),
  /** `folder` must lie inside this one, with links resolved. */
  root: z.string(),
  /** Template of the file name without extension: `{name}-{seed}-{index}`. */
  fileName: z.string(),
  embedRecipe: z.boolean(),
  /** The format of results that the extension encodes itself; PNG if absent. */
  format: z.enum(resultFormats).optional(),
});
export type Destination = z.infer<typeof destinationSchema>;

/**
 * The output folder that a setting names, as an absolute path.
 * @param setting a path relative to `root`.
 * @throws MixFailure `save-failed` if it is absolute or leads out of `root`.
 */
export function outputFolder(root: string, setting: string): string {
  const path = join(root, setting);
  if (isAbsolute(setting) || !isSameOrInside(path, root)) throw outsideFailure(setting);
  return path;
}

/** The folder of an output folder that holds copies of images from outside the project. */
export function sourcesFolder(folder: string): string {
  return join(folder, 'sources');
}

/** Whether `path` lies in `folder` or below it. Compares names only: links aren't resolved. */
export function isInside(path: string, folder: string): boolean {
  return relative(folder, path) !== '' && isSameOrInside(path, folder);
}

/** Creates `folder`, which must be inside `root` with links resolved. @throws MixFailure `save-failed`. */
export async function makeFolderInside(folder: string, root: string): Promise<void> {
  try {
    await makeFolder(root);
    const realRoot = await realPath(root);
    // Checked before anything is created, because a link on the way may lead out of the root.
    if (!isSameOrInside(await realPath(await nearestExisting(folder)), realRoot)) throw outsideFailure(folder);
    await makeFolder(folder);
    if (!isSameOrInside(await realPath(folder), realRoot)) throw outsideFailure(folder);
  } catch (error) {
    throw saveFailure(folder, error);
  }
}

async function nearestExisting(path: string): Promise<string> {
  try {
    await realPath(path);
    return path;
  } catch (error) {
    const parent = dirname(path);
    if (systemCode(error) !== 'ENOENT' || parent === path) throw error;
    return nearestExisting(parent);
  }
}

function isSameOrInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function outsideFailure(folder: string): MixFailure {
  return new MixFailure('save-failed/folder-outside', { args: { folder }, retryable: false });
}
