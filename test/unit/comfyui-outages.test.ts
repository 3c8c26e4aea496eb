import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { patiently } from '../../src/engines/comfyui/patience.ts';
import { JobSuspended } from '../../src/engines/engine.ts';
import { type ComfyUIServer, defaultModels } from '../comfyui/server.ts';
import { AutoAdvanceClock, FastClock } from './support/clocks.ts';
import { clientOf, startAnswering } from './support/comfyuiBench.ts';
import { comfyuiTask, drawnBy, JobContext, startEngine } from './support/comfyuiJobs.ts';
import { failureOf } from './support/hostedBench.ts';

const sentTo = ({ requests }: ComfyUIServer, method: string, path: string) =>
  requests.filter((request) => request.method === method && request.path === `/api/${path}`).length;
const two = (servers: readonly ComfyUIServer[]): [ComfyUIServer, ComfyUIServer] => {
  const [first, second] = servers;
  if (!first || !second) throw new Error('Two servers');
  return [first, second];
};

describe('a server that goes away', () => {
  test('before anything was sent: another one has the job', async () => {
    const { engine, servers, log } = await startEngine([{}, {}]);
    const [first, second] = two(servers);
    let stopped: Promise<void> | undefined;
    const context = new JobContext();
    context.onProgress = () => {
      if (context.progresses.at(-1)?.stage === 'uploading') stopped ??= first.stop();
    };
    await engine.run(comfyuiTask(), context);
    await stopped;
    expect(context.results).toHaveLength(1);
    expect(second.runs.filter(drawnBy)).toHaveLength(1);
    expect(log.filter(({ event }) => event === 'waiting')).toEqual([]);
  });

  test('while others wait for their turn: they go to another one', async () => {
    const { engine, servers } = await startEngine([{}, {}]);
    const [first, second] = two(servers);
    const [firstHold, secondHold] = [first, second].map((server) => server.hold({ at: 'step', step: 1 }));
    const contexts = [1, 2, 3].map(() => new JobContext());
    const runs = contexts.map((context, seed) => engine.run(comfyuiTask({ seed }), context));
    await firstHold?.reached;
    await secondHold?.reached; // the third waits for the first server
    secondHold?.release();
    await first.stop();
    await Promise.all(runs.slice(1));
    expect(contexts.map(({ results }) => results.length)).toEqual([0, 1, 1]);
    firstHold?.release();
    await first.start();
    await runs[0];
    expect(contexts[0]?.results).toHaveLength(1);
  });

  test('and is resumed when it had sent nothing: another one has the job', async () => {
    const { engine, servers, again } = await startEngine([{}, {}]);
    const [first] = two(servers);
    const context = new JobContext();
    context.onSave = () => context.controller.abort(new JobSuspended());
    await expect(engine.run(comfyuiTask(), context)).rejects.toThrow();
    const state = JSON.parse(context.lastState ?? '');
    for (const sample of state.samples) sample.phase = 'new';
    await first.stop();
    const resumed = new JobContext(JSON.stringify(state));
    await again().run(comfyuiTask(), resumed);
    expect(resumed.results).toHaveLength(1);
  });

  test.each([
    ['alone', [{}]],
    [
      'while the other one lacks what the job needs',
      [{}, { missingClasses: ['IPAdapter'], models: { ...defaultModels, style_models: [] } }],
    ],
  ])('%s, before anything was sent: it’s waited for', async (_, options) => {
    const { engine, server, logged } = await startEngine(options, { clock: new FastClock(50) });
    let stopped: Promise<void> | undefined;
    const context = new JobContext();
    context.onProgress = () => {
      if (context.progresses.at(-1)?.stage === 'uploading') stopped ??= server.stop();
    };
    const run = engine.run(comfyuiTask(), context);
    await logged('waiting');
    await stopped;
    await server.start();
    await run;
    expect(context.results).toHaveLength(1);
  });
});

test('a server that refuses requests with 403 says so, whether there is an authorization or not', async () => {
  const { url } = await startAnswering((response) => response.writeHead(403).end());
  for (const authorization of [undefined, 'Bearer secret']) {
    const { client } = clientOf(url, { authorization: async () => authorization });
    await expect(client.queueLength(new AbortController().signal)).rejects.toMatchObject({
      key: 'unexpected-response/comfyui-forbidden',
      args: { status: 403 },
    });
  }
});

