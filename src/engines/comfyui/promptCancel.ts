import { MixFailure } from '../../mix/failure.ts';
import type { Clock } from '../clock.ts';
import type { ComfyuiClient } from './comfyuiClient.ts';
import { type ComfyuiState, isPending } from './comfyuiState.ts';

/** Milliseconds: for everything, and between two tries. */
const times = { whole: 5_000, pause: 250 };
const maxTries = 4;

/**
 * Takes the prompts of a job that aren't done out of the queue, or interrupts them. A prompt that begins to run in between is canceled
 * again, and so is one that arrives late. One in the middle of a long step ends after it, which isn't waited for.
 * @returns why it couldn't be done; undefined if it was.
 */
export async function cancelPrompts(
  { samples }: ComfyuiState,
  client: ComfyuiClient,
  clock: Clock,
): Promise<MixFailure | undefined> {
  const limit = AbortSignal.timeout(times.whole);
  const pending = samples.filter(isPending);
  const mayArrive = pending.some(({ phase }) => phase === 'posting');
  let left = pending.map(({ promptId }) => promptId);
  try {
    for (let tries = 1; tries <= maxTries && left.length > 0; tries++) {
      if (tries > 1) await clock.sleep(times.pause, limit);
      for (const id of left.toReversed()) await client.cancel(id, limit); // the last first, so that none begins when one ends
      const { running, pending } = await client.queue(limit);
      const known = new Set([...running, ...pending].map(({ id }) => id));
      if (!mayArrive || tries > 1) left = left.filter((id) => known.has(id));
    }
    return undefined;
  } catch (error) {
    if (error instanceof MixFailure) return error;
    if (error !== limit.reason) throw error;
    return new MixFailure('network/timeout', { args: { host: client.address.name }, cause: error });
  }
}
