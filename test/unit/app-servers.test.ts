import { afterEach, beforeEach, expect, test } from 'vitest';
import { viewOfJob } from '../../src/app/jobView.ts';
import { ServerStates } from '../../src/app/serverStates.ts';
import type { ServerState } from '../../src/engines/comfyui/comfyuiEngine.ts';
import type { JobSnapshot } from '../../src/jobs/jobRunner.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { JobPreviews } from '../../src/workbench/jobPreviews.ts';
import { type ComfyUIServer, startComfyUI } from '../comfyui/server.ts';
import { AppBench } from './support/appBench.ts';
import { recordOf, requestOf } from './support/jobBench.ts';

let bench: AppBench;
let server: ComfyUIServer;
beforeEach(async () => {
  bench = await AppBench.start();
  server = await startComfyUI();
  bench.settings['comfyui.servers'] = [server.url];
});
afterEach(async () => {
  await bench.close();
  await server.close();
});

/** The servers as the panel shows them once they're asked. */
async function askedServers() {
  await bench.app.panel.askServers();
  return (await bench.app.panel.engineView()).comfyui?.servers;
}

test('the panel asks the servers only if mixes run on them, and only once until they change', async () => {
  bench.settings.engine = 'local';
  await bench.app.panel.askServers();
  expect(server.requests).toEqual([]);

  bench.settings.engine = 'comfyui';
  expect(await bench.app.panel.engineView()).toMatchObject({ name: 'comfyui', comfyui: { servers: null } });
  expect(await askedServers()).toMatchObject([
    { name: new URL(server.url).host, isChecking: false, answer: { kind: 'ready', version: '0.3.64', queueLength: 0 } },
  ]);
  const count = server.requests.length;
  await bench.app.panel.askServers();
  expect(server.requests).toHaveLength(count);
  bench.app.servers.forget();
  await bench.app.panel.askServers();
  expect(server.requests.length).toBeGreaterThan(count);
  let now = 0;
  const aging = new ServerStates({
    urls: () => [server.url],
    services: bench.app.services,
    clock: { monotonic: () => now },
  });
  const asked = async (at: number) => {
    const before = server.requests.length;
    now = at;
    await aging.ask();
    return server.requests.length > before;
  };
  expect([await asked(0), await asked(60_000), await asked(60_001)]).toEqual([true, false, true]);

  bench.isTrusted = false;
  expect(await bench.app.panel.engineView()).toMatchObject({ comfyui: null });
  bench.app.servers.forget();
  const total = server.requests.length;
  await bench.app.panel.askServers();
  expect(server.requests).toHaveLength(total);
});

test('everything that a model lacks is listed, and what Flux ignores', async () => {
  server.configure({
    models: { ...server.settings.models, ipadapter: [], clip_vision: ['sigclip_vision_patch14_384.safetensors'] },
  });
  bench.settings.engine = 'comfyui';
  const [view] = (await askedServers()) ?? [];
  const answer = view?.answer?.kind === 'ready' ? view.answer : undefined;
  const missing = (name: string) => answer?.models.find((model) => model.name === name)?.obstacle?.missing;
  expect(missing('sd_xl_base_1.0.safetensors')).toMatchObject([
    { file: 'ip-adapter-plus_sdxl_vit-h.safetensors', folder: 'models/ipadapter' },
    { file: 'CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors', folder: 'models/clip_vision' },
  ]);
  expect(answer?.automatic).toEqual({ model: 'flux1-dev.safetensors' });
  expect(answer?.models.find(({ family }) => family === 'flux')).toMatchObject({
    ignores: ['negativePrompt'],
    obstacle: null,
  });
});

