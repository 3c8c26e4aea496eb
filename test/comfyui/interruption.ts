import { setTimeout as delay } from 'node:timers/promises';

/** Thrown in a prompt that was interrupted. */
export class Interrupted extends Error {}

/** Thrown in everything that a process was doing when it ended. */
export class ProcessEnded extends Error {}

/** The ways in which a running prompt can be stopped from outside. */
export class Interruption {
  readonly #ended: AbortSignal;
  readonly #request = new AbortController();

  /** @param ended aborts when the process ends. */
  constructor(ended: AbortSignal) {
    this.#ended = ended;
  }

  request(): void {
    this.#request.abort();
  }

  /** @throws Interrupted or ProcessEnded if it was requested or the process has ended. */
  check(): void {
    if (this.#ended.aborted) throw new ProcessEnded();
    if (this.#request.signal.aborted) throw new Interrupted();
  }

  /** Waits for something, if there is anything, and not longer than until the prompt is interrupted. @throws ProcessEnded */
  async wait(work: Promise<void> | undefined): Promise<void> {
    if (work) await Promise.race([work, aborted(this.#request.signal), aborted(this.#ended)]);
    if (this.#ended.aborted) throw new ProcessEnded();
  }

  /** Waits for something that can't be interrupted, if there is anything. @throws ProcessEnded */
  async waitRegardless(work: Promise<void> | undefined): Promise<void> {
    if (work) await Promise.race([work, aborted(this.#ended)]);
    if (this.#ended.aborted) throw new ProcessEnded();
  }

  /** Takes some time, unless it's 0. @throws ProcessEnded */
  async pause(milliseconds: number, interruptible: boolean): Promise<void> {
    const wait = milliseconds > 0 ? delay(milliseconds) : undefined;
    await (interruptible ? this.wait(wait) : this.waitRegardless(wait));
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
