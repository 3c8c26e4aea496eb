import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A key-value store of small JSON values, shared by all windows on this machine. Names consist of letters, digits and dashes. */
export interface SharedStore {
  /** The value; undefined if it is missing or unreadable. */
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
  #ready: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(name: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.#path(name), 'utf8'));
    } catch {
      return undefined; // missing, or incomplete because a window crashed while it wrote
    }
  }

  async write(name: string, value: unknown): Promise<void> {
    await this.#prepare();
    const temporary = `${this.#path(name)}.${randomUUID()}`;
    await writeFile(temporary, JSON.stringify(value), { mode: 0o600 });
    await rename(temporary, this.#path(name));
  }

  async add(name: string, value: unknown): Promise<boolean> {
    await this.#prepare();
    try {
      await writeFile(this.#path(name), JSON.stringify(value), { mode: 0o600, flag: 'wx' });
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #prepare(): Promise<void> {
    this.#ready ??= this.#initialize().catch((error: unknown) => {
      this.#ready = undefined; // so that the next write tries again
      throw error;
    });
    return this.#ready;
  }

  async #initialize(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#folder)) {
      const path = this.#path(name);
      // Another window may delete the same file at the same time.
      const age = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > maxAge) await rm(path, { force: true });
    }
  }
}