describe('a server that changes', () => {
  test('a model that was removed isn’t chosen twice', async () => {
    const { engine, server } = await startEngine();
    await engine.run(comfyuiTask(), new JobContext());
    const [first, ...others] = defaultModels.checkpoints ?? [];
    expect(others).not.toEqual([]);
    server.configure({ models: { ...defaultModels, checkpoints: others } });
    const failed = await failureOf(engine.run(comfyuiTask({ seed: 8 }), new JobContext()));
    expect(failed).toMatchObject({ key: 'missing-model/value', args: { value: first } });
    const context = new JobContext();
    await engine.run(comfyuiTask({ seed: 8 }), context);
    expect(others).toContain(context.results[0]?.model);
  });

  test('after an update, results have the new version', async () => {
    const { engine, server } = await startEngine();
    await engine.run(comfyuiTask(), new JobContext());
    server.configure({ version: '0.4.0' });
    const context = new JobContext();
    await engine.run(comfyuiTask({ seed: 8 }), context);
    expect(context.results[0]?.engineVersion).toBe('0.4.0');
  });

  test('when it’s too old now, nothing is sent, and the message has its version', async () => {
    const { engine, server } = await startEngine();
    await engine.run(comfyuiTask(), new JobContext());
    server.configure({ version: '0.3.50' });
    const failure = await failureOf(engine.run(comfyuiTask({ seed: 8 }), new JobContext()));
    expect(failure).toMatchObject({ key: 'unexpected-response/comfyui-old', args: { version: '0.3.50' } });
    expect(sentTo(server, 'POST', 'prompt')).toBe(1);
  });

  test('when it’s too old while a prompt is sent, the message has its version', async () => {
    const { engine, server } = await startEngine();
    const context = new JobContext();
    context.onSave = () => server.configure({ version: '0.3.44' });
    const failure = await failureOf(engine.run(comfyuiTask(), context));
    expect(failure).toMatchObject({ key: 'unexpected-response/comfyui-old', args: { version: '0.3.44' } });
  });

  test('after its sockets were lost, it’s asked anew', async () => {
    const { engine, server } = await startEngine({ scenarios: ['sockets-dropped'] });
    await engine.run(comfyuiTask(), new JobContext());
    const asked = sentTo(server, 'GET', 'object_info/CheckpointLoaderSimple');
    expect(asked).toBe(1);
    await engine.run(comfyuiTask({ seed: 8 }), new JobContext());
    await engine.run(comfyuiTask({ seed: 9 }), new JobContext());
    expect(sentTo(server, 'GET', 'object_info/CheckpointLoaderSimple')).toBe(2);
  });
});

