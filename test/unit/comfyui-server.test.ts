import { isDeepStrictEqual } from 'node:util';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { mixGraph } from './support/comfyuiGraph.ts';
import { run, type Started, start, viewOf } from './support/comfyuiServers.ts';

/** The average color of a prompt's first result. */
async function colorOf(bench: Started, entry: Awaited<ReturnType<typeof run>>): Promise<number[]> {
  return (await sharp(await viewOf(bench, entry)).stats()).channels.map(({ mean }) => Math.round(mean));
}

describe('a good run', () => {
  test('has the events of the contract in order, and history only at its end', async () => {
    const { server, client, images } = await start({ previews: true });
    await client.connect(true);
    const hold = server.hold({ at: 'history' });
    const id = await client.queue(mixGraph({ images, steps: 2 }));
    expect(await hold.reached).toBe(id);
    await client.frame('execution_success');
    expect(await client.json(`/api/history/${id}`)).toEqual({});
    hold.release();
    await client.finished(id);

    const types = client.frames.map(({ type }) => type).join(' ');
    expect(types).toMatch(
      /^status feature_flags status status execution_start execution_cached progress_state executing /,
    );
    expect(types).toContain(
      'executing progress_state binary 4 progress progress_state binary 4 progress progress_state progress_state executing',
    );
    expect(types).toMatch(/executing executed progress_state execution_success status executing$/);
    const entry = (await client.json(`/history/${id}`))[id];
    expect(entry.status).toMatchObject({ status_str: 'success', completed: true });
    expect(entry.prompt.slice(0, 2)).toEqual([0, id]);
    expect(entry.outputs.out.images).toEqual([
      { filename: 'ComfyUI_temp_qwxyz_00001_.png', subfolder: '', type: 'temp' },
    ]);

    const { bytes } = await client.frame('binary 4');
    const length = bytes.readUInt32BE(4);
    expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toMatchObject({ node_id: 'ks', prompt_id: id });
    expect(await sharp(bytes.subarray(8 + length)).metadata()).toMatchObject({
      format: 'jpeg',
      width: 512,
      height: 512,
    });
  });

  test('mixes by the weights, the same way each time, and puts the graph into the PNG', async () => {
    const bench = await start();
    const red = await run(bench, mixGraph({ images: bench.images, weights: [0.8, 0] }));
    expect(await colorOf(bench, red)).toEqual([255, 0, 0]);
    const both = await viewOf(bench, await run(bench, mixGraph({ images: bench.images })));
    expect(both.toString('latin1')).toContain('tEXtprompt\0{"out"');
    const again = await start();
    expect(await viewOf(again, await run(again, mixGraph({ images: again.images })))).toEqual(both);
    const other = await viewOf(bench, await run(bench, mixGraph({ images: bench.images, weights: [0.7, 0.1] })));
    expect(other).not.toEqual(both);
  });

  test('only clients that asked for it get previews with metadata, and none are sent unless they are on', async () => {
    const { client, images } = await start({ previews: true });
    await client.connect();
    await client.finished(await client.queue(mixGraph({ images })));
    const preview = await client.frame('binary 1');
    expect(preview.bytes.readUInt32BE(4)).toBe(1);
    expect((await sharp(preview.bytes.subarray(8)).metadata()).format).toBe('jpeg');

    const quiet = await start();
    await quiet.client.connect(true);
    await quiet.client.finished(await quiet.client.queue(mixGraph({ images })));
    expect(quiet.client.frames.some(({ type }) => type.startsWith('binary'))).toBe(false);
  });
});

