import { type Scenario, scenario } from '../scenario.ts';

/** What other users do. */
export const others: readonly Scenario[] = [
  scenario(
    'strangers-previews',
    "another user's prompt without a client id runs first; its progress and previews are broadcast",
    'ignore them',
    {
      previews: true,
      strangersAhead: [{}],
    },
  ),
  scenario('strangers-ahead', 'three prompts of other users run first', 'show the position', {
    strangersAhead: [{ clientId: 'stranger-1' }, { clientId: 'stranger-2' }, { clientId: 'stranger-1' }],
  }),
  scenario('huge-queue', "the graphs of other users' prompts in the queue have 70 MB", "don't depend on the queue", {
    queueBytes: 70_000_000,
  }),
  scenario('deleted-while-pending', 'somebody deletes the prompt before it runs, once', 'end the job', {
    fault: { kind: 'delete-pending' },
  }),
  scenario(
    'interrupted-by-others',
    'somebody interrupts the prompt at the 2nd step, once',
    'end the job as canceled elsewhere',
    {
      fault: { kind: 'interrupt', step: 2 },
    },
  ),
];
