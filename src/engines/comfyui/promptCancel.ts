import { MixFailure } from '../../mix/failure.ts';
import type { Clock } from '../clock.ts';
import type { ComfyuiServer } from './comfyuiServer.ts';
import type { SampleState } from './comfyuiState.ts';
import { arrivalTime, findPrompt } from './promptPlace.ts';

/** Milliseconds: for everything, and between two tries. */
const times = { whole: 5_000, pause: 250 };
/** How often prompts are canceled that run on all the same. */
const maxTries = 4;

/**
 * Takes prompts out of the queue, or interrupts them. A prompt that begins to run in between is canceled again, and so is one that arrives
 * late. One in the middle of a long step ends after it, which isn't waited for. What a connection loses is repeated.
 * @param prompts with their phase: `posting` ones may still arrive.
 * @returns why it couldn't be done; undefined if it was.
 */
export async function cancelPrompts(
  prompts: readonly Pick<SampleState, 'promptId' | 'phase'>[],
  server: ComfyuiServer,
  clock: Clock,
): Promise<MixFailure | undefined> {
  const limit = AbortSignal.timeout(times.whole);
  const start = clock.monotonic();
  const elapsed = () => clock.monotonic() - start;
  const left = new Map(prompts.map(({ promptId, phase }) => [promptId, phase]));
  try {
    for (let tries = 1; ; ) {
      try {
        const mayArrive = elapsed() < arrivalTime;
        await cancelEach(left, mayArrive, server, limit);
        const isArriving = mayArrive && [...left.values()].includes('posting');
        if (left.size === 0 || (!isArriving && tries >= maxTries)) return undefined;
        tries++;
      } catch (error) {
        if (!(error instanceof MixFailure) || !error.retryable || elapsed() >= times.whole) throw error;
      }
      await clock.sleep(times.pause, limit);
    }
  } catch (error) {
    if (error instanceof MixFailure) return error;
    if (error !== limit.reason) throw error;
    return new MixFailure('network/timeout', { args: { host: server.address.name }, cause: error });
  }
}

/** Cancels what is left, and removes from it what is gone. @param mayArrive whether a prompt that is being sent may arrive later. */
async function cancelEach(
  left: Map<string, SampleState['phase']>,
  mayArrive: boolean,
  server: ComfyuiServer,
  signal: AbortSignal,
): Promise<void> {
  const prompts = [...left].toReversed(); // the last first, so that none begins when one ends
  for (const [id] of prompts) await server.client.cancel(id, signal);
  const since = server.queue.now();
  for (const [id, phase] of prompts) {
    const { kind } = await findPrompt(server, id, signal, since);
    if (kind === 'ended' || (kind === 'absent' && !(phase === 'posting' && mayArrive))) left.delete(id);
  }
}
