import { Mutex } from 'async-mutex';
import * as z from 'zod';
import { abortable } from '../../images/abortable.ts';
import type { Clock } from '../clock.ts';
import type { ServiceRecords } from './serviceRecords.ts';

/** The service refuses an identical request within this time as a duplicate, in milliseconds. */
export const identicalRequestInterval = 30_000;
/** How often to look again at a record that exists but can't be read, in milliseconds. Another window may be writing it right now. */
const unknownInterval = 1_000;

/** When a submission was sent, in milliseconds since 1970. */
const recordSchema = z.object({ at: z.number() });

/** What waiting for the interval needs. */
interface IntervalContext {
  readonly records: ServiceRecords;
  readonly signal: AbortSignal;
  /** Called before a wait of `delay` milliseconds. */
  onWait(delay: number, reason: string): void;
}

/** A record of another window: when it says that the submission was sent, if it can be read, and until when this window waits. */
interface Sighting {
  readonly at: number | undefined;
  readonly until: number;
}

/**
 * Keeps identical submissions apart, across the jobs of this window and of all others. This window's own submissions are in its memory:
 * neither a jump of the system clock nor a disk that refuses lets it send one too early. The record of another window is only as good as
 * the system clock, but never delays a submission for longer than the interval.
 */
export class SubmissionInterval {
  readonly #clock: Clock;
  /** This window's latest submissions by name: the time in the record, and that on the monotonic clock. */
  readonly #own = new Map<string, { readonly at: number; readonly sentAt: number }>();
  readonly #turns = new Mutex();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits until the last identical submission is long enough ago, then records this one. @throws the signal's reason. */
  async wait(name: string, { records, signal, onWait }: IntervalContext): Promise<void> {
    let seen: Sighting | undefined;
    for (;;) {
      const earlier = seen;
      const turn = this.#turns.runExclusive(() => {
        signal.throwIfAborted();
        return this.#reserve(name, records, earlier);
      });
      seen = await abortable(turn, signal);
      if (!seen) return;
      const delay = seen.until - this.#clock.monotonic();
      if (delay <= 0) continue;
      onWait(delay, 'duplicate');
      await this.#clock.sleep(seen.at === undefined ? Math.min(delay, unknownInterval) : delay, signal);
    }
  }

  /** Forgets a submission, because the service did no work for it. */
  async forget(name: string, records: ServiceRecords): Promise<void> {
    this.#own.delete(name);
    await records.remove(name);
  }

  /** Records a submission and resolves with undefined; or resolves with the earlier one that it has to wait for. */
  async #reserve(name: string, records: ServiceRecords, seen: Sighting | undefined): Promise<Sighting | undefined> {
    const now = this.#clock.now();
    const own = this.#own.get(name);
    const until = (own?.sentAt ?? Number.NEGATIVE_INFINITY) + identicalRequestInterval;
    if (until > this.#clock.monotonic()) return { at: own?.at, until };
    if (await records.reserve(name, { at: now })) {
      this.#remember(name, now);
      return undefined;
    }
    const at = recordSchema.safeParse(await records.read(name)).data?.at;
    const isOwn = own !== undefined && (at === undefined || at === own.at);
    if (!isOwn) {
      const other = seen && seen.at === at ? seen : this.#sight(at);
      if (other.until > this.#clock.monotonic()) return other;
    }
    await records.takeOver(name, { at: now });
    this.#remember(name, now);
    return undefined;
  }

  #sight(at: number | undefined): Sighting {
    const left = (at ?? Number.POSITIVE_INFINITY) + identicalRequestInterval - this.#clock.now();
    return { at, until: this.#clock.monotonic() + Math.min(Math.max(left, 0), identicalRequestInterval) };
  }

  #remember(name: string, at: number): void {
    const sentAt = this.#clock.monotonic();
    for (const [other, { sentAt: earlier }] of this.#own) {
      if (sentAt - earlier > identicalRequestInterval) this.#own.delete(other);
    }
    this.#own.set(name, { at, sentAt });
  }
}
