import { MixFailure } from '../../mix/failure.ts';
import type { ComfyuiServer } from './comfyuiServer.ts';
import { type PatienceContext, patiently } from './patience.ts';
import type { PromptFeed } from './promptFeed.ts';
import { findPrompt, type PromptPlace } from './promptPlace.ts';
import type { HistoryEntry } from './wire/history.ts';

/** Milliseconds between two looks at the queue: while the socket is quiet, while it isn't, and to make sure that a prompt is gone. */
const polls = { quiet: 3_000, lively: 10_000, again: 1_000 };
/** Milliseconds: without an event about a prompt that runs, after which the socket is replaced, and the longest time that counts between two looks. */
const times = { silence: 60_000, longestLook: 60_000 };
/** How often in a row a prompt must be missing. It may not have arrived at the first look. */
const absencesUntilGone = 2;

export interface WatchContext extends PatienceContext {
  readonly server: ComfyuiServer;
  /** How long a prompt that runs may go without any sign of progress, in milliseconds. */
  readonly timeout: number;
  /** Called after each look that found the prompt in the queue. */
  onPlace(place: PromptPlace): void;
}

/** How a prompt ended; undefined if the server doesn't know it any more. */
export type PromptEnd = HistoryEntry | undefined;

/**
 * Waits until a prompt is over. The queue and the history are asked when the socket says that something happened, and from time to time,
 * since it may be silent.
 * @throws MixFailure (`timeout`, or what keeps the server from answering), or the signal's reason.
 */
export async function watchPrompt(promptId: string, feed: PromptFeed, context: WatchContext): Promise<PromptEnd> {
  const { server, clock, signal, timeout } = context;
  let absences = 0;
  let idle = 0;
  let silent = 0;
  for (;;) {
    const start = clock.monotonic();
    const { events } = feed;
    const place = await patiently(() => look(promptId, feed, context), {
      ...context,
      onWait: (failure, delay) => {
        feed.addGap();
        context.onWait(failure, delay);
      },
    });
    if (place.kind === 'ended') return place.entry;
    absences = place.kind === 'absent' ? absences + 1 : 0;
    if (absences === absencesUntilGone) return feed.entry;
    if (place.kind === 'running') feed.setStarted();
    // An answer about the queue can be older than events that came meanwhile.
    if (place.kind !== 'absent') context.onPlace(feed.hasStarted ? { kind: 'running' } : place);
    await feed.wait(absences > 0 ? polls.again : pollDelay(feed, timeout - idle), signal);

    const elapsed = Math.min(clock.monotonic() - start, times.longestLook);
    const isIdle = place.kind === 'running' && feed.events === events;
    silent = isIdle ? silent + elapsed : 0;
    idle = isIdle ? idle + elapsed : 0;
    if (idle >= timeout) {
      const args = { server: server.address.name, seconds: Math.round(timeout / 1000) };
      throw new MixFailure('timeout/comfyui', { args });
    }
    if (silent >= times.silence) {
      server.socket.renew();
      silent = 0;
    }
  }
}

async function look(promptId: string, { isOver }: PromptFeed, { server, signal }: WatchContext): Promise<PromptPlace> {
  const entry = isOver ? await server.client.history(promptId, signal) : undefined;
  return entry ? { kind: 'ended', entry } : findPrompt(server.client, promptId, signal);
}

function pollDelay({ isQuiet }: PromptFeed, timeLeft: number): number {
  return Math.min(isQuiet ? polls.quiet : polls.lively, Math.max(timeLeft, 1));
}
