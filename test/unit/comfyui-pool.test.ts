import { expect, test } from 'vitest';
import type { ServerReport } from '../../src/engines/comfyui/comfyuiEngine.ts';
import type { ModelPlan } from '../../src/engines/comfyui/graph.ts';
import { planModel, preferredPlans } from '../../src/engines/comfyui/modelPlan.ts';
import { type ComfyUIOptions, type ComfyUIServer, defaultModels, startComfyUI } from '../comfyui/server.ts';
import { ManualClock } from './support/clocks.ts';
import { closing, poolOf, startAnswering } from './support/comfyuiBench.ts';

const noRedux = { ...defaultModels, style_models: [] };
const { signal } = new AbortController();
const plan = (report: ServerReport) =>
  planModel(report, { model: null, checkpoint: '', preset: 'PLUS (high strength)' });

async function start(options: ComfyUIOptions = {}): Promise<ComfyUIServer> {
  const server = await startComfyUI(options);
  return closing(server, () => server.close());
}

/** Keeps a server busy with so many strangers' prompts. */
async function occupy(server: ComfyUIServer, count: number) {
  const hold = server.hold({ at: 'step', step: 1 });
  for (let i = 0; i < count; i++) server.queueStranger({ clientId: 'other' });
  await hold.reached;
  return hold;
}

test('a job goes to the shortest queue of the servers that have what it needs', async () => {
  const [busy, idle, poor] = [
    await start(),
    await start(),
    await start({ missingClasses: ['IPAdapter'], models: noRedux }),
  ];
  const { pool } = poolOf(() => [poor.url, busy.url, idle.url]);
  const hold = await occupy(busy, 2);
  const first = await pool.choose(plan, signal);
  expect(first.server.address.url).toBe(idle.url);
  expect(first.plan).toMatchObject({ kind: 'adapter' });
  expect(first.report.version).toBe('0.3.64');
  const onlyPoor = poolOf(() => [poor.url]);
  await expect(onlyPoor.pool.choose(plan, signal)).rejects.toMatchObject({ key: 'missing-model/pack' });
  const anyServer = await onlyPoor.pool.choose(() => 'a workflow', signal);
  expect(anyServer.plan).toBe('a workflow');
  hold.release();
});

test('which model is used does not depend on which server is free', async () => {
  const checkpoints = (...names: string[]) => ({ models: { ...defaultModels, checkpoints: names } });
  const busy = await start(checkpoints('sd_xl_base_1.0.safetensors', 'xl/dream.safetensors'));
  const idle = await start(checkpoints('v1-5-pruned.safetensors', 'dream.safetensors'));
  const { pool } = poolOf(() => [busy.url, idle.url]);
  const hold = await occupy(busy, 2);
  const urlFor = async (model: string) => {
    const choice = { model: null, checkpoint: model, preset: 'PLUS (high strength)' };
    const prefer = (plans: readonly ModelPlan[]) => preferredPlans(model, plans);
    const { server, release } = await pool.choose((report) => planModel(report, choice), signal, prefer);
    release();
    return server.address.url;
  };
  expect(await urlFor('')).toBe(busy.url); // its first that fits counts for both
  expect(await urlFor('xl/dream.safetensors')).toBe(busy.url);
  expect(await urlFor('xl\\Dream.safetensors')).toBe(busy.url);
  expect(await urlFor('dream.safetensors')).toBe(idle.url);
  expect(await urlFor('other/dream.safetensors')).toBe(idle.url); // neither has it under this name
  await busy.stop();
  expect(await urlFor('')).toBe(idle.url);
  hold.release();
});

test('jobs spread over the servers; on each, one has its turn and the rest wait in order', async () => {
  const [left, right] = [await start(), await start()];
  const { pool } = poolOf(() => [left.url, `${left.url}/`, right.url]);
  const [first, second] = await Promise.all([pool.choose(plan, signal), pool.choose(plan, signal)]);
  expect([first, second].map(({ server }) => server.address.base).sort()).toEqual([left.url, right.url].sort());
  const order: string[] = [];
  const wait = (name: string, signal: AbortSignal) =>
    pool.acquire(left.url, signal).then((lease) => {
      order.push(name);
      return lease;
    });
  const leaving = new AbortController();
  const [third, fourth, fifth] = [wait('third', signal), wait('fourth', leaving.signal), wait('fifth', signal)];
  leaving.abort(new Error('canceled'));
  await expect(fourth).rejects.toThrow('canceled');
  expect(order).toEqual([]);
  const onLeft = [first, second].find(({ server }) => server.address.base === left.url);
  onLeft?.release();
  onLeft?.release(); // doesn't give the turn away twice
  const lease = await third;
  expect(order).toEqual(['third']);
  lease.release();
  (await fifth).release();
  expect(lease.server.jobs).toBe(0);
});

