import { describe, expect, test } from 'vitest';
import { buildAdapterGraph } from '../../src/engines/comfyui/adapterGraph.ts';
import type { Graph } from '../../src/engines/comfyui/graph.ts';
import { parseWorkflow } from '../../src/engines/comfyui/workflow.ts';
import { JobSuspended } from '../../src/engines/engine.ts';
import type { ComfyUIServer } from '../comfyui/server.ts';
import { FastClock } from './support/clocks.ts';
import { adapterPlan } from './support/comfyuiGraphs.ts';
import { comfyuiSettings, comfyuiTask, JobContext, startEngine } from './support/comfyuiJobs.ts';
import { failureOf } from './support/hostedBench.ts';

const stop = new Error('canceled');
const notNeeded = () => {};
const sentTo = ({ requests }: ComfyUIServer, path: string) =>
  requests.filter((request) => request.method === 'POST' && request.path === `/api/${path}`).length;

describe('a prompt that waits behind a stranger’s', () => {
  /** A job whose prompt waits while a stranger's runs. */
  async function waiting() {
    const bench = await startEngine();
    const hold = bench.server.hold({ at: 'step', step: 1 });
    const stranger = bench.server.queueStranger({ clientId: 'other' });
    await hold.reached;
    const context = new JobContext();
    const run = bench.engine.run(comfyuiTask(), context);
    await bench.server.waitFor('POST', '/prompt');
    return { ...bench, hold, stranger, context, run };
  }

  test('is canceled on a server that was replaced by an older one, and the stranger’s runs on', async () => {
    const { server, hold, stranger, context, run } = await waiting();
    server.configure({ version: '0.3.50' });
    context.controller.abort(stop);
    await expect(run).rejects.toBe(stop);
    expect(server.queue).toEqual([stranger]);
    expect(sentTo(server, 'interrupt')).toBe(0);
    hold.release();
    await server.idle();
    expect(server.runs.at(-1)).toMatchObject({ promptId: stranger, classType: 'PreviewImage' });
  });

  test('is discarded there by another window, too', async () => {
    const { server, hold, stranger, context, run, again } = await waiting();
    context.controller.abort(new JobSuspended());
    await expect(run).rejects.toThrow();
    server.configure({ version: '0.3.50' });
    await again().discard?.(JSON.parse(context.lastState ?? ''), notNeeded);
    expect(server.queue).toEqual([stranger]);
    expect(sentTo(server, 'interrupt')).toBe(0);
    hold.release();
  });
});

test('a prompt that runs on a server which can’t interrupt it alone runs on, and the user is told', async () => {
  const { engine, server, again } = await startEngine();
  const hold = server.hold({ at: 'step', step: 1 });
  const context = new JobContext();
  const run = engine.run(comfyuiTask(), context);
  await hold.reached;
  server.configure({ version: '0.3.50' });
  context.controller.abort(stop);
  await expect(run).rejects.toBe(stop);
  expect(sentTo(server, 'interrupt')).toBe(0);
  const discarding = new JobContext();
  await again().discard?.(JSON.parse(context.lastState ?? ''), discarding.notice);
  expect(discarding.notices).toEqual(context.notices);
  expect(context.notices).toEqual([{ code: 'not-canceled', args: { server: new URL(server.url).host } }]);
  hold.release();
});

describe.each(['0.3.64', '0.38.1'])('on %s', (version) => {
  test('a cancellation whose connection is lost is repeated', async () => {
    const { engine, server } = await startEngine({ version });
    const hold = server.hold({ at: 'step', step: 1 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await hold.reached;
    server.configure({ fault: { kind: 'cut-cancel', times: 2 } });
    context.controller.abort(stop);
    await expect(run).rejects.toBe(stop);
    expect(context.notices).toEqual([]);
    hold.release();
    await server.idle();
    expect(server.runs.filter(({ classType }) => classType === 'PreviewImage')).toEqual([]);
  });

  test('a prompt that arrives late, after its job was canceled, is taken back', async () => {
    const { engine, server } = await startEngine({ version }, { clock: new FastClock(1) });
    const arrival = server.hold({ at: 'arrival' });
    const step = server.hold({ at: 'step', step: 1 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await arrival.reached;
    context.controller.abort(stop);
    const ended = expect(run).rejects.toBe(stop);
    await server.waitFor('POST', version === '0.3.64' ? '/queue' : '/jobs', 3);
    arrival.release();
    await ended;
    step.release();
    await server.idle();
    expect(server.runs.filter(({ classType }) => classType === 'PreviewImage')).toEqual([]);
    expect(server.runs).not.toEqual([]);
  });

  test('a prompt of which the server runs only another output is stopped', async () => {
    const { engine, server } = await startEngine({ version });
    const { graph } = buildAdapterGraph(adapterPlan, {
      images: [{ file: 'example.png', strength: 0.4 }],
      prompt: '',
      negativePrompt: '',
      width: 64,
      height: 64,
      steps: 4,
      guidanceScale: 7,
      seed: 0,
    });
    const { sampler, decoded, result, ...others } = graph;
    if (!sampler || !decoded || !result) throw new Error('The graph has other nodes');
    const own: Graph = {
      ...others,
      sampler: { ...sampler, inputs: { ...sampler.inputs, sampler_name: 'nobody' } },
      decoded,
      result: { ...result, _meta: { title: 'mix:output' } },
      otherSampler: sampler,
      otherDecoded: { ...decoded, inputs: { ...decoded.inputs, samples: ['otherSampler', 0] } },
      otherResult: { ...result, _meta: { title: 'Other' }, inputs: { ...result.inputs, images: ['otherDecoded', 0] } },
    };
    const hold = server.hold({ at: 'step', step: 1 });
    const workflow = parseWorkflow(JSON.stringify(own), 'own.json');
    const arrival = server.hold({ at: 'arrival' });
    const running = failureOf(
      engine.run(comfyuiTask({}, { weights: { red: 1 }, comfyui: comfyuiSettings({ workflow }) }), new JobContext()),
    );
    await arrival.reached;
    server.configure({ fault: { kind: 'cut-cancel' } });
    arrival.release();
    expect(await running).toMatchObject({ key: 'missing-model/value', args: { value: 'nobody' } });
    hold.release();
    await server.idle();
    expect(server.runs.filter(({ classType }) => classType === 'PreviewImage')).toEqual([]);
  });
});
