import { afterEach, beforeEach, expect, test } from 'vitest';
import { Messages } from '../../src/app/messages/messages.ts';
import type { HostedEngineOptions } from '../../src/engines/hosted/hostedEngine.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { createNetwork } from '../../src/network/connections.ts';
import { failureOf, HostedBench, passThroughCodec, png, RecordingContext, taskOf } from './support/hostedBench.ts';
import { json, raw, ScriptedService } from './support/scriptedService.ts';

let service: ScriptedService;
let bench: HostedBench;
const benches: HostedBench[] = [];
beforeEach(async () => {
  service = await ScriptedService.start();
  bench = await benchWith({});
});
afterEach(async () => {
  for (const each of benches.splice(0)) await each.close();
  await service.close();
});

async function benchWith(changes: Partial<HostedEngineOptions>, timeoutSeconds = 600): Promise<HostedBench> {
  const settings = () => ({ baseUrl: service.baseUrl, dialect: 'v5' as const, timeoutSeconds });
  const started = await HostedBench.start(service.baseUrl, { settings, ...changes });
  benches.push(started);
  return started;
}

const processing = (more: object = {}) => ({ status: 'processing', eta: 4, id: 12, output: [], ...more });
const success = () => ({ status: 'success', id: 349, output: [service.resultUrl('a')] });
const limited = (seconds: number, status = 429) =>
  json({ status: 'error', message: status === 429 ? 'Rate limit exceeded' : 'Temporarily unavailable' }, status, {
    'retry-after': String(seconds),
  });
const never = <T>() => new Promise<T>(() => {});

test('the time-out limits the wait for the response to a submission', async () => {
  const patient = { upload: 60_000, call: 60_000, body: 60_000 };
  const hasty = await benchWith({ timeouts: patient }, 0.2);
  const steps = [
    () => {}, // no response at all
    (response: { write(text: string): void }) => response.write('{"status":'), // never ends
  ];
  for (const [seed, step] of steps.entries()) {
    service.script('mix', step);
    const context = new RecordingContext();
    expect(await failureOf(hasty.engine.run(taskOf({ seed }), context))).toMatchObject({
      key: 'interrupted/no-answer',
    });
    expect(context.phases).toBe('posting');
  }
});

test('a response that comes in small pieces is limited as a whole', async () => {
  const timers: NodeJS.Timeout[] = [];
  const hasty = await benchWith({ timeouts: { upload: 60_000, call: 60_000, body: 60_000 } }, 0.3);
  service.script('mix', (response) => void timers.push(setInterval(() => response.write(' '), 20)));
  expect(await failureOf(hasty.engine.run(taskOf(), new RecordingContext()))).toMatchObject({
    key: 'interrupted/no-answer',
  });
  for (const timer of timers) clearInterval(timer);
});

test('the wait for the response to a submission counts toward the time-out', async () => {
  service.script('mix', (response) => {
    bench.clock.time += 400_000;
    json(processing())(response);
  });
  service.script('fetch', { status: 'processing' });
  const context = new RecordingContext();
  const failure = await failureOf(bench.engine.run(taskOf(), context));
  expect(failure).toMatchObject({ code: 'timeout', args: { seconds: 600 } });
  expect(bench.clock.sleeps.reduce((sum, ms) => sum + ms)).toBeCloseTo(200_000);
  expect(JSON.parse(context.states.at(-1) ?? '')).toMatchObject({ requests: [{ phase: 'accepted' }] });
});

test('no poll comes after the time-out, whatever the estimate is', async () => {
  const hasty = await benchWith({}, 10);
  service.script('mix', processing({ eta: 30 }));
  service.script('fetch', { status: 'processing' });
  expect((await failureOf(hasty.engine.run(taskOf(), new RecordingContext()))).code).toBe('timeout');
  expect(hasty.clock.sleeps).toEqual([10_000]);
});