describe.each(['0.3.64', '0.38.1'])('the queue of %s', (version) => {
  test('with huge graphs of others: the mix comes, and the queue isn’t read again and again', async () => {
    const scenario = { version, scenarios: ['huge-queue', 'no-websocket'], strangersAhead: [{ clientId: 'other' }] };
    const { engine, server } = await startEngine(scenario);
    const context = new JobContext();
    const hold = server.hold({ at: 'step', step: 1 });
    const run = engine.run(comfyuiTask({ samples: 2 }), context);
    await hold.reached;
    await server.waitFor('GET', '/history', 12);
    hold.release();
    await run;
    expect(context.results).toHaveLength(2);
    expect(sentTo(server, 'GET', 'queue')).toBeLessThanOrEqual(2);
  });

  test('with huge graphs of others: a running prompt is canceled', async () => {
    const { engine, server } = await startEngine({ version, scenarios: ['huge-queue'] });
    const context = new JobContext();
    const hold = server.hold({ at: 'step', step: 1 });
    const run = engine.run(comfyuiTask(), context);
    await hold.reached;
    context.controller.abort(new Error('canceled'));
    await expect(run).rejects.toThrow('canceled');
    expect(context.notices).toEqual([]);
    hold.release();
    await server.idle();
    expect(server.runs.filter(({ classType }) => classType === 'PreviewImage')).toEqual([]);
  });

  test('is asked for once for all samples', async () => {
    const { engine, server } = await startEngine({ version, scenarios: ['no-websocket'] });
    const hold = server.hold({ at: 'step', step: 1 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask({ samples: 4 }), context);
    await hold.reached;
    await server.waitFor('POST', '/prompt', 4);
    await server.waitFor('GET', '/queue', 8); // often at first
    const before = sentTo(server, 'GET', 'queue');
    const since = performance.now();
    await server.waitFor('GET', '/queue', before + 5);
    const spent = performance.now() - since;
    expect(spent * 20).toBeGreaterThan(5 * 2_000); // of a clock that is 20 times as fast
    hold.release();
    await run;
    expect(context.results).toHaveLength(4);
  });
});

describe('without a socket', () => {
  test('a hanging upgrade is waited for once, and a small mix ends soon', async () => {
    const { engine, server } = await startEngine({ scenarios: ['hanging-websocket'] }, { clock: new FastClock(1) });
    await engine.run(comfyuiTask(), new JobContext());
    const hold = server.hold({ at: 'step', step: 1 });
    const looks = sentTo(server, 'GET', 'queue');
    const start = performance.now();
    const second = engine.run(comfyuiTask({ seed: 8 }), new JobContext());
    await hold.reached;
    expect(performance.now() - start).toBeLessThan(2_500);
    await server.waitFor('GET', '/queue', looks + 1);
    hold.release();
    const release = performance.now();
    await second;
    expect(performance.now() - release).toBeLessThan(2_500);
    expect(server.requests.filter(({ upgrade }) => upgrade)).toHaveLength(1);
  });

  test('a time-out says that progress can’t be seen', async () => {
    const { engine, server } = await startEngine(
      { scenarios: ['no-websocket'] },
      { timeoutSeconds: 20, clock: new FastClock(50) },
    );
    const hold = server.hold({ at: 'step', step: 2 });
    const failure = await failureOf(engine.run(comfyuiTask(), new JobContext()));
    expect(failure).toMatchObject({ key: 'timeout/comfyui-unseen', args: { seconds: 20 } });
    hold.release();
  });
});

test('a mix that is resumed in another window has progress and previews', async () => {
  const { engine, server, again } = await startEngine({ previews: true });
  const hold = server.hold({ at: 'step', step: 2 });
  const context = new JobContext();
  const run = engine.run(comfyuiTask(), context);
  await hold.reached;
  context.controller.abort(new JobSuspended());
  await expect(run).rejects.toThrow();
  await engine.dispose();
  await server.waitForSockets(0);
  const resumed = new JobContext(context.lastState);
  const rest = again().run(comfyuiTask(), resumed);
  await server.waitForSockets(1);
  hold.release();
  await rest;
  expect(resumed.results).toHaveLength(1);
  expect(resumed.previews.length).toBeGreaterThan(0);
  expect(resumed.progresses.flatMap(({ fraction }) => fraction ?? [])).toContain(1);
  expect(server.runs.filter(drawnBy)).toHaveLength(1);
});

describe('while a prompt is on the server', () => {
  test('a file that is too large isn’t fetched again and again', async () => {
    const { url } = await startAnswering((response) => response.end(Buffer.alloc(9_000_000)));
    const { client } = clientOf(url);
    const clock = new AutoAdvanceClock();
    const { signal } = new AbortController();
    let times = 0;
    const tooLarge = () => {
      times++;
      return client.queueLength(signal); // at most a megabyte
    };
    const request = patiently(tooLarge, { clock, signal, onWait: () => {}, hasPrompt: true });
    await expect(request).rejects.toMatchObject({ key: 'unexpected-response/comfyui' });
    expect(times).toBe(3);
  });

  test.each(['login-page', 'login-redirect', 'other-server'])('%s: it’s waited for', async (scenario) => {
    const { engine, server, log } = await startEngine({}, { clock: new FastClock(100) });
    const hold = server.hold({ at: 'step', step: 2 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await hold.reached;
    server.scenario(scenario);
    server.dropSockets();
    while (log.filter(({ event }) => event === 'waiting').length < 6) await delay(5);
    server.configure({ door: { kind: 'open' } });
    hold.release();
    await run;
    expect(context.results).toHaveLength(1);
  });
});
