import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Messages } from '../../src/app/messages/messages.ts';
import type { ComfyuiClient } from '../../src/engines/comfyui/comfyuiClient.ts';
import type { Graph, GraphNode } from '../../src/engines/comfyui/graph.ts';
import { isUploadGone } from '../../src/engines/comfyui/promptFailure.ts';
import { serverAddress, socketRules, socketUrl } from '../../src/engines/comfyui/serverAddress.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { createNetwork } from '../../src/network/connections.ts';
import { type ComfyUIOptions, startComfyUI } from '../comfyui/server.ts';
import { clientOf, closing, startAnswering } from './support/comfyuiBench.ts';
import { mixGraph } from './support/comfyuiGraph.ts';
import { ForwardProxy } from './support/forwardProxy.ts';
import { png } from './support/hostedBench.ts';

const { signal } = new AbortController();
const secret = 'Bearer s3cret-0123';

async function startServer(options: ComfyUIOptions = {}) {
  const server = await startComfyUI(options);
  return closing(server, () => server.close());
}

async function start(options: ComfyUIOptions = {}) {
  const server = await startServer(options);
  return { server, client: clientOf(server.url).client };
}

/** Uploads two images. */
async function upload(client: ComfyuiClient): Promise<string[]> {
  const { default: sharp } = await import('sharp');
  return Promise.all(
    ['red', 'blue'].map(async (background) => {
      const image = sharp({ create: { width: 8, height: 8, channels: 3, background } });
      const bytes = new Uint8Array(await image.png().toBuffer());
      return client.upload({ name: `${background}.png`, subfolder: 'image-mixer', bytes }, signal);
    }),
  );
}

const ids = () => ({ clientId: randomUUID(), promptId: randomUUID() });

