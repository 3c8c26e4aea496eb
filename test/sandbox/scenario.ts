import type { Answer } from './answer.ts';
import type { Course } from './generation.ts';
import type { RequestStage, Stage } from './stages.ts';

/** One request as a scenario sees it. */
export interface Exchange {
  readonly stage: RequestStage;
  /** How often the same item (mix, id, link or upload) was requested before, since the scenario was activated. */
  readonly attempt: number;
  /** Milliseconds since the last request for the same item; Infinity for the first. */
  readonly sinceLast: number;
  /** The number of generations in progress. */
  readonly running: number;
  /** This request's URL on the second origin. */
  readonly elsewhere: string;
  /** Expires the links of all uploads so far. */
  readonly expireUploads: () => void;
  /** Responds like the working service. `course` changes what happens to a generation. */
  serve(course?: Partial<Course>): Promise<Answer>;
}

/** Answers a request. */
export type Behaviour = (exchange: Exchange) => Answer | Promise<Answer>;

/** How a scenario acts on its stage. */
export type Effect =
  /** Answers the first `times` requests for each item. Later ones are served as usual. */
  | { readonly kind: 'answers'; readonly times: number; readonly behaviour: Behaviour }
  /** Nothing listens on the service's port. */
  | { readonly kind: 'closes' }
  /** The links to results point to the second origin, to a port that nothing listens on, or to a host that doesn't exist. */
  | { readonly kind: 'links'; readonly to: 'elsewhere' | 'refused' | 'unknown-host' }
  /** How often the webhook is called. */
  | { readonly kind: 'webhook'; readonly deliveries: number }
  /** Seeded faults at every stage. */
  | { readonly kind: 'chaos' };

/** `times` of an effect that never ends. */
export const always = Number.POSITIVE_INFINITY;

/** The effect that answers the first `times` requests for each item with `behaviour`. */
export function answers(behaviour: Behaviour, times: number): Effect {
  return { kind: 'answers', behaviour, times };
}

/** A named behavior of the service at one stage. */
export interface Scenario {
  readonly name: string;
  readonly stage: Stage | 'all';
  /** What the service answers, for the table. */
  readonly answers: string;
  /** What a client should do, for the table. */
  readonly client: string;
  readonly effect: Effect;
}
