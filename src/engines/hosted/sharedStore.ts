import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Small values (plain JSON) by name, seen by every window of this machine. Names are letters, digits and dashes. */
export interface SharedStore {
  /** The value, or undefined where there is none or it can't be read. */
  read(name: string): Promise<unknown>;
  write(name: string, value: unknown): Promise<void>;
  /** Writes only where there is nothing under the name yet; false where there is. */
  add(name: string, value: unknown): Promise<boolean>;
  remove(name: string): Promise<void>;
}

/** Files are forgotten after this time (milliseconds): no upload lives longer. */
const lifetime = 25 * 3_600_000;

/** A store in a folder, one file a name. The folder is made, and old files in it are removed, when something is first kept. */
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
      return undefined; // absent, or half written by a window that crashed: as good as absent
    }
  }

  async write(name: string, value: unknown): Promise<void> {
    await this.#prepare();
    const next = `${this.#path(name)}.${randomUUID()}`;
    await writeFile(next, JSON.stringify(value), { mode: 0o600 });
    await rename(next, this.#path(name));
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
    this.#ready ??= this.#clean().catch((error: unknown) => {
      this.#ready = undefined; // the next one may have more luck
      throw error;
    });
    return this.#ready;
  }

  async #clean(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#folder)) {
      const path = this.#path(name);
      // Another window may clean at the same time.
      const age = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > lifetime) await rm(path, { force: true });
    }
  }
}
