import { type Answer, answer, badGateway, cut, fixtureAnswer, hugeBody } from '../answer.ts';
import { always, answers, type Behaviour, type Effect, type Scenario } from '../scenario.ts';
import { type FaultStage, faultStages, hugeStarts, wrongTypes } from './malformed.ts';

/** What a client should do after a mix, which is paid for, after an upload or a poll, and after a download. */
type Advice = Readonly<Record<'mix' | 'call' | 'download', string>>;

interface Fault {
  readonly name: string;
  readonly answers: string | Readonly<Record<FaultStage, string>>;
  readonly client: Advice | Readonly<Record<FaultStage, string>>;
  readonly effect: (stage: FaultStage) => Effect;
}

const retry = 'retry with backoff';
const unknownFate: Advice = {
  mix: '`interrupted`; never retry, since it may have been charged',
  call: retry,
  download: retry,
};

/** The service does the work, and then the answer is changed. */
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
      upload: 'nothing listens on the port',
      mix: 'nothing listens on the port, starting with the `after`th upload',
      poll: 'nothing listens on the port once the `after`th mix is answered',
      download: 'the links point to a port that nothing listens on',
    },
    client: {
      mix: 'no work was done; retry, then `network`',
      call: `${retry}, then \`network\``,
      download: `${retry}; keep the id`,
    },
    effect: (stage) => (stage === 'download' ? { kind: 'links', to: 'refused' } : { kind: 'closes' }),
  },
  {
    name: 'reset',
    answers: 'the work is done, then the connection is reset before the headers',
    client: unknownFate,
    effect: () => travelling('reset'),
  },
  {
    name: 'reset-body',
    answers: 'the connection is reset after half the body',
    client: unknownFate,
    effect: () => travelling('reset-body'),
  },
  {
    name: 'stall',
    answers: 'the work is done, but no response ever arrives',
    client: { ...unknownFate, mix: '`interrupted` after a time-out; never retry' },
    effect: () => travelling('stall'),
  },
  {
    name: 'stall-body',
    answers: 'half the body, then nothing more',
    client: { ...unknownFate, mix: '`interrupted` after a time-out; never retry' },
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
    client: { mix: "`service-unavailable`; don't retry", call: retry, download: retry },
    effect: () => answers(() => fixtureAnswer('server-error', 500), always),
  },
  {
    name: '502-html',
    answers: 'the work is done, then HTTP 502 with an HTML page',
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
    client: { mix: 'no work was done; retry', call: 'retry', download: 'retry' },
    effect: () => answers(() => fixtureAnswer('unavailable', 503), 1),
  },
  {
    name: '429-then-fine',
    answers: '`queue-full.json` under HTTP 429, once, with `Retry-After: 30` and `retry_after: 30`',
    client: {
      mix: 'no work was done; wait 30 s, then retry',
      call: 'wait 30 s, then retry',
      download: 'wait 30 s, then retry',
    },
    effect: () => answers(() => fixtureAnswer('queue-full', 429, { 'retry-after': '30' }), 1),
  },
  {
    name: 'truncated',
    answers: 'the work is done, then half the body arrives as if it were complete',
    client: unknownFate,
    effect: () => answers(afterWork(cut), always),
  },
  {
    name: 'wrong-types',
    answers: {
      upload: 'a link that is a number',
      mix: 'the work is done, then numbers, objects, and arrays arrive instead of text',
      poll: 'success with invalid links',
      download: 'an HTML page as `image/png`',
    },
    client: {
      upload: '`unexpected-response`',
      mix: "`unexpected-response`; don't retry",
      poll: '`result-unavailable`; keep the id',
      download: '`result-unavailable`; keep the id',
    },
    effect: (stage) => answers(afterWork(wrongTypes[stage]), always),
  },
  {
    name: 'huge',
    answers: 'the work is done, then a 100 MB body arrives',
    client: {
      upload: 'stop reading at a limit; `unexpected-response`',
      mix: "stop reading at a limit; `unexpected-response`; don't retry",
      poll: 'stop reading at a limit; keep the id',
      download: 'stop reading at a limit; `result-unavailable`',
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
    answers: 'HTTP 307 to the same path on another origin',
    client: {
      upload: "don't follow with the key; `unexpected-response`",
      mix: "don't follow with the key; `unexpected-response`; don't retry",
      poll: "don't follow with the key",
      download: 'follow it if the address rules allow; no key is sent',
    },
    effect: () =>
      answers(({ elsewhere }) => answer(307, 'text/html', Buffer.from(''), { location: elsewhere }), always),
  },
  {
    name: 'expired',
    answers: {
      upload: "the link just returned has expired, so the mix can't load its image",
      mix: 'all uploads so far have expired; new ones work',
      poll: '`not-found.json`: the id is unknown or expired',
      download: 'HTTP 404 forever',
    },
    client: {
      upload: "`invalid-request`, saying that the service couldn't load the image",
      mix: '`invalid-request`; forget the cached links so that the next attempt uploads again',
      poll: '`result-unavailable`',
      download: 'retry for a while, then `result-unavailable`',
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
