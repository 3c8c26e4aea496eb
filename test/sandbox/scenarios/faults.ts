import { type Answer, answer, badGateway, cut, fixtureAnswer, hugeBody } from '../answer.ts';
import { always, answers, type Behaviour, type Effect, type Scenario } from '../scenario.ts';
import { type FaultStage, faultStages, hugeStarts, wrongTypes } from './malformed.ts';

/** What a client should do: after a mix, which is paid for; after an upload or a poll; after a download. */
type Advice = Readonly<Record<'mix' | 'call' | 'download', string>>;

interface Fault {
  readonly name: string;
  readonly answers: string | Readonly<Record<FaultStage, string>>;
  readonly client: Advice | Readonly<Record<FaultStage, string>>;
  readonly effect: (stage: FaultStage) => Effect;
}

const repeat = 'repeat with growing pauses';
const unknownFate: Advice = {
  mix: '`interrupted`: whether it was paid for is unknown, so never repeat it',
  call: repeat,
  download: repeat,
};

/** The service does its work, and then something happens to the answer. */
const afterWork =
  (change: (served: Answer) => Answer): Behaviour =>
  async ({ serve }) =>
    change(await serve());
const travelling = (delivery: Answer['delivery']): Effect =>
  answers(
    afterWork((served) => ({ ...served, delivery })),
    always,
  );

const faults: readonly Fault[] = [
  {
    name: 'refused',
    answers: {
      upload: 'nobody listens at the port',
      mix: 'nobody listens at the port from the `after`th upload on',
      poll: 'nobody listens at the port from the answer to the `after`th mix on',
      download: 'the links lead to a port where nobody listens',
    },
    client: {
      mix: 'no work was done: repeat, then `network`',
      call: `${repeat}, then \`network\``,
      download: `${repeat}, keep the id`,
    },
    effect: (stage) => (stage === 'download' ? { kind: 'links', to: 'refused' } : { kind: 'closes' }),
  },
  {
    name: 'reset',
    answers: 'the connection is cut before the headers, after the work was done',
    client: unknownFate,
    effect: () => travelling('reset'),
  },
  {
    name: 'reset-body',
    answers: 'the connection is cut after half the body',
    client: unknownFate,
    effect: () => travelling('reset-body'),
  },
  {
    name: 'stall',
    answers: 'no answer ever comes, though the work was done',
    client: { ...unknownFate, mix: 'after its own time-out `interrupted`, never repeated' },
    effect: () => travelling('stall'),
  },
  {
    name: 'stall-body',
    answers: 'half the body, then nothing more',
    client: { ...unknownFate, mix: 'after its own time-out `interrupted`, never repeated' },
    effect: () => travelling('stall-body'),
  },
  {
    name: 'slow',
    answers: 'the body takes half a second',
    client: { mix: 'wait', call: 'wait', download: 'wait' },
    effect: () => travelling('slow'),
  },
  {
    name: '500',
    answers: '`server-error.json` under HTTP 500',
    client: { mix: '`service-unavailable`, not repeated', call: repeat, download: repeat },
    effect: () => answers(() => fixtureAnswer('server-error', 500), always),
  },
  {
    name: '502-html',
    answers: 'HTTP 502 with an HTML page, after the work was done',
    client: unknownFate,
    effect: () =>
      answers(
        afterWork(() => badGateway()),
        always,
      ),
  },
  {
    name: '503-then-fine',
    answers: '`unavailable.json` under HTTP 503, once',
    client: { mix: 'no work was done: repeat', call: 'repeat', download: 'repeat' },
    effect: () => answers(() => fixtureAnswer('unavailable', 503), 1),
  },
  {
    name: '429-then-fine',
    answers: '`queue-full.json` under HTTP 429, once, with `Retry-After: 30` beside `retry_after: 30`',
    client: { mix: 'no work was done: wait 30 s, repeat', call: 'wait 30 s, repeat', download: 'wait 30 s, repeat' },
    effect: () => answers(() => fixtureAnswer('queue-full', 429, { 'retry-after': '30' }), 1),
  },
  {
    name: 'truncated',
    answers: 'half the body as if it were the whole, after the work was done',
    client: unknownFate,
    effect: () => answers(afterWork(cut), always),
  },
  {
    name: 'wrong-types',
    answers: {
      upload: 'a link that is a number',
      mix: 'numbers, objects and arrays where text should be, after the work was done',
      poll: 'success with links that are none',
      download: 'an HTML page as `image/png`',
    },
    client: {
      upload: '`unexpected-response`',
      mix: '`unexpected-response`, not repeated',
      poll: '`result-unavailable`, keep the id',
      download: '`result-unavailable`, keep the id',
    },
    effect: (stage) => answers(afterWork(wrongTypes[stage]), always),
  },
  {
    name: 'huge',
    answers: 'a body of 100 MB, after the work was done',
    client: {
      upload: 'stop reading at a limit: `unexpected-response`',
      mix: 'stop reading at a limit: `unexpected-response`, not repeated',
      poll: 'stop reading at a limit, keep the id',
      download: 'stop reading at a limit: `result-unavailable`',
    },
    effect: (stage) =>
      answers(
        afterWork(() =>
          answer(200, stage === 'download' ? 'image/png' : 'application/json', hugeBody(hugeStarts[stage])),
        ),
        always,
      ),
  },
  {
    name: 'redirect',
    answers: 'HTTP 307 to the same path at another origin',
    client: {
      upload: 'do not follow with the key: `unexpected-response`',
      mix: 'do not follow with the key: `unexpected-response`, not repeated',
      poll: 'do not follow with the key',
      download: 'follow, as far as the address rules allow: no key goes along',
    },
    effect: () =>
      answers(({ elsewhere }) => answer(307, 'text/html', Buffer.from(''), { location: elsewhere }), always),
  },
  {
    name: 'expired',
    answers: {
      upload: 'the link that was just given is dead: the mix cannot fetch its image',
      mix: 'the uploads so far have expired; after new ones it is fine',
      poll: '`not-found.json`: the id is unknown or expired',
      download: 'HTTP 404 for ever',
    },
    client: {
      upload: '`invalid-request`, saying that the service could not load the image',
      mix: '`invalid-request`; forget the remembered links, so that the next try uploads again',
      poll: '`result-unavailable`',
      download: 'try for a while, then `result-unavailable`',
    },
    effect: expiry,
  },
];

function expiry(stage: FaultStage): Effect {
  switch (stage) {
    case 'upload':
      return answers(async ({ serve, expireUploads }) => {
        const served = await serve();
        expireUploads();
        return served;
      }, always);
    case 'mix':
      return answers(({ serve, expireUploads }) => {
        expireUploads();
        return serve();
      }, 1);
    case 'poll':
      return answers(() => fixtureAnswer('not-found'), always);
    case 'download':
      return answers(() => answer(404, 'text/html', Buffer.from('<h1>404 Not Found</h1>')), always);
  }
}

function adviceFor(client: Fault['client'], stage: FaultStage): string {
  if ('call' in client) return client[stage === 'upload' || stage === 'poll' ? 'call' : stage];
  return client[stage];
}

/** Every fault at every stage: `mix-reset`, `download-stall` and so on. */
export const faultScenarios: readonly Scenario[] = faults.flatMap((fault) =>
  faultStages.map((stage) => ({
    name: `${stage}-${fault.name}`,
    stage,
    answers: typeof fault.answers === 'string' ? fault.answers : fault.answers[stage],
    client: adviceFor(fault.client, stage),
    effect: fault.effect(stage),
  })),
);
