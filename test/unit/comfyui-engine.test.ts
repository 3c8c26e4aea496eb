import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { Messages } from '../../src/app/messages/messages.ts';
import { buildAdapterGraph } from '../../src/engines/comfyui/adapterGraph.ts';
import type { Graph } from '../../src/engines/comfyui/graph.ts';
import { parseWorkflow } from '../../src/engines/comfyui/workflow.ts';
import { JobSuspended, type MixTask } from '../../src/engines/engine.ts';
import { type ComfyUIServer, defaultModels } from '../comfyui/server.ts';
import { FastClock } from './support/clocks.ts';
import { adapterPlan } from './support/comfyuiGraphs.ts';
import {
  comfyuiSettings,
  comfyuiTask,
  drawnBy,
  expectedPixels,
  JobContext,
  pixelsOf,
  startEngine,
} from './support/comfyuiJobs.ts';
import { failureOf } from './support/hostedBench.ts';

const uploadsTo = ({ requests }: ComfyUIServer) => requests.filter(({ path }) => path === '/api/upload/image').length;
const strengthsOn = ({ runs }: ComfyUIServer) =>
  runs.flatMap(({ classType, inputs }) => (classType === 'IPAdapterRegionalConditioning' ? [inputs.image_weight] : []));
const promptsTo = ({ requests }: ComfyUIServer) =>
  requests.filter(({ method, path }) => method === 'POST' && path === '/api/prompt').length;

