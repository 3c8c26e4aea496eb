import { link, lstat, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MixFailure } from '../mix/failure.ts';
import { flushFolder, isTemporaryOf, moveOver, removeAbandoned, throughTemporary } from '../storage/durableFile.ts';
import { foldCase } from '../storage/fileKey.ts';
import { makeFolder } from '../storage/folder.ts';
import { ignore, ignoreSystemError, systemCode } from '../storage/systemError.ts';
import { type NameParts, renderFileName } from './fileNames.ts';
import { type Destination, makeFolderInside, sourcesFolder } from './outputFolder.ts';
import { saveFailure } from './saveFailure.ts';

/** The parts of a result's file name. */
export interface NamedResult extends NameParts {
  readonly format: keyof typeof extensions;
  /** As in `WriteOptions`. */
  readonly owner?: string;
}

/** What is known about a file besides its path and its bytes. */
export interface WriteOptions {
  /**
   * Letters, digits and hyphens that name the result among those of all jobs. Only one process writes it at a time, so anything
   * that an earlier write of this owner left in the folder is removed.
   */
  readonly owner?: string;
  /** The file must lie inside this folder, with links resolved. */
  readonly root?: string;
}

const extensions = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/** Writes results into the project, completely or not at all, and never over an existing file. */
export class ResultWriter {
  readonly #onCleanupError: (error: unknown) => void;
  /** Owners whose leftovers are removed, and whose results aren't written yet. */
  readonly #cleaned = new Set<string>();

  /** @param onCleanupError gets the system error if temporary files of killed processes can't be removed. */
  constructor(onCleanupError: (error: unknown) => void = () => {}) {
    this.#onCleanupError = onCleanupError;
  }

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
    await this.#cleanUp(async () => {
      await this.#removeLeftovers(folder, existing, result.owner);
      await removeAbandoned(sourcesFolder(folder));
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
  async write(
    path: string,
    bytes: Uint8Array,
    { owner, root }: WriteOptions = {},
  ): Promise<'written' | 'already-there'> {
    const folder = dirname(path);
    try {
      await (root === undefined ? makeFolder(folder) : makeFolderInside(folder, root));
      if (owner !== undefined && !this.#cleaned.has(owner)) await this.#cleanUpBefore(path, owner);
      if (await hasContent(path, bytes)) return 'already-there';
      const isMoved = await throughTemporary(folder, bytes, (draft) => moveWithoutReplacing(draft, path), { owner });
      if (!isMoved) {
        if (await hasContent(path, bytes)) return 'already-there';
        throw existsFailure(path);
      }
      await flushFolder(folder);
      return 'written';
    } catch (error) {
      throw saveFailure(path, error);
    } finally {
      if (owner !== undefined) this.#cleaned.delete(owner);
    }
  }

  /** A killed write leaves a temporary file, and without hard links it may also leave the empty file that reserved the name. */
  async #cleanUpBefore(path: string, owner: string): Promise<void> {
    await this.#cleanUp(async () => {
      const folder = dirname(path);
      const names = await readdir(folder);
      if (names.some((name) => isTemporaryOf(owner, name))) await removeReservation(path);
      await this.#removeLeftovers(folder, names, owner);
    });
  }

  async #removeLeftovers(folder: string, names: readonly string[], owner: string | undefined): Promise<void> {
    await removeAbandoned(folder, { names, owner });
    if (owner !== undefined) this.#cleaned.add(owner);
  }

  /** Leftovers that can't be removed don't keep a result from being saved. */
  async #cleanUp(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (systemCode(error) === '') throw error;
      this.#onCleanupError(error);
    }
  }
}

/**
 * Gives the draft its final name; false if the name is taken. A hard link fails if it is; renaming would replace the file.
 * File systems refuse links with many codes, so any of them leads to the other way.
 */
async function moveWithoutReplacing(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return false;
    if (code === 'ENOENT' || code === '') throw error; // the draft or the folder is gone
    return moveWithoutLinks(draft, path);
  }
}

/** For file systems without hard links: an empty file reserves the name, and the draft replaces it. */
async function moveWithoutLinks(draft: string, path: string): Promise<boolean> {
  const reservation = await open(path, 'wx').catch(ignore('EEXIST'));
  if (!reservation) return false;
  try {
    await reservation.close();
    await moveOver(draft, path);
    return true;
  } catch (error) {
    await removeReservation(path).catch(ignoreSystemError); // must not hide the first error
    throw error;
  }
}

/** Removes a file if it is empty. */
async function removeReservation(path: string): Promise<void> {
  const status = await lstat(path).catch(ignore('ENOENT'));
  if (status?.isFile() && status.size === 0) await rm(path, { force: true });
}

/** Whether the file holds exactly these bytes; false if it doesn't exist. @throws MixFailure `save-failed/exists` if it holds others. */
async function hasContent(path: string, bytes: Uint8Array): Promise<boolean> {
  const status = await stat(path).catch(ignore('ENOENT'));
  if (!status) return false;
  // Reading a pipe or a device might never end.
  if (!status.isFile() || status.size !== bytes.length) throw existsFailure(path);
  try {
    if ((await readFile(path)).equals(bytes)) return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    if (!['EACCES', 'EPERM'].includes(systemCode(error))) throw error;
  }
  throw existsFailure(path);
}

function existsFailure(path: string): MixFailure {
  return new MixFailure('save-failed/exists', { args: { path } });
}