test("a workflow says which parts have no effect, or why it can't be used", async () => {
  bench.settings.engine = 'comfyui';
  bench.settings['comfyui.workflow'] = 'own.json';
  const view = async () => bench.app.panel.engineView();
  expect((await view()).comfyui?.workflow).toMatchObject({
    problem: expect.stringContaining("can't be read"),
    ignores: [],
  });
  const image = { class_type: 'LoadImage', inputs: { image: 'a.png' }, _meta: { title: 'mix:image' } };
  await bench.recipeFile('own.json', { 1: image });
  expect((await view()).comfyui?.workflow).toMatchObject({ name: 'own.json', problem: null });
  expect((await view()).ignores).toEqual(
    expect.arrayContaining(['weights', 'prompt', 'guidanceScale', 'seed', 'size', 'model']),
  );
});

test('a server that answers is shown while a slow one is still being asked, and outdated answers are dropped', async () => {
  const failed = (url: string): ServerState => ({
    url,
    failure: new MixFailure('network/timeout', { args: { host: url } }),
  });
  const asked: { answer: (url: string) => void; finish: () => void }[] = [];
  const states = new ServerStates({
    urls: () => ['a', 'b'],
    clock: { monotonic: () => 0 },
    services: {
      comfyuiServers: async (query) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        asked.push({ answer: (url) => query?.onState?.(failed(url)), finish: resolve });
        await promise;
        return [failed('a'), failed('b')];
      },
    },
  });
  const shown = () =>
    states.known.map(({ url, state, isChecking }) => `${url}${state ? '+' : ''}${isChecking ? '?' : ''}`);
  const first = states.refresh();
  expect(shown()).toEqual(['a?', 'b?']);
  asked[0]?.answer('b');
  expect(shown()).toEqual(['a?', 'b+']);
  const second = states.refresh();
  expect(shown()).toEqual(['a?', 'b+?']);
  asked[0]?.answer('a');
  asked[0]?.finish();
  await first;
  expect(shown()).toEqual(['a?', 'b+?']);
  asked[1]?.finish();
  await second;
  expect(shown()).toEqual(['a+', 'b+']);
  const third = states.ask(); // one that failed may be running by now
  expect(shown()).toEqual(['a+?', 'b+?']);
  asked[2]?.finish();
  await third;
});

test('a panel that is slower than the server gets the newest preview, and none of an ended job', async () => {
  const sent: number[] = [];
  const taken: (() => void)[] = [];
  const previews = new JobPreviews(({ bytes }) => {
    sent.push(bytes[0] ?? 0);
    return new Promise((resolve) => taken.push(resolve));
  });
  const take = async () => {
    taken.shift()?.();
    await new Promise(setImmediate);
  };
  const at = (state: 'running' | 'done', byte?: number): JobSnapshot => ({
    record: recordOf('a', { state, request: requestOf('mixes') }),
    progress: { stage: 'mixing' },
    ...(byte === undefined ? {} : { preview: { bytes: new Uint8Array([byte]), mime: 'image/png' } }),
  });
  previews.show(at('running'));
  for (const byte of [1, 2, 3]) previews.show(at('running', byte));
  expect(sent).toEqual([1]);
  await take();
  expect(sent).toEqual([1, 3]);
  previews.show(at('running', 4));
  previews.show(at('done', 4));
  await take();
  expect(sent).toEqual([1, 3]);
});

test('a job names the server that has it, but never an address with a password', () => {
  const serverOf = (url: string) => {
    const sample = { seed: 1, promptId: 'p', phase: 'queued', isRetried: false };
    const engineState = {
      version: 1,
      server: url,
      clientId: 'w',
      serverVersion: '0.3.64',
      plan: null,
      output: '',
      samples: [sample],
    };
    const record = recordOf('a', {
      state: 'running',
      request: { ...requestOf('mixes'), engine: 'comfyui' },
      engineState,
    });
    return viewOfJob({ record, progress: { stage: 'mixing' } }, record.request.home.storage, bench.app.messages).server;
  };
  expect(serverOf('https://gpu.example/comfy')).toBe('gpu.example');
  expect(serverOf('https://me:secret@gpu.example')).toBeUndefined();
});