describe('cache', () => {
  test('a repeated graph runs nothing and names the old files, which may be gone', async () => {
    const bench = await start();
    const { server, client, images } = bench;
    await client.connect();
    const graph = mixGraph({ images });
    const first = await run(bench, graph);
    const runs = server.runs.length;
    const renamed = Object.fromEntries(
      Object.entries(graph).map(([id, node]) => [
        `n-${id}`,
        { ...node, inputs: relinked(node.inputs), _meta: { title: id } },
      ]),
    );
    client.frames.length = 0;
    const second = await run(bench, renamed);
    expect(server.runs).toHaveLength(runs);
    expect(second.outputs['n-out']).toEqual(first.outputs.out);
    expect((await client.frame('executed')).data).toMatchObject({ node: 'n-out', output: first.outputs.out });
    expect((await client.frame('execution_cached')).data.nodes).toHaveLength(runs);

    const forced = { ...graph, out: { ...graph.out, inputs: { ...graph.out?.inputs, _run: 1 } } };
    const third = await run(bench, forced);
    expect(server.runs.slice(runs).map(({ nodeId }) => nodeId)).toEqual(['out']);
    expect(third.outputs.out).not.toEqual(first.outputs.out);

    server.removeFiles('temp');
    const query = new URLSearchParams((await run(bench, forced)).outputs.out.images[0]);
    expect((await client.get(`/view?${query}`)).status).toBe(404);
  });

  test('other bytes under the same name, and freed memory, make the nodes run again', async () => {
    const bench = await start();
    const { server, client, images } = bench;
    await run(bench, mixGraph({ images }));
    await client.upload('lime', { overwrite: 'true' }, 'red.png');
    const before = server.runs.length;
    await run(bench, mixGraph({ images }));
    expect(server.runs.slice(before).map(({ nodeId }) => nodeId)).toEqual([
      'img0',
      'prep0',
      'par0',
      'comb',
      'ipa',
      'ks',
      'dec',
      'out',
    ]);
    await client.post('/free', { free_memory: true });
    await run(bench, mixGraph({ images }));
    expect(server.runs).toHaveLength(before + 8 + Object.keys(mixGraph({ images })).length);
  });
});

function relinked(inputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, Array.isArray(value) ? [`n-${value[0]}`, value[1]] : value]),
  );
}