test('a server that is down is left out, and looked at again later', async () => {
  const [up, down] = [await start(), await start()];
  const clock = new ManualClock();
  const { pool, logged } = poolOf(() => [down.url, up.url], { clock });
  await down.stop();
  const choose = async () => {
    const { server, release } = await pool.choose(plan, signal);
    release();
    return server.address.url;
  };
  expect(await choose()).toBe(up.url);
  expect(logged).toMatchObject([{ event: 'server-left-out', args: { seconds: 5 } }]);
  await down.start();
  expect(await choose()).toBe(up.url);
  expect(down.requests).toEqual([]);
  clock.advance(5_000);
  expect(await choose()).toBe(down.url);
  await Promise.all([down.stop(), up.stop()]);
  await expect(choose()).rejects.toMatchObject({ key: 'network/comfyui-refused' });
  await up.start(); // all are left out now, so all are asked
  expect(await choose()).toBe(up.url);
});

test('a server that never answers does not hold a job up for long', async () => {
  const silent = await startAnswering(() => {});
  const up = await start();
  const { pool } = poolOf(() => [silent.url, up.url]);
  const chosen = await pool.choose(plan, signal);
  expect(chosen.server.address.url).toBe(up.url);
});

test('files that were added since the last report are found', async () => {
  const server = await start({ models: { ...noRedux, ipadapter: [] } });
  const { pool } = poolOf(() => [server.url]);
  await expect(pool.choose(plan, signal)).rejects.toMatchObject({ key: 'missing-model/file' });
  server.configure({ models: defaultModels });
  expect((await pool.choose(plan, signal)).plan).toMatchObject({ preset: 'PLUS (high strength)' });
});

test('no server, or none with a valid address, says so', async () => {
  await expect(poolOf(() => []).pool.choose(plan, signal)).rejects.toMatchObject({
    key: 'service-unavailable/comfyui-none',
    retryable: false,
  });
  const bad = poolOf(() => ['http://8.8.8.8:8188']);
  await expect(bad.pool.choose(plan, signal)).rejects.toMatchObject({ key: 'network/comfyui-insecure-url' });
});

test('the states are in the order of the settings, kept until they are refreshed, and never reject', async () => {
  const [one, two] = [await start(), await start({ door: { kind: 'login-page' } })];
  let urls = ['http://8.8.8.8:8188', two.url, one.url];
  const { pool } = poolOf(() => urls);
  const states = await pool.states();
  expect(states).toMatchObject([
    { url: urls[0], failure: { key: 'network/comfyui-insecure-url' } },
    { url: two.url, failure: { key: 'unexpected-response/sign-in' } },
    { url: one.url, version: '0.3.64' },
  ]);
  const asked = two.requests.length;
  expect(await pool.states()).toEqual(states);
  expect(two.requests).toHaveLength(asked);
  two.configure({ door: { kind: 'open' } });
  expect((await pool.states({ refresh: true }))[1]).toMatchObject({ version: '0.3.64' });
  one.configure({ version: '0.4.0' });
  pool.reconnect();
  expect((await pool.states())[2]).toMatchObject({ version: '0.4.0' });
  const aborted = await pool.states({ refresh: true, signal: AbortSignal.abort() });
  expect(aborted).toHaveLength(3);
  urls = [];
  expect(await pool.states()).toEqual([]);
});

test('a job keeps its server after it was taken out of the settings', async () => {
  const server = await start();
  let urls = [server.url];
  const { pool } = poolOf(() => urls);
  const lease = await pool.choose(plan, signal);
  urls = [];
  pool.reconnect();
  expect(await lease.server.client.queueLength(signal)).toBe(0);
  lease.release();
  expect((await pool.acquire(server.url, signal)).server.address.url).toBe(server.url);
});