describe('addresses', () => {
  test.each([
    ['http://127.0.0.1:8188', 'http://127.0.0.1:8188'],
    [' https://gpu.example.com/comfy/ ', 'https://gpu.example.com/comfy'],
    ['http://0.0.0.0:8188/', 'http://127.0.0.1:8188'],
    ['http://[::]:8188', 'http://[::1]:8188'],
    ['http://192.168.1.20:8188', 'http://192.168.1.20:8188'],
    ['http://100.101.1.2:8188', 'http://100.101.1.2:8188'],
    ['http://[fd00::5]:8188', 'http://[fd00::5]:8188'],
    ['http://gpu-box.local:8188/a/b', 'http://gpu-box.local:8188/a/b'],
  ])('%s is %s', (written, base) => {
    expect(serverAddress(written)).toMatchObject({ url: written, base, origin: new URL(base).origin });
    expect(socketUrl(serverAddress(written), 'id').href).toBe(`${base.replace('http', 'ws')}/ws?clientId=id`);
  });

  test.each([
    ['', 'comfyui-bad-url'],
    ['127.0.0.1:8188', 'comfyui-bad-url'],
    ['ftp://127.0.0.1', 'comfyui-bad-url'],
    ['http://me:secret@127.0.0.1:8188', 'comfyui-bad-url'],
    ['http://127.0.0.1:8188/?token=secret', 'comfyui-bad-url'],
    ['http://127.0.0.1:8188/#', 'comfyui-bad-url'],
    ['http://8.8.8.8:8188', 'comfyui-insecure-url'],
    ['http://[2606:4700::1111]', 'comfyui-insecure-url'],
    ['http://[::ffff:8.8.8.8]:8188', 'comfyui-insecure-url'],
    ['http://224.0.0.1', 'comfyui-insecure-url'],
  ])('%s is refused', (written, reason) => {
    let failure: unknown;
    try {
      serverAddress(written);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ key: `network/${reason}`, retryable: false });
    expect(new Messages().failure(failure)).toContain('imageMixer.comfyui.servers');
    expect(new Messages().failure(failure)).not.toContain('secret');
  });

  test('any text is an address or refused, and plain http never has a public address', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((path) => `https://gpu.example.com/${path}`),
          fc.ipV4().map((ip) => `http://${ip}:8188`),
        ),
        (text) => {
          try {
            const { base, origin } = serverAddress(text);
            expect(new URL(base).origin).toBe(origin);
            const host = /^http:\/\/(\d+)\.(\d+)\.\d+\.\d+(?::\d+)?$/.exec(origin);
            if (host) expect([10, 100, 127, 169, 172, 192]).toContain(Number(host[1]));
          } catch (error) {
            if (!(error instanceof MixFailure)) throw error;
          }
        },
      ),
    );
  });

  test('plain http connects to private addresses only, whatever a name resolves to, and never through a proxy', async () => {
    const { lookup } = socketRules(serverAddress('http://gpu-box:8188'), 1000);
    const resolve = (host: string) =>
      new Promise((done) => lookup?.(host, { all: true }, (error, found) => done(error ?? found)));
    expect(await resolve('8.8.8.8')).toMatchObject({ key: 'network/comfyui-insecure-url', args: { host: '8.8.8.8' } });
    expect(await resolve('192.168.0.7')).toEqual([{ address: '192.168.0.7', family: 4 }]);
    expect(socketRules(serverAddress('https://gpu.example.com'), 1000)).toEqual({ timeout: 1000 });

    const proxy = await ForwardProxy.start({ routes: {} });
    closing(proxy, () => proxy.close());
    const written = { text: proxy.url, setting: 'http.proxy' };
    const rules = {
      httpProxy: written,
      httpsProxy: written,
      noProxy: [],
      verifyCertificates: true,
      systemCertificates: false,
    };
    const connect = createNetwork(() => rules);
    const ask = (url: string) =>
      clientOf(url, { connect, authorization: async () => secret }).client.systemStats(signal);
    await expect(ask('http://gpu.invalid:8188')).rejects.toMatchObject({ key: 'network/dns' });
    expect(proxy.seen).toEqual([]);
    await expect(ask('https://gpu.invalid')).rejects.toMatchObject({ key: 'network/proxy-refused' });
    expect(proxy.seen).toMatchObject([{ what: 'CONNECT gpu.invalid:443' }]);
  });
});

test('a server tells what it is and has', async () => {
  const { server, client } = await start({
    modelMetadata: { 'sd_xl_base_1.0.safetensors': { 'modelspec.title': 'XL' } },
  });
  expect(await client.systemStats(signal)).toEqual({
    version: '0.3.64',
    devices: [{ name: 'cuda:0 Stand-in', memory: 8 * 1024 ** 3, freeMemory: 7 * 1024 ** 3 }],
  });
  const lists = await client.nodeInfo('CheckpointLoaderSimple', signal);
  expect(lists?.inputs.get('ckpt_name')).toMatchObject({ type: 'COMBO', choices: server.settings.models.checkpoints });
  server.configure({ comboLists: true });
  expect(await client.nodeInfo('CheckpointLoaderSimple', signal)).toEqual(lists);
  const sampler = await client.nodeInfo('KSampler', signal);
  expect(sampler?.inputs.get('steps')).toMatchObject({
    type: 'INT',
    min: 1,
    max: 10000,
    required: true,
    choices: undefined,
  });
  expect((await client.nodeInfo('PreviewImage', signal))?.isOutput).toBe(true);
  expect(await client.nodeInfo('NoSuchNode', signal)).toBeUndefined();
  const metadata = await client.metadata('checkpoints', 'sd_xl_base_1.0.safetensors', signal);
  expect([...(metadata ?? [])]).toEqual([['modelspec.title', 'XL']]);
  expect(await client.metadata('checkpoints', 'v1-5-pruned-emaonly.safetensors', signal)).toBeUndefined();
});

