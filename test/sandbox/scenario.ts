import type { Answer } from './answer.ts';
import type { Course } from './generation.ts';
import type { RequestStage, Stage } from './stages.ts';

/** One request as a scenario sees it. */
export interface Exchange {
  readonly stage: RequestStage;
  /** From 0: how often this very thing (the same mix, id, link or upload) was asked since the scenario was switched on. */
  readonly attempt: number;
  /** Milliseconds since the last such request; Infinity at the first. */
  readonly sinceLast: number;
  /** Generations under way. */
  readonly running: number;
  /** This request's URL at the other origin. */
  readonly elsewhere: string;
  /** Lets the links of all uploads so far expire. */
  readonly expireUploads: () => void;
  /** Does what the service does when nothing goes wrong; `course` changes how a generation goes on. */
  serve(course?: Partial<Course>): Promise<Answer>;
}

/** What a request gets. */
export type Behaviour = (exchange: Exchange) => Answer | Promise<Answer>;

/** How a scenario acts on its stage. */
export type Effect =
  /** Answers the first `times` requests for each thing; later ones are served as usual. */
  | { readonly kind: 'answers'; readonly times: number; readonly behaviour: Behaviour }
  /** Nobody listens at the service's port. */
  | { readonly kind: 'closes' }
  /** The links to pictures lead to another host: one that serves them, a port where nobody listens, or no host at all. */
  | { readonly kind: 'links'; readonly to: 'elsewhere' | 'refused' | 'unknown-host' }
  /** How often the webhook is called. */
  | { readonly kind: 'webhook'; readonly deliveries: number }
  /** Seeded faults at every stage. */
  | { readonly kind: 'chaos' };

/** `times` of an effect that never ends. */
export const always = Number.POSITIVE_INFINITY;

/** The effect of answering the first `times` requests for each thing with `behaviour`. */
export function answers(behaviour: Behaviour, times: number): Effect {
  return { kind: 'answers', behaviour, times };
}

/** A way the service can behave at one stage, by name. */
export interface Scenario {
  readonly name: string;
  readonly stage: Stage | 'all';
  /** What the service answers, for the table. */
  readonly answers: string;
  /** What a client should make of it, for the table. */
  readonly client: string;
  readonly effect: Effect;
}
