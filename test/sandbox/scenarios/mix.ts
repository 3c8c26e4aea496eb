import { fixtureAnswer } from '../answer.ts';
import type { Course } from '../generation.ts';
import { always, answers, type Behaviour, type Scenario } from '../scenario.ts';

const DUPLICATE_WINDOW_MS = 30_000;
const QUEUE_LENGTH = 5;

/** A scenario in which mixes are accepted and take the given course. */
const course = (name: string, change: Partial<Course>, what: string, client: string): Scenario =>
  mix(name, what, client, (exchange) => exchange.serve(change));

const mix = (name: string, what: string, client: string, behaviour: Behaviour, times = always): Scenario => ({
  name,
  stage: 'mix',
  answers: what,
  client,
  effect: answers(behaviour, times),
});

const POLL = 'poll, then download';
const DOWNLOAD = 'download';

/** The courses that an accepted mix can take, in every spelling of the service. */
export const mixScenarios: readonly Scenario[] = [
  course('success', { polls: 0 }, 'success at once, with `meta` and `generationTime`', DOWNLOAD),
  course(
    'success-single-string',
    { polls: 0, output: 'string' },
    '`output` is one URL instead of an array (for one sample)',
    DOWNLOAD,
  ),
  course(
    'success-escaped',
    { polls: 0, form: 'new' },
    'slashes escaped as `\\/`, and `proxy_links` next to `output`',
    DOWNLOAD,
  ),
  course(
    'success-empty-then-fine',
    { polls: 0, empties: 2 },
    'success with an empty `output`, in the response and in the first fetch; the next fetch has the links',
    'poll a little longer',
  ),
  course(
    'success-empty',
    { polls: 0, empties: always },
    'success with an empty `output`, on every fetch',
    'poll a little longer, then `result-unavailable`',
  ),
  mix('success-as-500', 'a success body under HTTP 500', 'the body wins: download', async ({ serve }) => ({
    ...(await serve({ polls: 0 })),
    status: 500,
  })),
  mix(
    'success-documented',
    'the example from the reference page, byte for byte; its link points outside this machine',
    'parse it (for parser tests)',
    () => fixtureAnswer('success-documented'),
  ),
  course('processing', { polls: 2 }, 'processing with `eta` and `fetch_result`; two fetches still running', POLL),
  course(
    'processing-messege',
    { polls: 1, form: 'old' },
    'the older spelling: `messege`, `tip`, `output: []`, `webhook_status`',
    POLL,
  ),
  course(
    'processing-message',
    { polls: 1, form: 'new' },
    'the newer spelling: `message`, `tip_1`, `output: ""`, `future_links` (404 until the end), `proxy_links`',
    POLL,
  ),
  course(
    'processing-other-id',
    { polls: 1, fetchResult: 'other-id' },
    'only the id in `fetch_result` is known; fetching `id` finds nothing',
    'prefer `fetch_result`',
  ),
  course(
    'processing-other-origin',
    { polls: 1, fetchResult: 'other-origin' },
    '`fetch_result` points to another origin',
    'never send the key there; fetch `id` from the configured origin',
  ),
  course(
    'processing-failed',
    { polls: 1, end: 'failed' },
    'processing, still running, then `failed`',
    '`generation-failed`',
  ),
  course(
    'processing-forever',
    { polls: always },
    'processing, and still running on every fetch',
    '`timeout` after the deadline; keep the id',
  ),
  mix(
    'duplicate-filter',
    `the same body again within ${DUPLICATE_WINDOW_MS / 1000} s is rejected as a duplicate`,
    "don't resend it that soon; no work was done",
    ({ attempt, sinceLast, serve }) =>
      attempt > 0 && sinceLast < DUPLICATE_WINDOW_MS ? fixtureAnswer('duplicate') : serve(),
  ),
  mix(
    'queue-limit',
    `more than ${QUEUE_LENGTH} generations in progress: HTTP 429 with \`retry_after\`; each takes two fetches`,
    'wait for `retry_after`, then resend',
    ({ running, serve }) => (running >= QUEUE_LENGTH ? fixtureAnswer('queue-full', 429) : serve({ polls: 2 })),
  ),
];