test('images go up, a prompt is queued and ends in the history, and its file comes down', async () => {
  const { server, client } = await start();
  const images = await upload(client);
  expect(images).toEqual(['image-mixer/red.png', 'image-mixer/blue.png']);
  expect(await upload(client)).toEqual(images);
  const other = { name: 'red.png', subfolder: 'image-mixer', bytes: png('other') };
  expect(await client.upload(other, signal)).toBe('image-mixer/red (1).png');

  const hold = server.hold({ at: 'step', step: 1 });
  const [first, second] = [ids(), ids()];
  const graph = mixGraph({ images });
  expect(await client.submit({ graph, ...first }, signal)).toEqual({
    kind: 'accepted',
    promptId: first.promptId,
    number: 0,
    problems: [],
  });
  await hold.reached;
  await client.submit({ graph: mixGraph({ images, seed: 8 }), ...second }, signal);
  expect(await client.queueLength(signal)).toBe(2);
  const queue = await client.queue(signal);
  expect([queue?.running, queue?.pending].map((items) => items?.map(({ id }) => id))).toEqual([
    [first.promptId],
    [second.promptId],
  ]);
  expect(await client.history(first.promptId, signal)).toBeUndefined();
  hold.release();
  await server.idle();
  const entry = await client.history(first.promptId, signal);
  expect(entry?.outcome).toBe('success');
  const [file] = entry?.images.get('out') ?? [];
  if (!file) throw new Error('The prompt has no result');
  expect((await client.view(file, signal))?.subarray(1, 4)).toEqual(new Uint8Array(Buffer.from('PNG')));
  server.removeFiles('temp');
  expect(await client.view(file, signal)).toBeUndefined();
});

test('the queue is in the order in which prompts run', async () => {
  const item = (number: number) => [number, `id-${number}`, {}, {}, []];
  const { url } = await startAnswering((response) => {
    response.end(JSON.stringify({ queue_running: [], queue_pending: [item(-3), item(9), item(2), item(10)] }));
  });
  const queue = await clientOf(url).client.queue(signal);
  expect(queue?.pending.map(({ number }) => number)).toEqual([-3, 2, 9, 10]);
});

test('cancels exactly its own prompt, queued or running', async () => {
  for (const version of ['0.3.64', '0.30.0']) {
    const { server, client } = await start({ version });
    const images = await upload(client);
    const hold = server.hold({ at: 'step', step: 1 });
    const stranger = server.queueStranger({ clientId: 'other', steps: 1 });
    await hold.reached;
    const [mine, other] = [ids(), ids()];
    await client.submit({ graph: mixGraph({ images }), ...mine }, signal);
    await client.submit({ graph: mixGraph({ images, seed: 8 }), ...other }, signal);
    await client.cancel(mine.promptId, signal);
    await client.cancel(randomUUID(), signal);
    expect(server.queue).toEqual([stranger, other.promptId]);
    const next = server.hold({ at: 'step', step: 2 });
    hold.release();
    expect(await next.reached).toBe(other.promptId); // the stranger has a single step
    await client.cancel(other.promptId, signal);
    next.release();
    await server.idle();
    expect((await client.history(other.promptId, signal))?.outcome).toBe('interrupted');
    expect((await client.history(stranger, signal))?.outcome).toBe('success');
  }
});

