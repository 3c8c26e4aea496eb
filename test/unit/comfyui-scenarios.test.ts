import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { scenarios, scenarioTable } from '../comfyui/scenarios.ts';
import { mixGraph } from './support/comfyuiGraph.ts';
import { run, type Started, start, viewOf } from './support/comfyuiServers.ts';

/** Scenarios whose server answers differently before any prompt. */
const doors = ['authorization', 'login-redirect', 'login-page', 'other-server'];

test('the README has the table of scenarios', () => {
  const readme = readFileSync(new URL('../comfyui/README.md', import.meta.url), 'utf8');
  expect(readme).toContain(`<!-- scenarios -->\n${scenarioTable()}\n<!-- end of scenarios -->`);
});

/** The messages in a prompt's history. */
function messagesOf(entry: Awaited<ReturnType<typeof run>>): Record<string, Record<string, unknown>> {
  return Object.fromEntries(entry.status.messages);
}

const checks: Readonly<Record<string, (bench: Started) => Promise<void>>> = {
  'no-checkpoint': async ({ client }) => {
    const { CheckpointLoaderSimple } = await client.json('/object_info/CheckpointLoaderSimple');
    expect(CheckpointLoaderSimple.input.required.ckpt_name).toEqual([[], {}]);
  },
  'no-pack': async ({ client }) => {
    expect(await client.json('/api/object_info/IPAdapterFromParams')).toEqual({});
    expect((await client.get('/models/ipadapter')).status).toBe(404);
  },
  'no-adapter-files': async (bench) => {
    const { execution_error } = messagesOf(await run(bench, mixGraph(bench)));
    expect(execution_error).toMatchObject({ node_id: 'load', exception_message: 'IPAdapter model not found.' });
  },
  'no-clip-vision': async (bench) => {
    const { execution_error } = messagesOf(await run(bench, mixGraph(bench)));
    expect(execution_error).toMatchObject({ exception_message: 'ClipVision model not found.' });
  },
  'wrong-architecture': async (bench) => {
    const checkpoint = 'flux1-dev-fp8.safetensors';
    const [red, blue] = [
      [1, 0],
      [0, 1],
    ].map((weights) => mixGraph({ ...bench, weights, checkpoint }));
    const results = [await viewOf(bench, await run(bench, red)), await viewOf(bench, await run(bench, blue))];
    const [first, second] = await Promise.all(results.map((bytes) => sharp(bytes).raw().toBuffer()));
    expect(first).toEqual(second);
    const metadata = await bench.client.json(`/view_metadata/checkpoints?filename=${checkpoint}`);
    expect(metadata).toEqual({ 'modelspec.architecture': 'Flux.1-dev' });
  },
  'out-of-memory': async (bench) => {
    const { execution_error } = messagesOf(await run(bench, mixGraph(bench)));
    expect(execution_error).toMatchObject({ node_type: 'KSampler', exception_type: 'torch.OutOfMemoryError' });
  },
  'out-of-memory-old': async (bench) => {
    const { execution_error } = messagesOf(await run(bench, mixGraph(bench)));
    expect(execution_error).toMatchObject({ exception_type: 'torch.cuda.OutOfMemoryError' });
  },
  'custom-node-failure': async (bench) => {
    const { execution_error } = messagesOf(await run(bench, mixGraph(bench)));
    expect(execution_error?.exception_message).toContain('/srv/ComfyUI');
    expect(execution_error?.executed).not.toContain('ipa');
  },
  'custom-node-stuck': async ({ client, server, images }) => {
    await client.connect();
    const id = await client.queue(mixGraph({ images }));
    await client.frame('executing', ({ data }) => data.node === 'ipa');
    await client.post('/interrupt', { prompt_id: id });
    expect(server.queue).toEqual([id]);
  },
  'restart-while-running': async (bench) => {
    const { client, server } = bench;
    await client.connect();
    const socket = client.socket;
    const closed = new Promise((resolve) => socket?.addEventListener('close', resolve));
    const id = await client.queue(mixGraph(bench));
    await closed;
    await server.start();
    expect(await client.json(`/history/${id}`)).toEqual({});
    expect((await run(bench, mixGraph(bench))).status.completed).toBe(true);
  },
  'restart-while-pending': async (bench) => {
    const { client, server } = bench;
    await client.connect();
    const socket = client.socket;
    const closed = new Promise((resolve) => socket?.addEventListener('close', resolve));
    await client.queue(mixGraph(bench));
    await closed;
    await server.start();
    expect([server.queue, server.runs]).toEqual([[], []]);
    expect((await run(bench, mixGraph(bench))).status.completed).toBe(true);
  },
  'lost-history': async (bench) => {
    expect(await run(bench, mixGraph(bench))).toBeUndefined();
    expect((await run(bench, mixGraph(bench))).status.completed).toBe(true);
  },
  'late-history': async (bench) => {
    const { client } = bench;
    await client.connect();
    const id = await client.queue(mixGraph(bench));
    await client.frame('execution_success');
    for (let i = 0; i < 2; i++) expect(await client.json(`/history/${id}`)).toEqual({});
    await client.finished(id);
    expect((await client.json(`/history/${id}`))[id].status.completed).toBe(true);
  },
  'outputs-removed': async (bench) => {
    const { outputs } = await run(bench, mixGraph(bench));
    const query = new URLSearchParams(outputs.out.images[0]);
    expect((await bench.client.get(`/view?${query}`)).status).toBe(404);
  },
  'cached-outputs-omitted': async (bench) => {
    await run(bench, mixGraph(bench));
    expect((await run(bench, mixGraph(bench))).outputs).not.toEqual({});
    const { prompt_id } = await (await bench.client.post('/prompt', { prompt: mixGraph(bench) })).json();
    await bench.server.idle();
    expect((await bench.client.json(`/history/${prompt_id}`))[prompt_id].outputs).toEqual({});
  },
  'lost-reply': async (bench) => {
    const id = bench.client.id;
    await expect(bench.client.queue(mixGraph(bench), { prompt_id: id })).rejects.toThrow('fetch failed');
    await bench.server.idle();
    expect((await bench.client.json(`/history/${id}`))[id].status.completed).toBe(true);
  },
  'cut-cancel': async ({ client, server, images }) => {
    const hold = server.hold({ at: 'step', step: 1 });
    const id = await client.queue(mixGraph({ images }));
    await hold.reached;
    const interrupt = () => client.post('/interrupt', { prompt_id: id });
    await expect(interrupt()).rejects.toThrow('fetch failed');
    await interrupt();
    hold.release();
    await server.idle();
    expect((await client.json(`/history/${id}`))[id].status.completed).toBe(false);
  },
  'late-reply': async (bench) => {
    const { client } = bench;
    await client.connect();
    const reply = client.queue(mixGraph(bench), { prompt_id: client.id });
    await client.finished(client.id);
    expect(await reply).toBe(client.id);
  },
  'sockets-dropped': async (bench) => {
    const { client, server } = bench;
    const socket = await client.connect();
    const closed = new Promise<{ code: number }>((resolve) => socket.addEventListener('close', resolve));
    await client.queue(mixGraph(bench));
    expect((await closed).code).toBe(1006);
    await client.connect();
    await server.idle();
    await client.finished(await client.queue(mixGraph({ ...bench, seed: 2 })));
  },
  'reconnect-drops-new-socket': async (bench) => {
    const { client, server } = bench;
    await client.connect();
    await run(bench, mixGraph({ ...bench, steps: 1 }));
    expect(client.frames.at(-1)?.type).toBe('progress');
    await client.connect();
    await server.waitForSockets(0);
    const frames = client.frames.length;
    await run(bench, mixGraph({ ...bench, seed: 2 }));
    expect(client.frames).toHaveLength(frames);
  },
  'strangers-previews': async (bench) => {
    const { client } = bench;
    await client.connect(true);
    const id = await client.queue(mixGraph(bench));
    await client.finished(id);
    const progress = client.frames.filter(({ type }) => type === 'progress').map(({ data }) => data.prompt_id);
    expect(progress[0]).not.toBe(id);
    expect(progress.at(-1)).toBe(id);
    expect(client.frames.filter(({ type }) => type === 'binary 1')).toHaveLength(3);
    expect(client.frames.filter(({ type }) => type === 'binary 4')).toHaveLength(3);
  },
  'strangers-ahead': async ({ client, server, images }) => {
    const hold = server.hold({ at: 'queue' });
    const id = await client.queue(mixGraph({ images }));
    expect(server.queue.indexOf(id)).toBe(3);
    hold.release();
    await server.idle();
    expect((await client.json(`/history/${id}`))[id].status.completed).toBe(true);
  },
  'huge-queue': async ({ client }) => {
    const { queue_pending } = await client.json('/queue');
    expect(JSON.stringify(queue_pending).length).toBeGreaterThan(70_000_000);
  },
  'deleted-while-pending': async (bench) => {
    expect(await run(bench, mixGraph(bench))).toBeUndefined();
    expect(bench.server.runs).toEqual([]);
    expect((await run(bench, mixGraph(bench))).status.completed).toBe(true);
  },
  'interrupted-by-others': async (bench) => {
    expect(messagesOf(await run(bench, mixGraph(bench))).execution_interrupted).toMatchObject({ node_id: 'ks' });
    expect((await run(bench, mixGraph(bench))).status.completed).toBe(true);
  },
  'unknown-events': async (bench) => {
    const { client } = bench;
    await client.connect();
    await client.finished(await client.queue(mixGraph(bench)));
    const types = client.frames.map(({ type }) => type);
    await client.finished(await client.queue(mixGraph({ ...bench, seed: 2 })));
    expect((await client.frame('executed', ({ data }) => data.node === 'ckpt')).data.output).toBeNull();
    for (const type of ['crystools.monitor', 'binary 3', 'binary 99']) expect(types).toContain(type);
  },
  'small-upload-limit': async ({ client }) => {
    expect((await client.post('/upload/image', { padding: 'x'.repeat(9000) })).status).toBe(413);
  },
};

