import type { ComfyuiClient } from './comfyuiClient.ts';
import type { HistoryEntry } from './wire/history.ts';

/** Milliseconds until a prompt that was sent has surely arrived, if it ever does. */
export const arrivalTime = 2_000;

/** Where a prompt is. */
export type PromptPlace =
  /** It waits; so many prompts run before it. */
  | { readonly kind: 'pending'; readonly ahead: number }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly entry: HistoryEntry }
  /** It isn't over, but the queue is too long to look whether it's there. */
  | { readonly kind: 'hidden' }
  /** The server doesn't know it. */
  | { readonly kind: 'absent' };

/**
 * Looks for a prompt. The history is small, unlike the queue, but a prompt goes from there to the history, so that is asked again.
 * @throws MixFailure, or the signal's reason.
 */
export async function findPrompt(client: ComfyuiClient, promptId: string, signal: AbortSignal): Promise<PromptPlace> {
  const ended = await client.history(promptId, signal);
  if (ended) return { kind: 'ended', entry: ended };
  const queue = await client.queue(signal);
  if (!queue) return { kind: 'hidden' };
  const { running, pending } = queue;
  if (running.some(({ id }) => id === promptId)) return { kind: 'running' };
  const at = pending.findIndex(({ id }) => id === promptId);
  if (at >= 0) return { kind: 'pending', ahead: running.length + at };
  const entry = await client.history(promptId, signal);
  return entry ? { kind: 'ended', entry } : { kind: 'absent' };
}
