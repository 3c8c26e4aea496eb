import { linksOf, type Origins } from './bodies.ts';
import type { Generation } from './generation.ts';
import { isLoopback } from './source.ts';

const TIMEOUT_MS = 10_000;

/** Reports the end of a generation to its webhook. Calls only loopback addresses, and ignores the response. */
export async function callWebhook(generation: Generation, origins: Origins, deliveries: number): Promise<void> {
  const { id, order, state } = generation;
  if (order.webhook === null || !isLoopback(order.webhook)) return;
  const body = JSON.stringify(
    state === 'done'
      ? {
          status: 'success',
          id,
          output: linksOf(generation, origins),
          generationTime: generation.seconds,
          track_id: order.trackId,
          meta: order.fields,
        }
      : { status: 'failed', id, message: 'Failed, Try Again', track_id: order.trackId },
  );
  for (let count = 0; count < deliveries; count++) {
    try {
      await fetch(order.webhook, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      // A webhook that can't be reached is skipped.
    }
  }
}
