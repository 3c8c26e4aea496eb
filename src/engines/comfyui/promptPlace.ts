import type { ComfyuiServer } from './comfyuiServer.ts';
import type { Queue } from './wire/answers.ts';
import type { HistoryEntry } from './wire/history.ts';

/** Milliseconds until a prompt that was sent has surely arrived, if it ever does. */
export const arrivalTime = 2_000;

/** Where a prompt is. */
export type PromptPlace =
  /** It waits; so many prompts run before it. */
  | { readonly kind: 'pending'; readonly ahead: number }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly entry: HistoryEntry }
  /** It isn't over, but the queue is too long to look for it there. */
  | { readonly kind: 'hidden' }
  /** The server doesn't know it. */
  | { readonly kind: 'absent' };

/**
 * Looks for a prompt. Small answers are asked for first: the queue contains the graphs of everybody's prompts. A prompt goes from there to
 * the history, so that is asked again if it isn't in the queue.
 * @param since a moment, as the server's queue has it: that the prompt waited then, or at any time after, is good enough.
 * @throws MixFailure, or the signal's reason.
 */
export async function findPrompt(
  { client, queue }: Pick<ComfyuiServer, 'client' | 'queue'>,
  promptId: string,
  signal: AbortSignal,
  since = queue.now(),
): Promise<PromptPlace> {
  const start = queue.now();
  const known = placeIn(await queue.recent(since, signal), promptId);
  if (known?.kind === 'pending') return known;
  const before = await client.history(promptId, signal);
  if (before) return { kind: 'ended', entry: before };
  const state = await client.jobState(promptId, signal);
  if (state === 'in_progress') return { kind: 'running' };
  const whole = await queue.read(start, signal);
  if (!whole) return { kind: 'hidden' };
  const place = placeIn(whole, promptId);
  if (place) return place;
  const entry = await client.history(promptId, signal);
  return entry ? { kind: 'ended', entry } : { kind: 'absent' };
}

function placeIn(queue: Queue | undefined, promptId: string): PromptPlace | undefined {
  if (!queue) return undefined;
  const { running, pending } = queue;
  if (running.some(({ id }) => id === promptId)) return { kind: 'running' };
  const at = pending.findIndex(({ id }) => id === promptId);
  return at >= 0 ? { kind: 'pending', ahead: running.length + at } : undefined;
}
