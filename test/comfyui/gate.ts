import type { Hold } from './controls.ts';

/**
 * Where a prompt can be held: on its way to the server (clients' prompts only), before it's taken from the queue, before a node of a class runs, after a sampling step (from 1), or
 * between `execution_success` and the writing of its history. Only a prompt held at a step can be interrupted, as in ComfyUI.
 * `strangers` limits a hold to the prompts of other users (true) or of clients (false).
 */
export type HoldPoint = { readonly strangers?: boolean } & (
  | { readonly at: 'arrival' }
  | { readonly at: 'queue' }
  | { readonly at: 'node'; readonly classType: string }
  | { readonly at: 'step'; readonly step: number }
  | { readonly at: 'history' }
);

interface Waiting {
  readonly point: HoldPoint;
  readonly reach: (promptId: string) => void;
  readonly released: Promise<void>;
}

/** The holds that aren't released yet. */
export class Gate {
  readonly #waiting = new Set<Waiting>();

  hold(point: HoldPoint): Hold {
    const reached = Promise.withResolvers<string>();
    const released = Promise.withResolvers<void>();
    const waiting: Waiting = { point, reach: reached.resolve, released: released.promise };
    this.#waiting.add(waiting);
    return {
      reached: reached.promise,
      release: () => {
        this.#waiting.delete(waiting);
        released.resolve();
      },
    };
  }

  /** Undefined unless the point is held. */
  pass(point: HoldPoint, promptId: string): Promise<void> | undefined {
    const holds = [...this.#waiting].filter((waiting) => samePoint(waiting.point, point));
    if (holds.length === 0) return undefined;
    for (const { reach } of holds) reach(promptId);
    return Promise.all(holds.map(({ released }) => released)).then(() => undefined);
  }
}

function samePoint(held: HoldPoint, point: HoldPoint): boolean {
  if (held.strangers !== undefined && held.strangers !== point.strangers) return false;
  if (held.at === 'node') return point.at === 'node' && held.classType === point.classType;
  if (held.at === 'step') return point.at === 'step' && held.step === point.step;
  return held.at === point.at;
}
