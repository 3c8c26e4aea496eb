import { expect, test } from 'vitest';
import { type ComfyUIOptions, type ComfyUIServer, startComfyUI } from '../comfyui/server.ts';
import { ManualClock } from './support/clocks.ts';
import { closing, poolOf } from './support/comfyuiBench.ts';
import { comfyuiTask, JobContext, startEngine } from './support/comfyuiJobs.ts';

const { signal } = new AbortController();
const plan = () => 'any';

async function start(options: ComfyUIOptions = {}): Promise<ComfyUIServer> {
  const server = await startComfyUI(options);
  return closing(server, () => server.close());
}

test('a server that answers again is left out as shortly the next time, and jobs at the same time count once', async () => {
  const [up, flaky] = [await start(), await start()];
  const clock = new ManualClock();
  const { pool, logged } = poolOf(() => [flaky.url, up.url], { clock });
  const choose = async () => {
    const { server, release } = await pool.choose(plan, signal);
    release();
    return server.address.url;
  };
  expect(await choose()).toBe(flaky.url);
  for (let outage = 0; outage < 3; outage++) {
    await flaky.stop();
    expect(await Promise.all([choose(), choose(), choose()])).toEqual([up.url, up.url, up.url]);
    await flaky.start();
    clock.advance(5_000);
    expect(await choose()).toBe(flaky.url);
  }
  expect(logged.filter(({ event }) => event === 'server-left-out').map(({ args }) => args.seconds)).toEqual([5, 5, 5]);
});

test('the addresses of one server on this machine are one server', async () => {
  const { url } = await start();
  const { port } = new URL(url);
  const urls = ['127.0.0.1', 'localhost', '0.0.0.0', '[::1]', '[::]'].map((host) => `http://${host}:${port}`);
  const { pool } = poolOf(() => [...urls, `https://localhost:${port}`, `http://localhost:${port}/other`]);
  expect(pool.size).toBe(3);
  expect((await pool.choose(plan, signal)).server.address.url).toBe(urls[0]);
});

test('a job’s own prompts count once', async () => {
  const { engine, servers } = await startEngine([{}, {}]);
  const [own, others] = servers;
  if (!own || !others) throw new Error('Two servers');
  const holds = servers.map((server) => server.hold({ at: 'step', step: 1 }));
  const contexts = [1, 2].map(() => new JobContext());
  const first = engine.run(comfyuiTask({ samples: 4 }), contexts[0] ?? new JobContext());
  await own.waitFor('POST', '/prompt', 4);
  await own.waitFor('GET', '/queue');
  for (let i = 0; i < 2; i++) others.queueStranger({ clientId: 'other' });
  await holds[1]?.reached;
  const second = engine.run(comfyuiTask({ seed: 100 }), contexts[1] ?? new JobContext());
  await others.waitFor('GET', '/prompt', 2); // with the report, and for the choice
  for (const hold of holds) hold.release();
  await Promise.all([first, second]);
  expect(own.requests.filter(({ method, path }) => method === 'POST' && path === '/api/prompt')).toHaveLength(5);
});

test('a cancellation that breaks down gives the server free', async () => {
  let isBroken = false;
  const { server, again } = await startEngine();
  const engine = again({
    authorization: async () => {
      if (isBroken) throw new TypeError('a bug');
      return undefined;
    },
  });
  const hold = server.hold({ at: 'step', step: 1 });
  const context = new JobContext();
  const run = engine.run(comfyuiTask(), context);
  await hold.reached;
  isBroken = true;
  context.controller.abort(new Error('canceled'));
  await expect(run).rejects.toThrow('a bug');
  isBroken = false;
  hold.release();
  const next = new JobContext();
  await engine.run(comfyuiTask({ seed: 8 }), next);
  expect(next.results).toHaveLength(1);
});
