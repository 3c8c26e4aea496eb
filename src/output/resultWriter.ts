import { link, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MixFailure } from '../mix/failure.ts';
import { flushFolder, temporaryPath, writeNewFile } from '../storage/durableFile.ts';
import { makeFolder } from '../storage/folder.ts';
import { systemCode } from '../storage/systemError.ts';
import { type NameParts, renderFileName } from './fileNames.ts';
import { type Destination, makeFolderInside } from './outputFolder.ts';
import { saveFailure } from './saveFailure.ts';

/** The parts of a result's file name. */
export interface NamedResult extends NameParts {
  readonly format: keyof typeof extensions;
}

const extensions = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/** Writes results into the project, completely or not at all, and never over an existing file. */
export class ResultWriter {
  /**
   * Chooses a free path for a result and creates its folder. Names that differ only in case count as taken.
   * @param reserved absolute paths that are chosen, but not written yet.
   * @throws MixFailure `save-failed`.
   */
  async choosePath(
    destination: Destination,
    result: NamedResult,
    reserved: ReadonlySet<string> = new Set(),
  ): Promise<string> {
    const { folder, root, fileName } = destination;
    await makeFolderInside(folder, root);
    const existing = await readdir(folder).catch((error: unknown) => {
      throw saveFailure(folder, error);
    });
    const used = new Set([...existing.map((name) => join(folder, name)), ...reserved].map(foldCase));
    const stem = renderFileName(fileName, result);
    for (let count = 1; ; count++) {
      const suffix = count === 1 ? '' : `-${count}`;
      const path = join(folder, `${stem}${suffix}.${extensions[result.format]}`);
      if (!used.has(foldCase(path))) return path;
    }
  }

  /**
   * Writes a file atomically. A file that already holds the same bytes counts as written.
   * @throws MixFailure `save-failed`; `save-failed/exists` if the file holds other bytes.
   */
  async write(path: string, bytes: Uint8Array): Promise<'written' | 'already-there'> {
    const folder = dirname(path);
    const draft = temporaryPath(folder);
    try {
      await makeFolder(folder);
      if (await hasContent(path, bytes)) return 'already-there';
      await writeNewFile(draft, bytes);
      await moveWithoutReplacing(draft, path);
      await flushFolder(folder);
      return 'written';
    } catch (error) {
      throw error instanceof MixFailure ? error : saveFailure(path, error);
    } finally {
      await rm(draft, { force: true }).catch(() => undefined); // must not hide an earlier error
    }
  }
}

function foldCase(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** Gives the draft its final name. A hard link fails if the name is taken; renaming would replace the file. */
async function moveWithoutReplacing(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw existsFailure(path, error);
    await moveWithoutLinks(draft, path);
  }
}

/** For file systems without hard links: an empty file reserves the name, and the draft replaces it. */
async function moveWithoutLinks(draft: string, path: string): Promise<void> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? existsFailure(path, error) : error;
  }
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Whether the file holds exactly these bytes; false if it doesn't exist. @throws MixFailure `save-failed/exists` if it holds others. */
async function hasContent(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    if ((await readFile(path)).equals(bytes)) return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
  }
  throw existsFailure(path);
}

function existsFailure(path: string, cause?: unknown): MixFailure {
  return new MixFailure('save-failed/exists', { args: { path }, cause });
}