describe('results', () => {
  test('two images of .3 and .7 become the result that the server made, without the graph in it', async () => {
    const { engine, server } = await startEngine({ previews: true });
    const context = new JobContext();
    await engine.run(comfyuiTask(), context);

    const [result, ...others] = context.results;
    expect(others).toEqual([]);
    expect(result).toMatchObject({
      index: 0,
      seed: 7,
      format: 'png',
      engineVersion: '0.3.64',
      model: expect.any(String),
      comfyui: { preset: 'PLUS (high strength)', imageStrength: 0.8 },
    });
    const [made] = server.files.filter(({ type }) => type === 'temp');
    if (!made || !result) throw new Error('No result');
    expect(await pixelsOf(result.bytes)).toEqual(expectedPixels({ red: 0.3, blue: 0.7 }));
    expect(expectedPixels({ red: 0.7, blue: 0.3 })).not.toEqual(expectedPixels({ red: 0.3, blue: 0.7 }));
    expect(Buffer.from(made.bytes).includes('KSampler')).toBe(true);
    expect(Buffer.from(result.bytes).includes('KSampler')).toBe(false);
    expect(strengthsOn(server)).toEqual([expect.closeTo(0.24), expect.closeTo(0.56)]);
    expect(context.previews.length).toBeGreaterThan(0);
    expect(context.notices).toEqual([]);
    const mixing = context.progresses.filter(({ stage }) => stage === 'mixing');
    const fractions = mixing.flatMap(({ fraction }) => fraction ?? []);
    expect(fractions).toEqual(expect.arrayContaining([0.25, 0.5, 0.75, 1]));
    expect(fractions).toEqual(fractions.toSorted((left, right) => left - right));
    expect(mixing.at(-2)?.etaSeconds).toBeGreaterThan(0);
  });

  test('weights are shares of the image strength, whatever their sum', async () => {
    const { engine, server } = await startEngine();
    const context = new JobContext();
    const weights = { blue: 0.2, red: 0.4 };
    await engine.run(comfyuiTask({}, { weights }), context);
    expect(strengthsOn(server)).toEqual([expect.closeTo(0.8 / 3), expect.closeTo(1.6 / 3)]);
    expect(await pixelsOf(context.results[0]?.bytes ?? new Uint8Array())).toEqual(expectedPixels(weights));
  });

  test('each sample is a prompt with its own seed, images are sent once, and those without weight not at all', async () => {
    const { engine, server } = await startEngine();
    const context = new JobContext();
    const weights = { red: 0.5, green: 0, blue: 0.5 };
    await engine.run(comfyuiTask({ samples: 3 }, { weights }), context);
    expect(context.results.map(({ index, seed }) => [index, seed]).sort()).toEqual([
      [0, 7],
      [1, 8],
      [2, 9],
    ]);
    expect(server.runs.filter(drawnBy).map(({ inputs }) => inputs.seed)).toEqual([7, 8, 9]);
    expect(uploadsTo(server)).toBe(2);
    const uploads = server.files.filter(({ type }) => type === 'input');
    expect(uploads.map(({ subfolder, name }) => `${subfolder}/${name}`)).toEqual([
      expect.stringMatching(/^image-mixer\/[0-9a-f]{64}\.png$/),
      expect.stringMatching(/^image-mixer\/[0-9a-f]{64}\.png$/),
    ]);
    const mixing = context.progresses.filter(({ stage }) => stage === 'mixing');
    expect(mixing).toContainEqual(expect.objectContaining({ done: 0, total: 3 }));
    const fractions = mixing.flatMap(({ fraction }) => fraction ?? []);
    expect(fractions).toEqual(fractions.toSorted((left, right) => left - right));

    await engine.run(comfyuiTask({ prompt: 'again' }), new JobContext());
    expect(uploadsTo(server)).toBe(2);
    server.removeFiles('input');
    const third = new JobContext();
    await engine.run(comfyuiTask({ samples: 2 }), third);
    expect(third.results).toHaveLength(2);
    expect(uploadsTo(server)).toBe(4);
  });

  test('a model under another name is used with a notice, and one of another kind is not', async () => {
    const { engine } = await startEngine({ models: { ...defaultModels, checkpoints: ['SDXL\\dream.safetensors'] } });
    const context = new JobContext();
    await engine.run(comfyuiTask({ model: 'xl/dream.ckpt', samples: 2 }), context);
    const notice = { code: 'other-model', args: { wanted: 'xl/dream.ckpt', used: 'SDXL\\dream.safetensors' } };
    expect(context.notices).toEqual(
      Array(2).fill(expect.objectContaining({ ...notice, args: expect.objectContaining(notice.args) })),
    );
    const same = new JobContext();
    await engine.run(comfyuiTask({ model: 'sdxl/dream.safetensors' }), same);
    expect(same.notices).toEqual([]);
    const failure = await failureOf(engine.run(comfyuiTask({ model: 'sd15/dream.ckpt' }), new JobContext()));
    expect(failure.key).toBe('missing-model/checkpoint');
  });

  test.each(['jpeg', 'webp'] as const)('a result can be saved as %s', async (format) => {
    const { engine } = await startEngine();
    const context = new JobContext();
    await engine.run(comfyuiTask({}, { format }), context);
    const [result] = context.results;
    expect(result?.format).toBe(format);
    expect(await sharp(result?.bytes).metadata()).toMatchObject({ format, width: 64, height: 64 });
  });

  test('a result that was mixed before is mixed again, and its images may be gone', async () => {
    const { engine, server } = await startEngine();
    for (let times = 0; times < 3; times++) {
      const context = new JobContext();
      await engine.run(comfyuiTask(), context);
      expect(context.results).toHaveLength(1);
      server.removeFiles('temp');
    }
  });
});

