import type { ComfyuiClient } from './comfyuiClient.ts';
import type { HistoryEntry } from './wire/history.ts';

/** Where a prompt is. */
export type PromptPlace =
  /** It waits; so many prompts run before it. */
  | { readonly kind: 'pending'; readonly ahead: number }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly entry: HistoryEntry }
  /** The server doesn't know it. */
  | { readonly kind: 'absent' };

/** Looks for a prompt, first in the queue: it goes from there to the history. @throws MixFailure, or the signal's reason. */
export async function findPrompt(client: ComfyuiClient, promptId: string, signal: AbortSignal): Promise<PromptPlace> {
  const { running, pending } = await client.queue(signal);
  if (running.some(({ id }) => id === promptId)) return { kind: 'running' };
  const at = pending.findIndex(({ id }) => id === promptId);
  if (at >= 0) return { kind: 'pending', ahead: running.length + at };
  const entry = await client.history(promptId, signal);
  return entry ? { kind: 'ended', entry } : { kind: 'absent' };
}
