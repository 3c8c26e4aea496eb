import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '../engines/clock.ts';

/** Milliseconds between two beats. */
const beatInterval = 5_000;
/** Milliseconds without a beat after which a window counts as gone. */
export const goneAfter = 20_000;

const beatSchema = z.object({ at: z.number(), host: z.string(), pid: z.int() });
type Beat = z.infer<typeof beatSchema>;

/**
 * Shows the other windows on this machine that this one is alive: while it holds jobs, it keeps writing the time to a file of its own.
 * A window whose process has ended counts as gone at once. A running process alone proves nothing, since process ids are reused.
 */
export class Heartbeat {
  readonly owner: string;
  readonly #folder: string;
  readonly #clock: Clock;
  #leases = 0;
  #stop: AbortController | undefined;
  #lastTurn: Promise<void> = Promise.resolve();

  /** @param owner the name of this window, never used by another one. */
  constructor(folder: string, owner: string, clock: Clock) {
    this.#folder = folder;
    this.owner = owner;
    this.#clock = clock;
  }

  /** Keeps beating until `release` has been called as often as `acquire`. Resolves after the first beat. */
  acquire(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#stop) {
        this.#leases++;
        return;
      }
      await this.#beat();
      this.#leases++;
      this.#stop = new AbortController();
      void this.#keepBeating(this.#stop.signal);
    });
  }

  /** Stops beating with the last call. Other windows can then acquire any lease that this one still holds. */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      this.#leases--;
      if (this.#leases > 0) return;
      this.#stop?.abort();
      this.#stop = undefined;
      await rm(this.#path(this.owner), { force: true }).catch(() => undefined); // it expires by itself
      await rmdir(this.#folder).catch(() => undefined); // still used by other windows
    });
  }

  /** Whether a window has written a heartbeat recently. */
  async isAlive(owner: string): Promise<boolean> {
    const beat = await readBeat(this.#path(owner));
    if (!beat || (beat.host === hostname() && !isRunning(beat.pid))) return false;
    // A beat in the future was written before the clock was set back.
    return Math.abs(this.#clock.now() - beat.at) < goneAfter;
  }

  /** Removes the files of windows that are gone. */
  async clean(): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      if (!(await this.isAlive(name))) await rm(this.#path(name), { force: true });
    }
    if (!this.#stop) await rmdir(this.#folder).catch(() => undefined);
  }

  async #keepBeating(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(beatInterval, signal);
        await this.#inTurn(async () => {
          if (!signal.aborted) await this.#beat();
        });
      } catch {
        // Stopped, or the disk is full: the next beat may succeed. If not, the fencing tokens still protect the jobs.
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
      // Another window may have removed the folder just now.
      if (tries === 1) throw error;
      await this.#beat(tries - 1);
    }
  }

  #path(owner: string): string {
    return join(this.#folder, owner);
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(action);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }
}

async function readBeat(path: string): Promise<Beat | undefined> {
  try {
    return beatSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined; // no such window, or not a beat
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // checks only, sends nothing
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