describe('a workflow of the user', () => {
  const graph = (): Graph =>
    buildAdapterGraph(adapterPlan, {
      images: [1, 2].map(() => ({ file: 'example.png', strength: 0.4 })),
      prompt: '',
      negativePrompt: '',
      width: 64,
      height: 64,
      steps: 4,
      guidanceScale: 7,
      seed: 0,
    }).graph;
  const withWorkflow = (text: string) =>
    comfyuiTask({ width: 72 }, { comfyui: comfyuiSettings({ workflow: parseWorkflow(text, 'own.json') }) });

  test('is run with its own models and size, and says what has no effect', async () => {
    const { engine, server } = await startEngine();
    const own = graph();
    for (const node of Object.values(own)) if (node._meta?.title?.startsWith('mix:size')) node._meta.title = 'Size';
    const context = new JobContext();
    await engine.run(withWorkflow(JSON.stringify(own)), context);
    expect(context.results).toHaveLength(1);
    expect(context.results[0]).not.toHaveProperty('model');
    expect(context.notices.map(({ code, args }) => [code, args.part ?? args.size])).toEqual([
      ['workflow-ignores', 'size'],
      ['size-differs', '64 × 64'],
    ]);
    expect(server.runs.filter(drawnBy)).toHaveLength(1);
  });

  test('whose output the server leaves out of the run fails with its reason, and nothing stays in the queue', async () => {
    const { engine, server } = await startEngine();
    const own: Graph = {
      ...graph(),
      lonely: { class_type: 'LoadImage', inputs: { image: 'other.png' }, _meta: { title: 'mix:image 3' } },
      shown: { class_type: 'PreviewImage', inputs: { images: ['lonely', 0] } },
    };
    const { result } = own;
    if (result) result._meta = { title: 'mix:output' };
    const sampler = own.sampler?.inputs;
    if (sampler) sampler.sampler_name = 'nobody';
    const second = server.hold({ at: 'queue' });
    server.queueStranger();
    const task = withWorkflow(JSON.stringify(own));
    const failure = await failureOf(engine.run(withImages(task, 3), new JobContext()));
    expect(failure).toMatchObject({ key: 'missing-model/value', args: { value: 'nobody' } });
    expect(server.queue).toHaveLength(1);
    second.release();
  });

  test('is run on a server that has its nodes', async () => {
    const { engine, servers } = await startEngine([{ missingClasses: ['IPAdapter'] }, {}]);
    const context = new JobContext();
    await engine.run(withWorkflow(JSON.stringify(graph())), context);
    expect(servers.map(promptsTo)).toEqual([0, 1]);
    expect(context.results).toHaveLength(1);
  });

  test('that lacks a node, or doesn’t fit the mix, fails before anything is uploaded', async () => {
    const { engine, server } = await startEngine();
    const lacking = { ...graph(), other: { class_type: 'NoSuchNode', inputs: {} } };
    expect(await failureOf(engine.run(withWorkflow(JSON.stringify(lacking)), new JobContext()))).toMatchObject({
      key: 'missing-model/node',
      args: { node: 'NoSuchNode' },
    });
    const task = withImages(withWorkflow(JSON.stringify(graph())), 3);
    expect((await failureOf(engine.run(task, new JobContext()))).key).toBe('invalid-recipe/workflow-too-many-images');
    expect(uploadsTo(server)).toBe(0);
  });

  function withImages(task: MixTask, count: number): MixTask {
    const { sources, ...rest } = comfyuiTask(
      { width: 72 },
      { weights: Object.fromEntries(['red', 'blue', 'green'].slice(0, count).map((color) => [color, 0.5])) },
    );
    return { ...rest, sources, comfyui: task.comfyui };
  }
});

