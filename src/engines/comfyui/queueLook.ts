import { abortable } from '../../images/abortable.ts';
import type { Clock } from '../clock.ts';
import type { ComfyuiClient } from './comfyuiClient.ts';
import type { Queue } from './wire/answers.ts';

/** Milliseconds for which a queue that is too long isn't asked for again. */
const tooLongRest = 60_000;

/** The queue of a server, which is asked for once for all prompts whose jobs look at the same time. */
export class QueueLook {
  readonly #client: ComfyuiClient;
  readonly #clock: Clock;
  /** Ends every request. */
  readonly #disposal: AbortSignal;
  #last: { readonly start: number; readonly answer: Promise<Queue | undefined> } | undefined;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(client: ComfyuiClient, clock: Clock, disposal: AbortSignal) {
    this.#client = client;
    this.#clock = clock;
    this.#disposal = disposal;
  }

  /** The present moment, for the other functions. */
  now(): number {
    return this.#clock.monotonic();
  }

  /** The queue, if it was asked for at this moment or after; undefined also if it's too long. @throws MixFailure, or the signal's reason. */
  async recent(since: number, signal: AbortSignal): Promise<Queue | undefined> {
    return this.#last && this.#last.start >= since ? abortable(this.#last.answer, signal) : undefined;
  }

  /** The queue as it is at this moment or after; undefined if it's too long. @throws MixFailure, or the signal's reason. */
  async read(since: number, signal: AbortSignal): Promise<Queue | undefined> {
    if (this.now() < this.#restsUntil) return undefined;
    if (!this.#last || this.#last.start < since) {
      const last = { start: this.now(), answer: this.#ask() };
      this.#last = last;
      last.answer.catch(() => {
        if (this.#last === last) this.#last = undefined; // whoever waits for it gets the failure
      });
    }
    return abortable(this.#last.answer, signal);
  }

  async #ask(): Promise<Queue | undefined> {
    const queue = await this.#client.queue(this.#disposal);
    if (!queue) this.#restsUntil = this.now() + tooLongRest;
    return queue;
  }
}
