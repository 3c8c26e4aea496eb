import { MixFailure } from '../../mix/failure.ts';
import type { ComfyuiServer } from './comfyuiServer.ts';
import { type PatienceContext, patiently } from './patience.ts';
import type { PromptFeed } from './promptFeed.ts';
import { findPrompt, type PromptPlace } from './promptPlace.ts';
import type { ServerSocket } from './socket.ts';
import type { HistoryEntry } from './wire/history.ts';

/** Milliseconds between two looks at the queue: while the socket is quiet, while it isn't, to make sure that a prompt is gone, and at first without a socket. */
const polls = { quiet: 3_000, lively: 10_000, again: 1_000, first: 400 };
/** Milliseconds: without an event about a prompt that runs, after which the socket is replaced, and the longest time that counts between two looks. */
const times = { silence: 60_000, longestLook: 60_000 };
/** How often in a row a prompt must be missing. It may not have arrived at the first look. */
const absencesUntilGone = 2;
/** The share of the time between two looks for which what others saw is good enough, so that one look at the queue serves all prompts. */
const shared = 0.9;

export interface WatchContext extends PatienceContext {
  readonly server: ComfyuiServer;
  readonly socket: ServerSocket;
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
  const { server, socket, clock, signal, timeout } = context;
  let absences = 0;
  let idle = 0;
  let silent = 0;
  let longest = polls.first;
  let waited = 0;
  for (;;) {
    const start = clock.monotonic();
    const { events } = feed;
    const place = await patiently(() => look(promptId, feed, context, shared * waited), {
      ...context,
      hasPrompt: true,
      onWait: (failure, delay) => {
        feed.addGap();
        context.onWait(failure, delay);
      },
    });
    if (place.kind === 'ended') return place.entry;
    absences = place.kind === 'absent' ? absences + 1 : 0;
    if (absences === absencesUntilGone) return feed.entry;
    if (place.kind === 'running') feed.setStarted();
    // If the queue can't be read, events tell whether the prompt runs.
    const isRunning = place.kind === 'running' || (place.kind === 'hidden' && feed.hasStarted);
    // An answer about the queue can be older than events that came meanwhile.
    if (place.kind !== 'absent') context.onPlace(feed.hasStarted ? { kind: 'running' } : place);
    const delay = absences > 0 ? polls.again : pollDelay(feed, timeout - idle);
    const asleep = clock.monotonic();
    await feed.wait(socket.isOpen ? delay : Math.min(delay, longest), signal);
    waited = clock.monotonic() - asleep; // less if something happened
    longest *= 2;

    const elapsed = Math.min(clock.monotonic() - start, times.longestLook);
    const isIdle = isRunning && feed.events === events;
    silent = isIdle ? silent + elapsed : 0;
    idle = isIdle ? idle + elapsed : 0;
    if (idle >= timeout) {
      const args = { server: server.address.name, seconds: Math.round(timeout / 1000) };
      throw new MixFailure(socket.isOpen || feed.events > 0 ? 'timeout/comfyui' : 'timeout/comfyui-unseen', { args });
    }
    if (silent >= times.silence) {
      socket.renew();
      silent = 0;
    }
  }
}

/** @param age milliseconds that an answer about the queue may have. */
async function look(
  promptId: string,
  { isOver }: PromptFeed,
  context: WatchContext,
  age: number,
): Promise<PromptPlace> {
  const { server, signal } = context;
  const entry = isOver ? await server.client.history(promptId, signal) : undefined;
  return entry ? { kind: 'ended', entry } : findPrompt(server, promptId, signal, server.queue.now() - age);
}

function pollDelay({ isQuiet }: PromptFeed, timeLeft: number): number {
  return Math.min(isQuiet ? polls.quiet : polls.lively, Math.max(timeLeft, 1));
}