describe('what servers do', () => {
  test.each([
    ['new-version', 1, 1],
    ['combo-lists', 1, 1],
    ['sub-path', 1, 1],
    ['unknown-events', 1, 1],
    ['no-websocket', 1, 1],
    ['strangers-previews', 1, 1],
    ['strangers-ahead', 1, 1],
    ['late-history', 1, 1],
    ['late-reply', 1, 1],
    ['lost-reply', 1, 1],
    ['lost-history', 1, 1],
    ['sockets-dropped', 1, 1],
    ['reconnect-drops-new-socket', 1, 1],
    ['cached-outputs-omitted', 1, 1],
    ['outputs-removed', 1, 2],
    ['restart-while-running', 2, 2],
    ['restart-while-pending', 1, 2],
  ])('%s: the result comes, once', async (scenario, drawn, prompts) => {
    const { engine, server } = await startEngine({ scenarios: [scenario] });
    const context = new JobContext();
    await engine.run(comfyuiTask(), context);
    expect(context.results).toHaveLength(1);
    expect(await pixelsOf(context.results[0]?.bytes ?? new Uint8Array())).toEqual(
      expectedPixels({ red: 0.3, blue: 0.7 }),
    );
    expect(server.runs.filter(drawnBy)).toHaveLength(drawn);
    expect(promptsTo(server)).toBe(prompts); // the cache of nodes would hide a second one
    expect(engine.canCheckAgain?.(JSON.parse(context.lastState ?? ''))).toBe(true); // the runner removes the job
  });

  test.each([
    ['old-interrupt', 'unexpected-response/comfyui-old'],
    ['old-prompt-ids', 'unexpected-response/comfyui-old'],
    ['authorization', 'unexpected-response/sign-in'],
    ['login-redirect', 'unexpected-response/sign-in'],
    ['login-page', 'unexpected-response/sign-in'],
    ['other-server', 'unexpected-response/not-comfyui'],
    ['no-checkpoint', 'missing-model/checkpoint'],
    ['no-pack', 'missing-model/pack'],
    ['no-adapter-files', 'missing-model/file'],
    ['no-clip-vision', 'missing-model/file'],
    ['out-of-memory', 'generation-failed/comfyui-memory'],
    ['out-of-memory-old', 'generation-failed/comfyui-memory'],
    ['custom-node-failure', 'generation-failed/comfyui-node'],
    ['custom-node-stuck', 'timeout/comfyui'],
    ['deleted-while-pending', 'generation-failed/comfyui-removed'],
    ['interrupted-by-others', 'generation-failed/comfyui-interrupted'],
  ])('%s: %s', async (scenario, key) => {
    const { engine, server } = await startEngine({ scenarios: [scenario] }, { timeoutSeconds: 10 });
    const context = new JobContext();
    const failure = await failureOf(engine.run(comfyuiTask({ model: adapterPlan.checkpoint }), context));
    expect(failure.key).toBe(key);
    const message = new Messages().failure(failure);
    expect(message).not.toMatch(/[{}]|\/srv|undefined/);
    expect(context.results).toEqual([]);
    expect(promptsTo(server)).toBeLessThanOrEqual(1);
    const saved = context.lastState;
    expect(saved !== undefined && engine.canCheckAgain?.(JSON.parse(saved))).toBe(key === 'timeout/comfyui');
  });

  test('without the adapter pack, a Flux model is used if there is one', async () => {
    const { engine } = await startEngine({ scenarios: ['no-pack'] });
    const context = new JobContext();
    await engine.run(comfyuiTask({ negativePrompt: 'fog' }), context);
    expect(context.results[0]).toMatchObject({ model: expect.stringMatching(/flux/) });
    expect(context.notices).toEqual([{ code: 'model-ignores', args: { part: 'negativePrompt' } }]);
  });

  test('an upload over the limit is about its image', async () => {
    const { engine } = await startEngine({ uploadLimit: 100 });
    const failure = await failureOf(engine.run(comfyuiTask(), new JobContext()));
    expect(failure).toMatchObject({ key: 'image-too-large/comfyui', image: expect.any(Number) });
  });

  test('a server that doesn’t take our id is too old', async () => {
    const { engine, server } = await startEngine();
    const hold = server.hold({ at: 'queue' });
    server.queueStranger();
    const context = new JobContext();
    context.onSave = () => server.configure({ version: '0.3.44' });
    const failure = await failureOf(engine.run(comfyuiTask(), context));
    expect(failure.key).toBe('unexpected-response/comfyui-old');
    expect(server.queue).toHaveLength(1);
    hold.release();
  });

  test('a socket that fell silent is replaced, and the new one tells of progress', async () => {
    const { engine, server } = await startEngine({}, { clock: new FastClock(400) });
    const hold = server.hold({ at: 'step', step: 2 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await hold.reached;
    await context.logged(() => context.progresses.some(({ fraction }) => fraction === 0.5));
    server.silenceSockets();
    await server.waitFor('GET', '/ws', 2);
    await server.waitForSockets(1);
    const known = context.progresses.length;
    hold.release();
    await run;
    const fractions = context.progresses.slice(known).flatMap(({ fraction }) => fraction ?? []);
    expect(fractions).toEqual(expect.arrayContaining([0.75, 1]));
  });

  test('a server that loses every prompt gets two', async () => {
    const { engine, server } = await startEngine({ fault: { kind: 'restart', step: 2, times: 9 } });
    const failure = await failureOf(engine.run(comfyuiTask(), new JobContext()));
    expect(failure).toMatchObject({ key: 'generation-failed/comfyui-lost', retryable: true });
    expect(promptsTo(server)).toBe(2);
  });

  test('a server that is down for a while is waited for, and one that stays down is not for ever', async () => {
    const { engine, server, logged, again } = await startEngine({}, { clock: new FastClock(200) });
    const hold = server.hold({ at: 'step', step: 2 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await hold.reached;
    await server.stop();
    hold.release();
    await logged('waiting');
    await server.start();
    await run;
    expect(context.results).toHaveLength(1);

    const next = server.hold({ at: 'step', step: 2 });
    const second = new JobContext();
    const failing = failureOf(engine.run(comfyuiTask({ seed: 8 }), second));
    await next.reached;
    await server.stop();
    const failure = await failing;
    expect(failure).toMatchObject({ key: 'network/comfyui-refused', retryable: true });
    expect(engine.canCheckAgain?.(JSON.parse(second.lastState ?? ''))).toBe(true);
    next.release();
    await server.start();
    const third = new JobContext(second.lastState);
    await again().run(comfyuiTask({ seed: 8 }), third);
    expect(third.results).toHaveLength(1);
  });
});

describe('canceled', () => {
  const stop = new Error('canceled');

  test.each(['0.3.64', '0.38.1'])('while it waits: exactly this job leaves the queue (%s)', async (version) => {
    const { engine, server } = await startEngine({ version });
    const hold = server.hold({ at: 'step', step: 1 });
    const stranger = server.queueStranger({ clientId: 'other' });
    await hold.reached;
    const context = new JobContext();
    const run = engine.run(comfyuiTask({ samples: 2 }), context);
    await server.waitFor('POST', '/prompt', 2);
    const behind = server.queueStranger();
    context.controller.abort(stop);
    await expect(run).rejects.toBe(stop);
    expect(server.queue).toEqual([stranger, behind]);
    hold.release();
    await server.idle();
    expect(server.runs.filter(drawnBy)).toEqual([]);
  });

  test.each(['0.3.64', '0.38.1'])('while it runs: it is interrupted, and nobody else’s (%s)', async (version) => {
    const { engine, server } = await startEngine({ version });
    const hold = server.hold({ at: 'step', step: 2, strangers: false });
    const context = new JobContext();
    const run = engine.run(comfyuiTask({ samples: 2 }), context);
    const mine = await hold.reached;
    await server.waitFor('POST', '/prompt', 2);
    const stranger = server.queueStranger();
    context.controller.abort(stop);
    await expect(run).rejects.toBe(stop);
    hold.release();
    await server.idle();
    expect(server.runs.filter(drawnBy).map(({ promptId }) => promptId)).toEqual([mine]);
    expect(server.runs.at(-1)).toMatchObject({ promptId: stranger, classType: 'PreviewImage' });
    expect(context.results).toEqual([]);
  });

  test('at any other time: nothing is left on the server', async () => {
    const { engine, server } = await startEngine({ previews: true });
    const held = server.hold({ at: 'step', step: 3 });
    const whole = new JobContext();
    const running = engine.run(comfyuiTask(), whole);
    await held.reached;
    await whole.logged(() => whole.progresses.some(({ fraction }) => fraction === 0.75));
    const moments = whole.progresses.length;
    held.release();
    await running;

    for (let at = 1; at <= moments; at++) {
      const hold = server.hold({ at: 'step', step: 3 }); // it can't be over before it's canceled
      const context = new JobContext();
      context.onProgress = () => {
        if (context.progresses.length === at) context.controller.abort(stop);
      };
      await expect(engine.run(comfyuiTask({ seed: 100 + at }), context)).rejects.toBe(stop);
      expect(server.queue).toEqual([]);
      hold.release();
      expect(context.results).toEqual([]);
    }
    const saving = new JobContext();
    saving.onSave = () => saving.controller.abort(stop);
    await expect(engine.run(comfyuiTask(), saving)).rejects.toBe(stop);
    expect(server.queue).toEqual([]);
  });

  test('while its prompt is being sent: it is taken back when it arrives', async () => {
    const { engine, server } = await startEngine({ fault: { kind: 'late-reply' } });
    const hold = server.hold({ at: 'step', step: 1 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await hold.reached;
    context.controller.abort(stop);
    await expect(run).rejects.toBe(stop);
    hold.release();
    await server.idle();
    expect(context.results).toEqual([]);
    expect(server.runs.filter(({ classType }) => classType === 'PreviewImage')).toEqual([]);
  });

  test.each(['while it waits to be resumed', 'before it is resumed'])(
    '%s: its prompts leave the queue',
    async (when) => {
      const { engine, server, again } = await startEngine();
      const hold = server.hold({ at: 'step', step: 1 });
      const first = new JobContext();
      const running = engine.run(comfyuiTask(), first);
      await hold.reached;
      const left = new JobContext();
      const closing = again().run(comfyuiTask({ seed: 8 }), left);
      await server.waitFor('POST', '/prompt', 2);
      left.controller.abort(new JobSuspended());
      await expect(closing).rejects.toThrow();
      expect(server.queue).toHaveLength(2);
      if (when === 'before it is resumed') {
        await engine.discard?.(JSON.parse(left.lastState ?? ''), left.notice);
      } else {
        const resumed = new JobContext(left.lastState);
        resumed.onProgress = () => resumed.controller.abort(stop);
        await expect(engine.run(comfyuiTask({ seed: 8 }), resumed)).rejects.toBe(stop);
      }
      expect(server.queue).toHaveLength(1);
      hold.release();
      await running;
      expect(first.results).toHaveLength(1);
    },
  );

  test('while a node can’t be interrupted: the job ends all the same', async () => {
    const { engine, server } = await startEngine({ scenarios: ['custom-node-stuck'] });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await server.waitFor('POST', '/prompt');
    context.controller.abort(stop);
    await expect(run).rejects.toBe(stop);
  });

  test('while the server is down: the job ends all the same', async () => {
    const { engine, server } = await startEngine();
    const hold = server.hold({ at: 'step', step: 1 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await hold.reached;
    await server.stop();
    context.controller.abort(stop);
    await expect(run).rejects.toBe(stop);
    hold.release();
  });
});

describe('a job of a window that was closed', () => {
  /** Runs a job until `suspendAt` closes its window, then in another window to its end. */
  async function resumed(
    options: Parameters<typeof startEngine>[0],
    suspendAt: (context: JobContext, server: ComfyUIServer, suspend: () => void) => unknown,
    between: (server: ComfyUIServer) => unknown = () => {},
  ) {
    const { engine, server, again } = await startEngine(options);
    const first = new JobContext();
    const suspended = new JobSuspended();
    const task = comfyuiTask({ samples: 2 });
    const ready = suspendAt(first, server, () => first.controller.abort(suspended));
    const run = engine.run(task, first);
    await ready;
    first.controller.abort(suspended);
    await expect(run).rejects.toBe(suspended);
    await between(server);
    const delivered = first.results.map(({ index }) => index);
    const second = new JobContext(first.lastState, delivered);
    await again().run(task, second);
    const results = [...first.results, ...second.results];
    expect(results.map(({ index }) => index).sort()).toEqual([0, 1]);
    return { server, first, second, drawn: server.runs.filter(drawnBy).length };
  }

  const until = (context: JobContext, stage: string) =>
    context.logged(() => context.progresses.some((progress) => progress.stage === stage));

  test('before anything was sent', async () => {
    const { drawn } = await resumed({}, (context) => until(context, 'uploading'));
    expect(drawn).toBe(2);
  });

  test('when its prompt was about to be sent', async () => {
    const { drawn, server } = await resumed({}, (context, _, suspend) => {
      context.onSave = suspend;
      return context.logged(() => context.states.length > 0);
    });
    expect(drawn).toBe(2);
    expect(promptsTo(server)).toBe(2);
  });

  test('when its prompt had been sent, but the reply was lost', async () => {
    const { drawn, server } = await resumed({ fault: { kind: 'lose-reply' } }, (_, server) =>
      server.waitFor('POST', '/prompt'),
    );
    expect(drawn).toBe(2);
    expect(promptsTo(server)).toBe(2);
  });

  test('while it waited', async () => {
    let release = () => {};
    const { drawn } = await resumed(
      {},
      async (_, server) => {
        const hold = server.hold({ at: 'queue' });
        ({ release } = hold);
        await server.waitFor('POST', '/prompt', 2);
      },
      () => release(),
    );
    expect(drawn).toBe(2);
  });

  test('while it ran, and ended before anybody looked', async () => {
    let release = () => {};
    const { drawn, second } = await resumed(
      {},
      async (_, server) => {
        const hold = server.hold({ at: 'step', step: 2 });
        ({ release } = hold);
        await hold.reached;
        await server.waitFor('POST', '/prompt', 2);
      },
      async (server) => {
        release();
        await server.idle();
      },
    );
    expect(drawn).toBe(2);
    expect(second.progresses.map(({ stage }) => stage)).not.toContain('uploading');
  });

  test('when the server was restarted meanwhile', async () => {
    let release = () => {};
    const { drawn } = await resumed(
      {},
      async (_, server) => {
        const hold = server.hold({ at: 'step', step: 2 });
        ({ release } = hold);
        await hold.reached;
      },
      async (server) => {
        await server.restart();
        release();
      },
    );
    expect(drawn).toBe(3);
  });

  test('when a result was about to be delivered', async () => {
    const { drawn } = await resumed({}, (context) => until(context, 'downloading'));
    expect(drawn).toBe(2);
  });
});

describe('several servers', () => {
  test('the one with the shortest queue is used, and a job stays there', async () => {
    const { engine, servers, again } = await startEngine([{}, {}]);
    const [first, second] = servers;
    if (!first || !second) throw new Error('Two servers');
    const hold = first.hold({ at: 'step', step: 1 });
    first.queueStranger();
    const next = second.hold({ at: 'step', step: 1 });
    const context = new JobContext();
    const run = engine.run(comfyuiTask(), context);
    await next.reached;
    context.controller.abort(new JobSuspended());
    await expect(run).rejects.toThrow();
    hold.release();
    await first.idle();
    const resumed = new JobContext(context.lastState);
    const rest = again().run(comfyuiTask(), resumed);
    next.release();
    await rest;
    expect([promptsTo(first), promptsTo(second)]).toEqual([0, 1]);
    expect(resumed.results).toHaveLength(1);
  });

  test('each runs one job of a window at a time, and one that is down is left out', async () => {
    const { engine, servers } = await startEngine([{}, {}, {}]);
    await servers[1]?.stop();
    const contexts = Array.from({ length: 6 }, () => new JobContext());
    await Promise.all(contexts.map((context, at) => engine.run(comfyuiTask({ seed: at }), context)));
    expect(contexts.map(({ results }) => results.length)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(servers.map(promptsTo)).toEqual([3, 0, 3]);
  });

  test('without a server, or a running one, the failure says so at once', async () => {
    const { engine, server } = await startEngine();
    await server.stop();
    expect((await failureOf(engine.run(comfyuiTask(), new JobContext()))).key).toBe('network/comfyui-refused');
  });
});