test('a poll waits for a minute at most, whatever the service asks for', async () => {
  service.script('mix', processing());
  service.script('fetch', limited(7200), limited(7200, 503), success());
  service.script('result', raw(png()));
  const context = new RecordingContext();
  await bench.engine.run(taskOf(), context);
  expect(bench.clock.sleeps).toEqual([4_000, 60_000, 60_000]);
  expect(context.progresses).toContainEqual({ stage: 'queued', etaSeconds: 60 });
});

test.each([
  [429, 'rate-limited', "The service isn't accepting more requests right now (Rate limit exceeded). Wait 7200 s"],
  [
    503,
    'service-unavailable/retry-after',
    "isn't available right now (Temporarily unavailable). Wait 7200 s, then try",
  ],
])(
  'an upload that the service postpones for hours (HTTP %s) fails at once and says for how long',
  async (status, key, text) => {
    service.script('upload', limited(7200, status));
    const failure = await failureOf(bench.engine.run(taskOf({}, [await bench.file('a.png')]), new RecordingContext()));
    expect(failure).toMatchObject({ key, args: { seconds: 7200 }, retryable: true });
    expect(new Messages((sentence) => sentence).failure(failure)).toContain(text);
    expect(bench.clock.sleeps).toEqual([]);
  },
);

test('an upload is retried for three minutes at most', async () => {
  service.script('upload', limited(100));
  const failure = await failureOf(bench.engine.run(taskOf({}, [await bench.file('a.png')]), new RecordingContext()));
  expect(failure.key).toBe('rate-limited');
  expect(bench.clock.sleeps).toEqual([100_000]);
});

test('what the service says about duplicate uploads advises nothing that only helps a mix', async () => {
  const duplicate = { status: 'error', message: 'Rate limit exceeded', tip: 'same request multiple times' };
  service.script('upload', json({ ...duplicate, retry_after: 500 }, 200));
  const failure = await failureOf(bench.engine.run(taskOf({}, [await bench.file('a.png')]), new RecordingContext()));
  expect(failure).toMatchObject({ key: 'rate-limited', args: { seconds: 500 } });
});

test('waits for the service are shown with their duration, and what follows them too', async () => {
  service.script('upload', limited(20), { status: 'success', link: 'https://cdn.example/up.jpg' });
  service.script('mix', limited(40), success());
  service.script('result', raw('wait', 404), raw(png()));
  const context = new RecordingContext();
  await bench.engine.run(taskOf({}, [await bench.file('a.png')]), context);
  expect(context.progresses).toEqual([
    { stage: 'uploading', done: 0, total: 1 },
    { stage: 'queued', etaSeconds: 20 },
    { stage: 'uploading', done: 0, total: 1 },
    { stage: 'mixing' },
    { stage: 'queued', etaSeconds: 40 },
    { stage: 'mixing' },
    { stage: 'downloading' },
    { stage: 'queued', etaSeconds: 1 },
    { stage: 'downloading' },
  ]);
});

test('connecting is retried as often after a wait for an identical request', async () => {
  service.script('mix', success());
  service.script('result', raw(png()));
  await bench.engine.run(taskOf(), new RecordingContext());
  await service.pause();
  expect(await failureOf(bench.engine.run(taskOf(), new RecordingContext()))).toMatchObject({ key: 'network/refused' });
  expect(bench.clock.sleeps).toEqual([30_000, 1_000, 2_000, 4_000]);
  await service.resume();
});

test('connecting is retried as often whenever the service was reached before', async () => {
  await service.pause();
  service.script('mix', limited(40));
  bench.clock.onSlept = async () => {
    if (bench.clock.sleeps.length === 2) await service.resume();
    if (bench.clock.sleeps.length === 4) await service.pause();
  };
  expect(await failureOf(bench.engine.run(taskOf(), new RecordingContext()))).toMatchObject({ key: 'network/refused' });
  expect(bench.clock.sleeps).toEqual([1_000, 2_000, 40_000, 40_000, 1_000, 2_000, 4_000]);
  await service.resume();
});

test('connecting is retried once even if each attempt takes longer than retries may', async () => {
  const network = createNetwork();
  const slow = await benchWith({
    connect: (rules) => {
      slow.clock.time += 15_000;
      return network(rules);
    },
  });
  await service.pause();
  expect(await failureOf(slow.engine.run(taskOf(), new RecordingContext()))).toMatchObject({ key: 'network/refused' });
  expect(slow.clock.sleeps).toEqual([1_000]);
  await service.resume();
});

