import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAbandoned, replaceFile, writeNewFile } from '../../storage/durableFile.ts';
import { makeFolder } from '../../storage/folder.ts';
import { parseJson } from '../../storage/json.ts';
import { ignore, systemCode } from '../../storage/systemError.ts';

/**
 * A key-value store of small JSON values, shared by all windows on this machine. Names consist of letters, digits and dashes.
 * Every method throws a system error if the disk refuses.
 */
export interface SharedStore {
  /** The value; undefined if it is missing or isn't JSON. */
  read(name: string): Promise<unknown>;
  write(name: string, value: unknown): Promise<void>;
  /** Writes the value and resolves with true if the name is free; otherwise resolves with false. */
  add(name: string, value: unknown): Promise<boolean>;
  remove(name: string): Promise<void>;
}

/** Age at which files are deleted, in milliseconds. No upload lives longer. */
const maxAge = 25 * 3_600_000;

/** A store in a folder, with one file per name. The first write creates the folder and deletes old files in it. */
export class FolderStore implements SharedStore {
  readonly #folder: string;
  #oldFilesDeleted = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(name: string): Promise<unknown> {
    const text = await readFile(this.#path(name), 'utf8').catch(ignore('ENOENT'));
    return text === undefined ? undefined : parseJson(text); // cut if a window crashed while it added the file
  }

  async write(name: string, value: unknown): Promise<void> {
    await this.#prepare();
    await replaceFile(this.#path(name), JSON.stringify(value), { flush: false });
  }

  async add(name: string, value: unknown): Promise<boolean> {
    await this.#prepare();
    try {
      await writeNewFile(this.#path(name), JSON.stringify(value), { mode: 0o600, flush: false });
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #prepare(): Promise<void> {
    await makeFolder(this.#folder, 0o700);
    if (this.#oldFilesDeleted) return;
    this.#oldFilesDeleted = true; // also if it fails: an old file that can't be deleted doesn't keep a new one from being written
    await removeAbandoned(this.#folder);
    for (const name of await readdir(this.#folder)) {
      const status = await stat(this.#path(name)).catch(ignore('ENOENT')); // deleted by another window
      if (status && Date.now() - status.mtimeMs > maxAge) await rm(this.#path(name), { force: true });
    }
  }
}