/** Scenarios in which a prompt succeeds as usual, and which other tests check closely. */
const usual = [
  'good-run',
  'new-version',
  'combo-lists',
  'old-interrupt',
  'old-prompt-ids',
  'previews',
  'sub-path',
  'no-websocket',
  'hanging-websocket',
];

test.each(scenarios.filter(({ name }) => !doors.includes(name)).map(({ name }) => name))('%s', async (name) => {
  const bench = await start({ scenarios: [name] });
  const check = checks[name];
  expect(check !== undefined).toBe(!usual.includes(name));
  if (check) await check(bench);
  else expect((await run(bench, mixGraph(bench))).status.completed).toBe(true);
});

test('every door turns away a request and an upgrade before the server sees them', async () => {
  const { client, server, images } = await start();
  const answer = async (headers: Record<string, string> = {}): Promise<(number | string | null)[]> => {
    const response = await client.get('/system_stats', headers);
    return [response.status, response.headers.get('content-type'), response.headers.get('location')];
  };
  const refusedUpgrade = async (): Promise<void> => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws?clientId=x`);
    const { code } = await new Promise<{ code: number }>((resolve) => socket.addEventListener('close', resolve));
    expect(code).toBe(1006);
  };
  const html = 'text/html; charset=utf-8';
  const authorization = { authorization: 'Bearer comfyui-secret-51c0' };
  const json = 'application/json; charset=utf-8';
  expect(await answer()).toEqual([200, json, null]);
  for (const [door, expected] of Object.entries({
    authorization: [401, null, null],
    'login-redirect': [302, null, '/login'],
    'login-page': [200, html, null],
    'other-server': [200, json, null],
  })) {
    server.scenario(door);
    expect(await answer(), door).toEqual(expected);
    await refusedUpgrade();
    if (door === 'authorization') expect(await answer(authorization)).toEqual([200, json, null]);
  }
  expect((await client.json('/system_stats')).system).toBeUndefined();
  server.reset();

  // Browsers send an Origin; one of another site is refused.
  expect((await answer({ origin: 'https://example.com' }))[0]).toBe(403);
  expect((await answer({ origin: server.url }))[0]).toBe(200);
  expect((await answer({ 'sec-fetch-site': 'cross-site' }))[0]).toBe(200);
  server.scenario('new-version');
  expect((await answer({ 'sec-fetch-site': 'cross-site' }))[0]).toBe(403);
  const upgrades = server.requests.filter(({ upgrade }) => upgrade);
  expect(new Set(upgrades.map(({ headers }) => headers['sec-websocket-key'])).size).toBe(4);
  expect((await run({ client, server, images }, mixGraph({ images }))).status.completed).toBe(true);
});

test('every kind of node has its effect', async () => {
  const bench = await start({ version: '0.38.1' });
  const { images } = bench;
  const base = mixGraph({ images });
  const node = (class_type: string, inputs: object) => ({ class_type, inputs });
  const sizeAndColors = async (graph: object) => {
    const entry = await run(bench, graph);
    expect(entry.status.messages.at(-1)[0]).toBe('execution_success');
    const bytes = await viewOf(bench, entry);
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    const at = (x: number, y: number): number[] => [
      ...data.subarray((y * info.width + x) * info.channels).subarray(0, info.channels),
    ];
    return {
      size: [info.width, info.height],
      left: at(4, 32),
      right: at(info.width - 5, 32),
      corner: at(0, 0),
      center: at(32, 32),
    };
  };
  const red = [255, 0, 0];
  const blue = [0, 0, 255];

  // Redux: the second image alone.
  const redux = {
    ...base,
    unet: node('UNETLoader', { unet_name: 'flux1-dev.safetensors', weight_dtype: 'default' }),
    clip: node('DualCLIPLoader', {
      clip_name1: 'clip_l.safetensors',
      clip_name2: 't5xxl_fp8_e4m3fn.safetensors',
      type: 'flux',
    }),
    vae: node('VAELoader', { vae_name: 'ae.safetensors' }),
    vision: node('CLIPVisionLoader', { clip_name: 'sigclip_vision_patch14_384.safetensors' }),
    style: node('StyleModelLoader', { style_model_name: 'flux1-redux-dev.safetensors' }),
    seen: node('CLIPVisionEncode', { clip_vision: ['vision', 0], image: ['img1', 0], crop: 'center' }),
    text: node('CLIPTextEncode', { text: 'a rose', clip: ['clip', 0] }),
    apply: node('StyleModelApply', {
      conditioning: ['text', 0],
      style_model: ['style', 0],
      clip_vision_output: ['seen', 0],
      strength: 0.3,
      strength_type: 'attn_bias',
    }),
    guidance: node('FluxGuidance', { conditioning: ['apply', 0], guidance: 3.5 }),
    ks: node('KSampler', {
      ...base.ks?.inputs,
      model: ['unet', 0],
      positive: ['guidance', 0],
      negative: ['text', 0],
      cfg: 1,
    }),
    dec: node('VAEDecode', { samples: ['ks', 0], vae: ['vae', 0] }),
  };
  expect((await sizeAndColors(redux)).center).toEqual(blue);

  // Averaged embeddings of the first image alone.
  const encode = (i: number, weight: number) =>
    node('IPAdapterEncoder', { ipadapter: ['load', 1], image: [`img${i}`, 0], weight });
  const averaged = {
    ...base,
    e0: encode(0, 0.8),
    e1: encode(1, 0),
    sum: node('IPAdapterCombineEmbeds', { embed1: ['e0', 0], embed2: ['e1', 0], method: 'add' }),
    ipa: node('IPAdapterEmbeds', {
      model: ['load', 0],
      ipadapter: ['load', 1],
      pos_embed: ['sum', 0],
      weight: 0.8,
      weight_type: 'linear',
      start_at: 0,
      end_at: 1,
      embeds_scaling: 'V only',
    }),
  };
  expect((await sizeAndColors(averaged)).center).toEqual(red);

  // A chain with a mask each: red where the mask's image is red, which is the left half.
  const halves = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'blue' } })
    .composite([{ input: { create: { width: 32, height: 64, channels: 3, background: 'red' } }, left: 0, top: 0 }])
    .png()
    .toBuffer();
  const form = new FormData();
  form.set('image', new File([new Uint8Array(halves)], 'halves.png'));
  await fetch(`${bench.server.url}/upload/image`, { method: 'POST', body: form });
  const adapter = (i: number, model: string, channel: string) =>
    node('IPAdapterAdvanced', {
      model: [model, 0],
      ipadapter: ['load', 1],
      image: [`img${i}`, 0],
      weight: 0.4,
      weight_type: 'linear',
      combine_embeds: 'concat',
      start_at: 0,
      end_at: 1,
      embeds_scaling: 'V only',
      attn_mask: [channel, 0],
    });
  const masked = {
    ...base,
    isRed: node('LoadImageMask', { image: 'halves.png', channel: 'red' }),
    isBlue: node('InvertMask', { mask: ['isRed', 0] }),
    first: adapter(0, 'load', 'isRed'),
    ipa: adapter(1, 'first', 'isBlue'),
  };
  expect(await sizeAndColors(masked)).toMatchObject({ left: red, right: blue });

  // Twice the size by a model, then the wanted size, without the background.
  const refined = {
    ...base,
    ks: node('KSampler', { ...base.ks?.inputs, model: ['ipa', 0] }),
    model: node('UpscaleModelLoader', { model_name: 'RealESRGAN_x2plus.pth' }),
    up: node('ImageUpscaleWithModel', { upscale_model: ['model', 0], image: ['dec', 0] }),
    scale: node('ImageScale', { image: ['up', 0], upscale_method: 'lanczos', width: 100, height: 96, crop: 'center' }),
    remover: node('LoadBackgroundRemovalModel', { bg_removal_name: 'birefnet.safetensors' }),
    mask: node('RemoveBackground', { bg_removal_model: ['remover', 0], image: ['scale', 0] }),
    inverted: node('InvertMask', { mask: ['mask', 0] }),
    joined: node('JoinImageWithAlpha', { image: ['scale', 0], alpha: ['inverted', 0] }),
    out: node('SaveImage', { images: ['joined', 0], filename_prefix: 'mixes/rose' }),
  };
  const { size, corner, center } = await sizeAndColors(refined);
  expect([size, corner[3], center[3]]).toEqual([[100, 96], 0, 255]);
  expect(bench.server.files.at(-1)).toMatchObject({ type: 'output', subfolder: 'mixes', name: 'rose_00001_.png' });
});

test('another process controls a server by HTTP', async () => {
  const { client, server } = await start();
  server.scenario('login-page');
  const post = async (action: string): Promise<number> =>
    (await fetch(`${server.url}/controls/${action}`, { method: 'POST' })).status;
  expect(await post('scenario/deleted-while-pending')).toBe(204);
  expect(await post('scenario/no-such')).toBe(404);
  expect(await post('no-such')).toBe(404);
  const state = await client.json('/controls/state');
  expect(state.settings.fault).toEqual({ kind: 'delete-pending' });
  expect(server.requests.some(({ path }) => path.startsWith('/controls'))).toBe(false);
  expect(await post('reset')).toBe(204);
  await client.connect();
  const socket = client.socket;
  const closed = new Promise<{ code: number }>((resolve) => socket?.addEventListener('close', resolve));
  expect(await post('restart')).toBe(204);
  expect((await closed).code).toBe(1006);
  await server.start();
  expect((await client.get('/system_stats')).status).toBe(200);
});

test('a base path is needed for requests and sockets', async () => {
  const bench = await start({ scenarios: ['sub-path'] });
  expect(bench.server.url).toMatch(/:\d+\/comfy$/);
  await bench.client.connect();
  await bench.client.finished(await bench.client.queue(mixGraph(bench)));
  expect((await fetch(`${new URL(bench.server.url).origin}/system_stats`)).status).toBe(404);
});