test('a busy service is asked for three minutes after a wait for an identical request too', async () => {
  service.script('mix', success(), limited(30));
  service.script('result', raw(png()));
  await bench.engine.run(taskOf(), new RecordingContext());
  expect(await failureOf(bench.engine.run(taskOf(), new RecordingContext()))).toMatchObject({ key: 'rate-limited' });
  expect(bench.clock.sleeps).toEqual(Array(7).fill(30_000));
});

test('a retry date counts from the date of the response, because the clock of this machine may be wrong', async () => {
  const date = new Date('2001-01-01T00:00:00Z');
  const headers = { date: date.toUTCString(), 'retry-after': new Date(date.getTime() + 50_000).toUTCString() };
  service.script('mix', json({ status: 'error', message: 'Rate limit exceeded' }, 429, headers), success());
  service.script('result', raw(png()));
  await bench.engine.run(taskOf(), new RecordingContext());
  expect(bench.clock.sleeps).toEqual([50_000]);
});

test("what keeps the key from being read is the job's failure, and the balance is unknown", async () => {
  const failure = new MixFailure('no-api-key/no-answer', { args: { origin: service.origin } });
  const locked = await benchWith({ apiKey: () => Promise.reject(failure) });
  expect(await failureOf(locked.engine.run(taskOf(), new RecordingContext()))).toBe(failure);
  expect(await locked.engine.balance()).toBeUndefined();
  expect(locked.clock.sleeps).toEqual([]);
  expect(service.requests).toEqual([]);
});

/** Everything outside the engine that may hang, each with the number of times it is asked for before it does. */
const hanging: Record<string, (bench: HostedBench, context: RecordingContext) => Partial<HostedEngineOptions>> = {
  'the secret storage': () => ({ apiKey: never }),
  'a source': () => ({ reader: { read: never, download: never } }),
  'the codec': () => ({ codec: { ...passThroughCodec, uploadCopy: never } }),
  'the check of a result': () => ({ codec: { ...passThroughCodec, isUniform: never } }),
  'reading a record': () => ({ store: { read: never, add: never, write: never, remove: never } }),
  'writing the record of an upload': () => ({
    store: { read: async () => undefined, add: async () => true, write: never, remove: async () => {} },
  }),
  'adding the record of a submission': () => ({
    store: { read: async () => undefined, add: never, write: async () => {}, remove: async () => {} },
  }),
  'saving before the submission': (_, context) => {
    context.save = never;
    return {};
  },
  'saving after the submission': (_, context) => {
    const { save } = context;
    context.save = async (state) => {
      await save(state);
      if (context.states.length > 1) await never();
    };
    return {};
  },
};

test.each(Object.entries(hanging))('a job can be canceled while this hangs: %s', async (_name, hang) => {
  service.script('upload', { status: 'success', link: 'https://cdn.example/up.jpg' });
  service.script('mix', success());
  service.script('result', raw(png()));
  const context = new RecordingContext();
  const stuck = await benchWith(hang(bench, context));
  stuck.clock.sleep = (_ms, signal) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
  const run = stuck.engine.run(taskOf({}, [await bench.file('a.png')]), context);
  const isOver = run.then(
    () => true,
    () => true,
  );
  await settled(() => service.requests.length + context.states.length);
  expect(await Promise.race([isOver, false])).toBe(false);
  context.controller.abort(new Error('canceled'));
  await expect(run).rejects.toThrow('canceled');
});

/** Resolves once a number hasn't changed for some turns of the event loop in which sockets are served too. */
async function settled(value: () => number): Promise<void> {
  for (let last = -1; last !== value(); ) {
    last = value();
    for (let turn = 0; turn < 40; turn++) await fetch(service.resultUrl('turn')).then((response) => response.text());
    service.requests.splice(
      0,
      service.requests.length,
      ...service.requests.filter(({ path }) => !path.endsWith('turn')),
    );
  }
}
