import type { Course } from '../generation.ts';
import type { Scenario } from '../scenario.ts';

/** A scenario in which mixes are accepted and go the given way. */
function course(name: string, change: Partial<Course>, answers: string, client: string): Scenario {
  return {
    name,
    stage: 'mix',
    answers,
    client,
    effect: { kind: 'answers', times: Number.POSITIVE_INFINITY, behaviour: (exchange) => exchange.serve(change) },
  };
}

/** The ways an accepted mix goes on. */
export const mixScenarios: readonly Scenario[] = [
  course('success', { polls: 0 }, 'success at once, with `meta` and `generationTime`', 'download the pictures'),
  course(
    'processing',
    { polls: 2 },
    'processing with `eta`; two fetches still running, then success',
    'poll, download',
  ),
];
