import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Mutex } from 'async-mutex';
import * as z from 'zod';
import type { Clock } from '../engines/clock.ts';
import { removeAbandoned, replaceFile } from '../storage/durableFile.ts';
import { makeFolder } from '../storage/folder.ts';
import { parseJson } from '../storage/json.ts';
import { ignore, systemCode } from '../storage/systemError.ts';
import { UnchangedTimer } from './unchangedTimer.ts';

/** Milliseconds between two beats. */
const beatInterval = 5_000;
/** The longest span between two looks at another window that counts as silence, in milliseconds. */
const maxStep = 30_000;
/**
 * Milliseconds of silence after which a window counts as closed. On this machine its process tells more: it may be stopped or swapped
 * out, but it lives. Only a process id that was reused needs this limit.
 */
export const goneAfter = { thisMachine: 600_000, otherMachine: 60_000 } as const;

const markSchema = z.object({ workspaceStorage: z.string(), host: z.string(), pid: z.int(), beat: z.int() });
type Mark = z.infer<typeof markSchema>;

export interface WindowPresenceOptions {
  /** Absolute path of the folder with a file for each open window. */
  readonly folder: string;
  /** The name of this window, never used by another one. */
  readonly owner: string;
  /** Absolute path of the storage of the workspace that this window has open. */
  readonly workspaceStorage: string;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/**
 * Shows the other windows that this one is open, and for which workspace: it keeps writing a count to a file of its own. Nothing here
 * depends on the time of day, which differs between machines and can be set.
 */
export class WindowPresence {
  readonly owner: string;
  readonly #options: WindowPresenceOptions;
  readonly #silence: UnchangedTimer;
  readonly #turns = new Mutex();
  #beats = 0;
  #stop: AbortController | undefined;

  constructor(options: WindowPresenceOptions) {
    this.owner = options.owner;
    this.#options = options;
    this.#silence = new UnchangedTimer(options.clock, maxStep);
  }

  /** Keeps beating until `withdraw`. Resolves after the first beat. */
  publish(): Promise<void> {
    return this.#turns.runExclusive(async () => {
      if (this.#stop) return;
      await this.#beat();
      this.#stop = new AbortController();
      void this.#keepBeating(this.#stop.signal);
    });
  }

  /** Stops beating and removes the file. Other windows can then acquire any lease that this one still holds. */
  withdraw(): Promise<void> {
    return this.#turns.runExclusive(async () => {
      if (!this.#stop) return;
      this.#stop.abort();
      this.#stop = undefined;
      await rm(this.#path(this.owner), { force: true });
      await this.#removeFolder();
    });
  }

  /** Whether a window is open, as far as this one can tell. */
  async isOpen(owner: string): Promise<boolean> {
    const mark = await this.#read(owner);
    return mark !== undefined && this.#isAlive(owner, mark);
  }

  /** Whether another window has the workspace with this storage open. */
  async hasOpenWindow(workspaceStorage: string): Promise<boolean> {
    for (const owner of await this.#owners()) {
      if (owner === this.owner) continue;
      const mark = await this.#read(owner);
      if (mark?.workspaceStorage === workspaceStorage && this.#isAlive(owner, mark)) return true;
    }
    return false;
  }

  /** Removes the files of windows that are closed. */
  async clean(): Promise<void> {
    const owners = await this.#owners();
    this.#silence.keepOnly(owners);
    for (const owner of owners) {
      if (owner !== this.owner && !(await this.isOpen(owner))) await rm(this.#path(owner), { force: true });
    }
    await removeAbandoned(this.#options.folder);
    if (!this.#stop) await this.#removeFolder();
  }

  #isAlive(owner: string, { host, pid, beat }: Mark): boolean {
    const isHere = host === hostname();
    if (isHere && !isRunning(pid)) return false;
    return this.#silence.measure(owner, beat) < (isHere ? goneAfter.thisMachine : goneAfter.otherMachine);
  }

  async #keepBeating(signal: AbortSignal): Promise<void> {
    let isFailing = false;
    for (;;) {
      try {
        await this.#options.clock.sleep(beatInterval, signal);
        await this.#turns.runExclusive(async () => {
          if (!signal.aborted) await this.#beat();
        });
        isFailing = false;
      } catch (error) {
        if (signal.aborted) return;
        // The disk may be full. The next beat may succeed, and until then the fencing tokens protect the jobs.
        if (!isFailing) this.#options.onError(error);
        isFailing = true;
      }
    }
  }

  async #beat(tries = 3): Promise<void> {
    const { folder, workspaceStorage } = this.#options;
    const mark: Mark = { workspaceStorage, host: hostname(), pid: process.pid, beat: ++this.#beats };
    try {
      await makeFolder(folder, 0o700);
      await replaceFile(this.#path(this.owner), JSON.stringify(mark), { flush: false });
    } catch (error) {
      // Another window may have removed the folder just now.
      if (tries === 1 || systemCode(error) !== 'ENOENT') throw error;
      await this.#beat(tries - 1);
    }
  }

  async #owners(): Promise<string[]> {
    const names = (await readdir(this.#options.folder).catch(ignore('ENOENT'))) ?? [];
    return names.filter((name) => !name.startsWith('.'));
  }

  /** Undefined if the window doesn't exist, or if its file isn't valid. */
  async #read(owner: string): Promise<Mark | undefined> {
    const text = await readFile(this.#path(owner), 'utf8').catch(ignore('ENOENT'));
    return text === undefined ? undefined : markSchema.safeParse(parseJson(text)).data;
  }

  async #removeFolder(): Promise<void> {
    await rmdir(this.#options.folder).catch(ignore('ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY')); // other windows use it
  }

  #path(owner: string): string {
    return join(this.#options.folder, owner);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // checks only, sends nothing
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}