describe('validation', () => {
  /** The answer to a graph with one node's inputs or class changed. */
  async function refusal({ client, images }: Started, id: string, change: object, classType?: string) {
    const graph = mixGraph({ images });
    const node = graph[id];
    const changed = {
      ...graph,
      [id]: { class_type: classType ?? node?.class_type, inputs: { ...node?.inputs, ...change } },
    };
    const response = await client.post('/prompt', { prompt: changed, client_id: client.id });
    return { status: response.status, ...(await response.json()) };
  }

  test('every fault of a node is named at that node, with its outputs', async () => {
    const bench = await start();
    const faults: [string, object, string, string?][] = [
      ['ckpt', { ckpt_name: 'gone.safetensors' }, 'value_not_in_list'],
      ['ks', { steps: 0 }, 'value_smaller_than_min'],
      ['ks', { cfg: 100.5 }, 'value_bigger_than_max'],
      ['ks', { denoise: undefined }, 'required_input_missing'],
      ['ks', { seed: 'seven' }, 'invalid_input_type'],
      ['ks', { model: ['ckpt', 1] }, 'return_type_mismatch'],
      ['ks', { model: ['ckpt'] }, 'bad_linked_input'],
      ['ks', { model: ['nowhere', 0] }, 'exception_during_inner_validation'],
      ['out', { images: ['nowhere', 0] }, 'exception_during_validation'],
      ['img0', { image: 'red.png [temp]' }, 'custom_validation_failed'],
      ['par0', { weight_type: undefined }, 'required_input_missing'],
    ];
    for (const [id, change, type] of faults) {
      const { status, error, node_errors } = await refusal(bench, id, change);
      expect([status, error.type], type).toEqual([400, 'prompt_outputs_failed_validation']);
      expect(Object.keys(node_errors), type).toEqual([id]);
      expect(node_errors[id].errors.map((one: { type: string }) => one.type)).toEqual([type]);
      expect(node_errors[id].dependent_outputs).toEqual(['out']);
    }
    const { node_errors } = await refusal(bench, 'img0', { image: 'gone.png' });
    expect(node_errors.img0.errors[0].details).toBe('image - Invalid image file: gone.png');
    expect(bench.server.runs).toEqual([]);
    expect((await run(bench, mixGraph({ images: bench.images }))).status.status_str).toBe('success');
  });

  test('a long list is left out of the error', async () => {
    const checkpoints = Array.from({ length: 21 }, (_, i) => `model-${i}.safetensors`);
    const bench = await start({ models: { checkpoints } });
    const { node_errors } = await refusal(bench, 'ckpt', { ckpt_name: 'gone.safetensors' });
    expect(node_errors.ckpt.errors[0]).toMatchObject({
      details: "ckpt_name: 'gone.safetensors' not in (list of length 21)",
      extra_info: { input_name: 'ckpt_name', input_config: null },
    });
  });

  test.each([
    ['0.3.64', 'invalid_prompt', {}, 'Cannot execute because node NoSuchNode does not exist.'],
    ['0.38.1', 'missing_node_type', { node_id: 'ipa', class_type: 'NoSuchNode', node_title: 'NoSuchNode' }, undefined],
  ])('version %s calls a missing class %s', async (version, type, info, message) => {
    const { status, error, node_errors } = await refusal(await start({ version }), 'ipa', {}, 'NoSuchNode');
    expect(status).toBe(400);
    expect(error).toMatchObject({ type, details: "Node ID '#ipa'", extra_info: info, ...(message ? { message } : {}) });
    expect(node_errors).toEqual({});
  });

  test('COMBO lists are checked by new versions only; then the node fails at run time', async () => {
    const old = await start({ scenarios: ['combo-lists'] });
    const { status } = await refusal(old, 'load', { preset: 'no such preset' });
    expect(status).toBe(200);
    await old.server.idle();
    expect(old.server.runs.map(({ nodeId }) => nodeId)).not.toContain('ks');
    const fresh = await start({ scenarios: ['combo-lists', 'new-version'] });
    const { node_errors } = await refusal(fresh, 'load', { preset: 'no such preset' });
    expect(node_errors.load.errors[0].type).toBe('value_not_in_list');
    expect((await fresh.client.json('/object_info/KSampler')).KSampler.input.required.scheduler[0]).toBe('COMBO');
  });

  test('one bad output of two is dropped with status 200', async () => {
    const bench = await start();
    const graph = {
      ...mixGraph({ images: bench.images }),
      bad: { class_type: 'SaveImage', inputs: { images: ['dec', 0] } },
    };
    const response = await bench.client.post('/prompt', { prompt: graph });
    const { prompt_id, node_errors } = await response.json();
    expect([response.status, Object.keys(node_errors)]).toEqual([200, ['bad']]);
    await bench.server.idle();
    expect(Object.keys((await bench.client.json(`/history/${prompt_id}`))[prompt_id].outputs)).toEqual(['out']);
  });

  test('requests without a usable graph', async () => {
    const { client, server } = await start();
    const typeOf = async (body: unknown): Promise<string> =>
      (await (await client.post('/prompt', body)).json()).error.type;
    expect(await typeOf({})).toBe('no_prompt');
    expect(await typeOf({ prompt: { a: { class_type: 'EmptyLatentImage', inputs: {} } } })).toBe('prompt_no_outputs');
    const loop = (next: string) => ({ class_type: 'VAEDecode', inputs: { samples: [next, 0], vae: [next, 0] } });
    const cycle = { a: loop('b'), b: loop('a'), out: { class_type: 'PreviewImage', inputs: { images: ['a', 0] } } };
    expect(await typeOf({ prompt: cycle })).toBe('prompt_outputs_failed_validation');
    server.scenario('new-version');
    expect(await typeOf({ prompt: cycle })).toBe('dependency_cycle');
    const broken = await fetch(`${server.url}/prompt`, { method: 'POST', body: '{"prompt":' });
    expect([broken.status, broken.headers.get('content-type')]).toEqual([500, 'text/plain; charset=utf-8']);
  });

  test('new versions accept only UUIDs; older ones choose the id themselves', async () => {
    const { client, server, images } = await start();
    const graph = mixGraph({ images });
    const post = async (id: unknown) => (await client.post('/prompt', { prompt: graph, prompt_id: id })).json();
    expect((await post('any-id')).prompt_id).toBe('any-id');
    server.scenario('old-prompt-ids');
    expect((await post('any-id')).prompt_id).toMatch(/^[0-9a-f-]{36}$/);
    server.scenario('new-version');
    expect((await post('any-id')).error.type).toBe('invalid_prompt_id');
    expect((await post(client.id.toUpperCase())).error.type).toBe('invalid_prompt_id');
    expect((await post(client.id)).prompt_id).toBe(client.id);
    expect((await post(null)).prompt_id).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('queue', () => {
  test('runs by number, jumps ahead for the front, and forgets deleted prompts without a trace', async () => {
    const { client, server, images } = await start();
    await client.connect();
    const hold = server.hold({ at: 'step', step: 1 });
    const graph = (seed: number) => mixGraph({ images, seed });
    const running = await client.queue(graph(1));
    await hold.reached;
    const [second, third, fourth] = [
      await client.queue(graph(2)),
      await client.queue(graph(3)),
      await client.queue(graph(4)),
    ];
    const front = await client.queue(graph(5), { front: true });
    expect(server.queue).toEqual([running, front, second, third, fourth]);
    const queue = await client.json('/queue');
    expect(queue.queue_running[0].slice(0, 2)).toEqual([0, running]);
    expect(queue.queue_running[0][4]).toEqual(['out']);
    expect(queue.queue_pending.map((item: unknown[]) => item[0])).toEqual([-4, 3, 2, 1]);
    expect(await client.json('/prompt')).toEqual({ exec_info: { queue_remaining: 5 } });

    expect((await client.post('/queue', { delete: [second, running, 'unknown'] })).status).toBe(200);
    expect(server.queue).toEqual([running, front, third, fourth]);
    hold.release();
    await server.idle();
    expect(await client.json(`/history/${second}`)).toEqual({});
    expect(client.frames.some(({ data }) => data.prompt_id === second)).toBe(false);
    const started = client.frames.filter(({ type }) => type === 'execution_start').map(({ data }) => data.prompt_id);
    expect(started).toEqual([running, front, third, fourth]);
  });

  test('a second prompt with the same id overwrites the history of the first', async () => {
    const bench = await start();
    const { client, server, images } = bench;
    await client.queue(mixGraph({ images, seed: 1 }), { prompt_id: 'same' });
    await client.queue(mixGraph({ images, seed: 2 }), { prompt_id: 'same' });
    await server.idle();
    expect((await client.json('/history/same')).same.prompt[2].ks.inputs.seed).toBe(2);
  });

  test('an interrupt stops only the prompt that it names, and the history tells it from a failure', async () => {
    const bench = await start();
    const { client, server, images } = bench;
    await client.connect();
    const hold = server.hold({ at: 'step', step: 2 });
    const id = await client.queue(mixGraph({ images }));
    await hold.reached;
    expect((await client.post('/interrupt', { prompt_id: 'another' })).status).toBe(200);
    expect(server.queue).toEqual([id]);
    await client.post('/interrupt', { prompt_id: id });
    await client.finished(id);
    const { status } = (await client.json(`/history/${id}`))[id];
    expect(status).toMatchObject({ status_str: 'error', completed: false });
    expect(status.messages.map(([type]: string[]) => type)).toEqual([
      'execution_start',
      'execution_cached',
      'execution_interrupted',
    ]);
    expect((await client.frame('execution_interrupted')).data).toMatchObject({ node_id: 'ks', node_type: 'KSampler' });
    hold.release();
    expect((await run(bench, mixGraph({ images }))).status.completed).toBe(true);
  });

  test('before 0.3.57, an interrupt stops whatever runs', async () => {
    const { client, server, images } = await start({ scenarios: ['old-interrupt'] });
    const hold = server.hold({ at: 'step', step: 1 });
    const id = await client.queue(mixGraph({ images }));
    await hold.reached;
    await client.post('/interrupt', { prompt_id: 'another' });
    await server.idle();
    expect((await client.json(`/history/${id}`))[id].status.completed).toBe(false);
  });

  test('a loading node is not interruptible', async () => {
    const { client, server, images } = await start();
    const hold = server.hold({ at: 'node', classType: 'CheckpointLoaderSimple' });
    const id = await client.queue(mixGraph({ images }));
    await hold.reached;
    await client.post('/interrupt', {});
    expect(server.queue).toEqual([id]);
    hold.release();
    await server.idle();
    expect(server.runs.at(-1)?.nodeId).toBe('ckpt');
  });

  test('newer versions have jobs, and cancel them in any state', async () => {
    const { client, server, images } = await start();
    expect((await client.get('/api/jobs/x')).status).toBe(404);
    expect((await client.post('/api/jobs/x/cancel', {})).status).toBe(405);
    server.scenario('new-version');
    const hold = server.hold({ at: 'step', step: 1 });
    const [first, second] = [
      await client.queue(mixGraph({ images })),
      await client.queue(mixGraph({ images, seed: 2 })),
    ];
    await hold.reached;
    expect((await client.json(`/api/jobs/${first}`)).status).toBe('in_progress');
    expect((await client.json(`/api/jobs/${second}`)).status).toBe('pending');
    for (const id of [second, first]) {
      expect(await (await client.post(`/api/jobs/${id}/cancel`, {})).json()).toEqual({ cancelled: true });
    }
    await server.idle();
    expect((await client.json(`/api/jobs/${first}`)).status).toBe('cancelled');
    expect((await client.get(`/api/jobs/${second}`)).status).toBe(404);
    expect(await (await client.post(`/api/jobs/${first}/cancel`, {})).json()).toEqual({ cancelled: false });
    hold.release();
    const third = await client.queue(mixGraph({ images, seed: 3 }));
    await server.idle();
    expect(await client.json(`/api/jobs/${third}`)).toMatchObject({ status: 'completed', outputs_count: 1 });
  });
});

describe('sockets', () => {
  test("a prompt without a client id broadcasts its progress and bare previews, and no other's events reach a client", async () => {
    const { client, server } = await start({ previews: true });
    await client.connect(true);
    const stranger = server.queueStranger();
    await server.idle();
    const empty = { status: { exec_info: { queue_remaining: 0 } } };
    await client.until(() => client.frames.filter(({ data }) => isDeepStrictEqual(data, empty)).length === 1);
    expect((await client.frame('progress')).data.prompt_id).toBe(stranger);
    const types = new Set(client.frames.map(({ type }) => type));
    expect([...types].sort()).toEqual(['binary 1', 'feature_flags', 'progress', 'progress_state', 'status']);
    client.frames.length = 0;
    server.queueStranger({ clientId: 'somebody' });
    await server.idle();
    await client.frame('status', ({ data }) => isDeepStrictEqual(data, empty));
    expect(client.frames.filter(({ type }) => type !== 'status')).toEqual([]);
  });

  test('if the old socket closes after the new one opened, the new one gets nothing more', async () => {
    const { client, server, images } = await start();
    const old = await client.connect();
    await client.connect();
    expect(server.sockets).toEqual([client.id]);
    old.close();
    await server.waitForSockets(0);
    const frames = client.frames.length;
    await client.queue(mixGraph({ images }));
    await server.idle();
    expect(client.frames).toHaveLength(frames);
  });

  test('if the old socket is closed first, progress resumes, with the running node', async () => {
    const { client, server, images } = await start();
    const old = await client.connect();
    const hold = server.hold({ at: 'step', step: 1 });
    const id = await client.queue(mixGraph({ images }));
    await hold.reached;
    old.close();
    await server.waitForSockets(0);
    client.frames.length = 0;
    await client.connect();
    expect((await client.frame('executing')).data).toEqual({ node: 'ks' });
    hold.release();
    await client.finished(id);
    expect(client.frames.map(({ type }) => type)).not.toContain('execution_start');
  });

  test('a refused upgrade is a closing with 1006', async () => {
    const { client } = await start({ scenarios: ['no-websocket'] });
    const socket = new WebSocket(`${client.server.url.replace('http', 'ws')}/ws?clientId=x`);
    const { code } = await new Promise<{ code: number }>((resolve) => socket.addEventListener('close', resolve));
    expect(code).toBe(1006);
    expect((await client.get('/system_stats')).status).toBe(200);
  });
});

describe('restart', () => {
  test('loses queue, history, cache, temp files and sockets; input and output files stay', async () => {
    const bench = await start();
    const { client, server, images } = bench;
    const socket = await client.connect();
    const done = await run(bench, mixGraph({ images }));
    await client.upload('lime', { type: 'temp', subfolder: 'mix' });
    const withTemp = mixGraph({ images: [...images, 'mix/lime.png [temp]'] });
    expect((await run(bench, withTemp)).status.completed).toBe(true);
    const hold = server.hold({ at: 'step', step: 1 });
    await client.queue(mixGraph({ images, seed: 2 }));
    await client.queue(mixGraph({ images, seed: 3 }));
    await hold.reached;

    const closed = new Promise<{ code: number }>((resolve) => socket.addEventListener('close', resolve));
    await server.restart();
    hold.release();
    expect((await closed).code).toBe(1006);
    expect(server.queue).toEqual([]);
    expect(await client.json('/history')).toEqual({});
    expect(await client.json('/queue')).toEqual({ queue_running: [], queue_pending: [] });
    expect(server.files.map(({ name }) => name)).toEqual(images);
    expect(done.outputs.out.images[0].type).toBe('temp');
    const refused = await client.post('/prompt', { prompt: withTemp });
    expect((await refused.json()).node_errors.img2.errors[0].type).toBe('custom_validation_failed');
    const runs = server.runs.length;
    expect((await run(bench, mixGraph({ images }))).status.completed).toBe(true);
    expect(server.runs.length - runs).toBe(Object.keys(mixGraph({ images })).length);
  });

  test('a stopped server refuses connections until it starts', async () => {
    const { client, server } = await start();
    await server.stop();
    await expect(client.get('/system_stats')).rejects.toThrow('fetch failed');
    await server.start();
    expect((await client.get('/system_stats')).status).toBe(200);
  });
});

describe('files', () => {
  test('uploads: the same bytes keep the name, others get a number, and overwriting replaces', async () => {
    const { client, server } = await start();
    expect(await client.upload('red')).toBe('red.png');
    expect(await client.upload('lime', {}, 'red.png')).toBe('red (1).png');
    expect(await client.upload('lime', { overwrite: '1' }, 'red.png')).toBe('red.png');
    expect(server.files.map(({ name }) => name)).toEqual(['red.png', 'blue.png', 'red (1).png']);
    const status = async (fields: Record<string, string>, name = 'x.png'): Promise<number> => {
      const form = new FormData();
      if (name !== '') form.set('image', new File(['x'], name));
      for (const [key, value] of Object.entries(fields)) form.set(key, value);
      return (await fetch(`${server.url}/upload/image`, { method: 'POST', body: form })).status;
    };
    expect(await status({}, '')).toBe(400);
    expect(await status({ subfolder: '../elsewhere' })).toBe(400);
    expect(await status({ type: 'elsewhere' })).toBe(500);
    expect(await status({ subfolder: 'mix', type: 'output' })).toBe(200);
  });

  test('a body over the limit gets 413, whatever the route', async () => {
    const { client, server, images } = await start({ uploadLimit: 4000 });
    const response = await client.post('/prompt', { prompt: mixGraph({ images }), padding: 'x'.repeat(4000) });
    expect(response.status).toBe(413);
    expect(await response.text()).toMatch(/^Maximum request body size 4000 exceeded, actual body size \d+$/);
    expect(server.queue).toEqual([]);
    expect((await client.json('/features')).max_upload_size).toBe(4000);
  });

  test('downloads: types, previews, and the errors for bad names', async () => {
    const { client } = await start();
    const status = async (query: string): Promise<number> => (await client.get(`/view?${query}`)).status;
    expect((await client.get('/view?filename=red.png&type=input')).headers.get('content-type')).toBe('image/png');
    const preview = await client.get('/view?filename=red.png&type=input&preview=webp;90');
    expect(preview.headers.get('content-type')).toBe('image/webp');
    expect(await status('filename=../red.png&type=input')).toBe(400);
    expect(await status('filename=red.png&type=input&subfolder=../x')).toBe(403);
    expect(await status('filename=gone.png&type=input')).toBe(404);
  });
});
