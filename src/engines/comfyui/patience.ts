import { MixFailure } from '../../mix/failure.ts';
import { RequestError } from '../../network/requestError.ts';
import type { Clock } from '../clock.ts';

/** Milliseconds: how long a server may be out of reach, such as while it restarts, and the longest pause between two tries. */
const times = { outage: 300_000, firstPause: 1_000, longestPause: 5_000, longestTry: 60_000 };
/** How often an error or a damaged answer is tolerated. */
const toleratedErrors = 2;

export interface PatienceContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before a pause of `delay` milliseconds. */
  onWait(failure: MixFailure, delay: number): void;
  /** Whether the server has the job's prompt. Then whatever answers in another way than ComfyUI counts as out of reach, too. */
  readonly hasPrompt?: boolean;
  /** Whether not to wait for the server, because another one can have the job. @throws the signal's reason. */
  givesUp?(): Promise<boolean>;
}

/**
 * Repeats a request while its server is out of reach, for some minutes. Use it only if the server does nothing twice.
 * @throws MixFailure, or the signal's reason.
 */
export async function patiently<T>(request: () => Promise<T>, context: PatienceContext): Promise<T> {
  const { clock, signal } = context;
  let waited = 0;
  let errors = 0;
  for (let pause = times.firstPause; ; pause = Math.min(2 * pause, times.longestPause)) {
    const start = clock.monotonic();
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      const isWaitedFor = isOutage(error) || (context.hasPrompt && isOthersAnswer(error));
      if (!isWaitedFor && !(isTolerated(error) && errors++ < toleratedErrors)) throw error;
      if (isOutage(error) && (await context.givesUp?.())) throw error;
      if (waited >= times.outage) throw error;
      context.onWait(error, pause);
      await clock.sleep(pause, signal);
      waited += Math.min(clock.monotonic() - start, times.longestTry); // more means that this machine was asleep
    }
  }
}

/** Whether nobody answers in the server's place. */
export function isOutage({ code, key, retryable }: MixFailure): boolean {
  return (code === 'network' && retryable) || key === 'service-unavailable/comfyui-gateway';
}

/**
 * Whether something else answers, or the server in a state that it may leave again: a proxy's pages come and go. What is too large stays
 * too large.
 */
function isOthersAnswer({ code, key, cause }: MixFailure): boolean {
  if (cause instanceof RequestError) return false;
  const isOthers = code === 'unexpected-response' && key !== 'unexpected-response/comfyui-old';
  return isOthers || code === 'service-unavailable' || code === 'invalid-api-key';
}

function isTolerated({ key }: MixFailure): boolean {
  return key === 'service-unavailable/comfyui' || key === 'unexpected-response/comfyui';
}