describe('what goes wrong', () => {
  test.each([
    [{ kind: 'login-redirect' }, undefined, 'unexpected-response/sign-in'],
    [{ kind: 'login-page' }, undefined, 'unexpected-response/sign-in'],
    [{ kind: 'authorization', value: 'Bearer other' }, undefined, 'unexpected-response/sign-in'],
    [{ kind: 'authorization', value: 'Bearer other' }, secret, 'invalid-api-key/comfyui'],
    [{ kind: 'other-server' }, undefined, 'unexpected-response/not-comfyui'],
  ] as const)('%j with authorization %s', async (door, authorization, key) => {
    const server = await startServer({ door });
    const { client } = clientOf(server.url, { authorization: async () => authorization });
    await expect(client.systemStats(signal)).rejects.toMatchObject({ key });
    expect(server.requests).toHaveLength(1); // no redirect was followed
  });

  test('a server that is down, lost or slow to answer', async () => {
    const { server, client } = await start();
    await client.systemStats(signal);
    await server.stop();
    const failure = await client.systemStats(signal).catch((error: unknown) => error);
    expect(failure).toMatchObject({ key: 'network/comfyui-refused', retryable: true });
    expect(new Messages().failure(failure)).toContain(new URL(server.url).host);
    const aborted = AbortSignal.abort(new Error('stop'));
    await expect(client.systemStats(aborted)).rejects.toThrow('stop');
  });

  test.each([
    [500, 'service-unavailable/comfyui'],
    [502, 'service-unavailable/comfyui-gateway'],
    [524, 'service-unavailable/comfyui-gateway'],
    [404, 'unexpected-response/not-comfyui'],
    [413, 'image-too-large/comfyui'],
    [429, 'service-unavailable/comfyui'],
  ])('HTTP %d', async (status, key) => {
    const { url } = await startAnswering((response) => response.writeHead(status).end('<h1>/home/me/ComfyUI</h1>'));
    const failure = await clientOf(url)
      .client.queue(signal)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ key });
    expect(new Messages().failure(failure)).not.toContain('/home');
  });

  test('an upload over the limit', async () => {
    const { client } = await start({ uploadLimit: 1000 });
    const big = { name: 'a.png', subfolder: '', bytes: new Uint8Array(2000) };
    await expect(client.upload(big, signal)).rejects.toMatchObject({ key: 'image-too-large/comfyui' });
  });

  test.each(['0.3.64', '0.30.0'])('a graph that version %s refuses', async (version) => {
    const { server, client } = await start({ version });
    const images = await upload(client);
    const submit = (graph: ReturnType<typeof mixGraph>) => client.submit({ graph, ...ids() }, signal);
    const refused = async (graph: ReturnType<typeof mixGraph>) => {
      const answer = await submit(graph);
      if (answer.kind !== 'refused') throw new Error(`The server ${answer.kind} the graph`);
      expect(new Messages().failure(answer.failure)).not.toMatch(/[{}]|\/home|\/models/);
      return answer;
    };
    expect((await refused(mixGraph({ images, checkpoint: 'no.safetensors' }))).failure).toMatchObject({
      key: 'missing-model/value',
      args: { input: 'ckpt_name', value: 'no.safetensors' },
    });
    expect((await refused(mixGraph({ images, steps: 0 }))).failure).toMatchObject({
      key: 'invalid-request/comfyui-node',
      args: { node: 'KSampler', input: 'steps', problem: 'value smaller than min' },
    });
    const titled = (graph: Graph): Graph => {
      const nodes = Object.entries(graph).map(([id, node]): [string, GraphNode] => {
        return [id, node.class_type === 'LoadImage' ? { ...node, _meta: { title: 'mix:image 1' } } : node];
      });
      return Object.fromEntries(nodes);
    };
    const graph = titled(mixGraph({ images: ['image-mixer/red.png', 'image-mixer/gone.png'] }));
    expect(isUploadGone((await refused(graph)).problems, graph)).toBe(true);
    const other = titled(mixGraph({ images, steps: 0 }));
    expect(isUploadGone((await refused(other)).problems, other)).toBe(false);
    server.configure({ missingClasses: ['IPAdapter'] });
    expect((await refused(mixGraph({ images }))).failure).toMatchObject({
      key: 'missing-model/node',
      args: { node: expect.stringMatching(/^IPAdapter/) },
    });
  });

  test('a prompt whose reply is lost may have arrived, one that was never sent has not', async () => {
    const { server, client } = await start({ fault: { kind: 'lose-reply' } });
    const graph = mixGraph({ images: await upload(client) });
    const sent = ids();
    expect(await client.submit({ graph, ...sent }, signal)).toMatchObject({
      kind: 'unknown',
      failure: { key: 'network/connection' },
    });
    await server.idle();
    expect((await client.history(sent.promptId, signal))?.outcome).toBe('success');
    await server.stop();
    const unsent = clientOf(server.url).client.submit({ graph, ...ids() }, signal);
    await expect(unsent).rejects.toMatchObject({ key: 'network/comfyui-refused' });
  });

  test('whatever a server answers, a call ends in a value or a typed failure', async () => {
    let answer = { status: 200, type: 'application/json', body: Buffer.alloc(0) };
    const { url } = await startAnswering((response) => {
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
    });
    const { client } = clientOf(url);
    const calls: ((text: string) => Promise<unknown>)[] = [
      () => client.systemStats(signal),
      () => client.nodeInfo('KSampler', signal),
      () => client.metadata('checkpoints', 'a', signal),
      () => client.upload({ name: 'a"\r\n.png', subfolder: 'x', bytes: png() }, signal),
      () => client.submit({ graph: {}, ...ids() }, signal),
      () => client.queue(signal),
      () => client.queueLength(signal),
      (id) => client.history(id, signal),
      () => client.view({ filename: 'a', subfolder: '', type: 'temp' }, signal),
      () => client.cancel('id', signal),
    ];
    const key = fc.constantFrom(
      'KSampler',
      'input',
      'required',
      'system',
      'devices',
      'queue_running',
      'queue_pending',
      'error',
      'type',
      'node_errors',
      'outputs',
      'status',
      'messages',
      'images',
      '__proto__',
      'id',
      'prompt_id',
      'exec_info',
      'queue_remaining',
      'extra_info',
      'errors',
      'message',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.double(),
        fc.string(),
        fc.boolean(),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(fc.oneof(key, fc.string()), tie('value'), { maxKeys: 5 }),
    }));
    const body = fc.oneof(
      value.map((json) => Buffer.from(JSON.stringify(json))),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    const status = fc.oneof(fc.constant(200), fc.constantFrom(200, 201, 204, 301, 400, 401, 404, 405, 413, 500, 503));
    const type = fc.constantFrom('application/json', 'text/plain', 'text/html');
    await fc.assert(
      fc.asyncProperty(
        body,
        status,
        type,
        fc.nat(calls.length - 1),
        fc.string(),
        async (body, status, type, at, text) => {
          answer = { status, type, body: status === 204 ? Buffer.alloc(0) : body };
          await calls[at]?.(text).catch((error: unknown) => {
            if (!(error instanceof MixFailure)) throw error;
          });
        },
      ),
      { numRuns: 400 },
    );
  });
});

test('the authorization goes to its server alone, over HTTP and the socket, under the sub-path, without Origin or cookies', async () => {
  const server = await startServer({ basePath: '/comfy', door: { kind: 'authorization', value: secret } });
  const asked: string[] = [];
  const engine = clientOf(`${server.url}/`, {
    authorization: async (origin) => {
      asked.push(origin);
      return origin === new URL(server.url).origin ? secret : undefined;
    },
  });
  await engine.client.systemStats(signal);
  await upload(engine.client);
  const stop = engine.socket.subscribe('none', () => {});
  expect(await engine.socket.opened()).toBe(true);
  stop();
  expect(new Set(asked)).toEqual(new Set([new URL(server.url).origin]));
  expect(server.requests.map(({ url }) => url.split('?')[0])).toEqual([
    '/comfy/api/system_stats',
    '/comfy/api/upload/image',
    '/comfy/api/upload/image',
    '/comfy/ws',
  ]);
  for (const { headers } of server.requests) {
    expect(headers.authorization).toBe(secret);
    expect(headers).not.toHaveProperty('origin');
    expect(headers).not.toHaveProperty('cookie');
    expect(headers).not.toHaveProperty('sec-fetch-site');
  }
});
