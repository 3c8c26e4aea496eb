import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '../engines/clock.ts';

/** Milliseconds between two beats, and without one until an owner counts as gone. */
const beatEvery = 5_000;
export const goneAfter = 20_000;

const beatSchema = z.object({ at: z.number(), host: z.string(), pid: z.int() });
type Beat = z.infer<typeof beatSchema>;

/**
 * Tells the windows of this machine which of them are alive: each has a file with the time of its last beat, as long as it holds
 * jobs. A process id alone would not do: ids are used again. But where there is no such process any more, its window is gone.
 */
export class Heartbeat {
  readonly owner: string;
  readonly #folder: string;
  readonly #clock: Clock;
  #holds = 0;
  #stop: AbortController | undefined;
  #changing: Promise<void> = Promise.resolve();

  /** @param owner the name of this window, used by no other and never again. */
  constructor(folder: string, owner: string, clock: Clock) {
    this.#folder = folder;
    this.owner = owner;
    this.#clock = clock;
  }

  /** Beats from now on, until `release` was called as often; resolves after the first beat. */
  hold(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#stop) {
        this.#holds++;
        return;
      }
      await this.#beat();
      this.#holds++;
      this.#stop = new AbortController();
      void this.#keepBeating(this.#stop.signal);
    });
  }

  /** Stops beating with the last hold; whatever this window claimed is free then. */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      this.#holds--;
      if (this.#holds > 0) return;
      this.#stop?.abort();
      this.#stop = undefined;
      await rm(this.#path(this.owner), { force: true }).catch(() => undefined); // it grows old by itself
      await rmdir(this.#folder).catch(() => undefined); // other windows beat there
    });
  }

  /** Whether an owner has beaten lately. */
  async isAlive(owner: string): Promise<boolean> {
    const beat = await readBeat(this.#path(owner));
    if (!beat || (beat.host === hostname() && !isRunning(beat.pid))) return false;
    // A beat from the future is one from before the clock was set back.
    return Math.abs(this.#clock.now() - beat.at) < goneAfter;
  }

  /** Removes what windows that are gone left behind. */
  async clean(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (!(await this.isAlive(name))) await rm(this.#path(name), { force: true });
    }
    if (!this.#stop) await rmdir(this.#folder).catch(() => undefined);
  }

  async #keepBeating(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(beatEvery, signal);
        await this.#inTurn(async () => {
          if (!signal.aborted) await this.#beat();
        });
      } catch {
        // Stopped; or the disk is full, and the next beat may come through. What this window can't say, its claims check anyway.
      }
    }
  }

  async #beat(tries = 3): Promise<void> {
    const next = `${this.#path(this.owner)}.new`;
    const beat: Beat = { at: this.#clock.now(), host: hostname(), pid: process.pid };
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(next, JSON.stringify(beat));
      await rename(next, this.#path(this.owner));
    } catch (error) {
      // The last window to leave removes the folder, maybe just now.
      if (tries === 1) throw error;
      await this.#beat(tries - 1);
    }
  }

  #path(owner: string): string {
    return join(this.#folder, owner);
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#changing.then(action);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }
}

async function readBeat(path: string): Promise<Beat | undefined> {
  try {
    return beatSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined; // no such window
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks only
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
