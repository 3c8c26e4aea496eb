import { fixtureAnswer, json, reworded } from '../answer.ts';
import { always, answers, type Behaviour, type Scenario } from '../scenario.ts';

const poll = (name: string, what: string, client: string, behaviour: Behaviour, times = always): Scenario => ({
  name,
  stage: 'poll',
  answers: what,
  client,
  effect: answers(behaviour, times),
});

const words = ['queued', 'PENDING', 'Processing'];

/** How fetches can be answered, besides the faults that are possible at every stage. */
export const pollScenarios: readonly Scenario[] = [
  poll(
    'poll-still-messege',
    '`still-messege.json`, twice',
    'poll again later',
    () => fixtureAnswer('still-messege'),
    2,
  ),
  poll(
    'poll-still-message',
    '`still-message.json`, twice',
    'poll again later',
    () => fixtureAnswer('still-message'),
    2,
  ),
  poll(
    'poll-statuses',
    'the statuses `queued`, `PENDING`, and `Processing`, then `Ready` with the links',
    "poll again, then download; case and synonyms don't matter",
    async ({ attempt, serve }) => {
      const status = words[attempt];
      if (status) return json({ status, output: '' });
      const served = reworded(await serve(), (body) => ({
        ...body,
        status: body.status === 'success' ? 'Ready' : 'pending',
      }));
      return served;
    },
  ),
  poll('poll-failed', '`failed.json`', '`generation-failed`', () => fixtureAnswer('failed')),
  poll('poll-error', '`server-error.json` under HTTP 200', '`service-unavailable`; keep the id', () =>
    fixtureAnswer('server-error'),
  ),
];
