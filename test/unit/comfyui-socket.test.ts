import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { SocketEvent } from '../../src/engines/comfyui/socket.ts';
import { readMessage } from '../../src/engines/comfyui/wire/frames.ts';
import { type ComfyUIOptions, startComfyUI } from '../comfyui/server.ts';
import { ManualClock } from './support/clocks.ts';
import { clientOf, closing, comfyuiServices } from './support/comfyuiBench.ts';
import { mixGraph } from './support/comfyuiGraph.ts';
import { png } from './support/hostedBench.ts';

const { signal } = new AbortController();

/** A server, the engine's side of it, and the events of one prompt. */
async function start(options: ComfyUIOptions = {}) {
  const server = await startComfyUI(options);
  closing(server, () => server.close());
  const clock = new ManualClock();
  const services = comfyuiServices({ clock });
  const engine = clientOf(server.url, services);
  const upload = (name: string) => engine.client.upload({ name, subfolder: '', bytes: png() }, signal);
  const images = [await upload('a.png'), await upload('b.png')];
  return { server, engine, clock, images, logged: services.logged };
}
type Bench = Awaited<ReturnType<typeof start>>;

/** Subscribes to a new prompt. */
function follow({ engine }: Bench, promptId = randomUUID()) {
  const events: SocketEvent[] = [];
  const waiting = new Set<() => void>();
  const stop = engine.socket.subscribe(promptId, (event) => {
    events.push(event);
    for (const check of waiting) check();
  });
  const seen = (kind: SocketEvent['kind'], count = 1) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (events.filter((event) => event.kind === kind).length >= count) resolve();
      };
      waiting.add(check);
      check();
    });
  return { promptId, events, stop, seen };
}

async function queue({ engine, images }: Bench, promptId: string, seed = 7) {
  const { clientId } = engine.socket;
  const answer = await engine.client.submit({ graph: mixGraph({ images, seed }), clientId, promptId }, signal);
  expect(answer.kind).toBe('accepted');
}

test('one socket tells each job the events of its own prompt, with its previews', async () => {
  const bench = await start({ previews: true, extraEvents: true });
  const { server, engine } = bench;
  const [first, second] = [follow(bench), follow(bench)];
  expect(await engine.socket.opened()).toBe(true);
  expect(server.sockets).toEqual([engine.socket.clientId]);
  server.queueStranger(); // without a client id, so that its progress and previews are broadcast
  await queue(bench, first.promptId);
  await Promise.all([first.seen('finished'), server.idle()]);
  const kinds = first.events.map(({ kind }) => kind).filter((kind) => kind !== 'queue' && kind !== 'connected');
  expect(kinds.slice(0, 2)).toEqual(['start', 'cached']);
  expect(kinds.slice(-2)).toEqual(['success', 'finished']);
  expect(kinds.filter((kind) => kind === 'preview')).toHaveLength(3); // one a step, none of the stranger's
  const preview = first.events.find((event) => event.kind === 'preview');
  expect(preview?.image.mime).toBe('image/jpeg');
  expect(preview?.image.bytes.subarray(0, 2)).toEqual(new Uint8Array([0xff, 0xd8]));
  const steps = first.events.filter((event) => event.kind === 'progress' && event.node === 'ks');
  expect(steps.at(-1)).toMatchObject({ value: 3, max: 3 });
  const output = first.events.find((event) => event.kind === 'executed' && event.images.length > 0);
  expect(output).toMatchObject({ node: 'out', images: [{ type: 'temp' }] });
  expect(second.events.filter(({ kind }) => kind !== 'queue' && kind !== 'connected')).toEqual([]);
});

test("without feature flags, previews belong to the prompt that runs, and a stranger's are dropped", async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closing(server, async () => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // never a string, because the server listens on TCP
  const events: SocketEvent[] = [];
  const ended = Promise.withResolvers<void>();
  const { socket } = clientOf(`http://127.0.0.1:${port}`);
  socket.subscribe('mine', (event) => {
    events.push(event);
    if (event.kind === 'finished') ended.resolve();
  });
  const [peer] = await once(server, 'connection');
  const preview = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xd8]);
  const send = (type: string, data: object) => peer.send(JSON.stringify({ type, data }));
  peer.send(preview); // of nobody
  send('progress', { prompt_id: 'theirs', node: '1', value: 1, max: 2 });
  peer.send(preview);
  send('execution_start', { prompt_id: 'mine' });
  peer.send(preview);
  send('execution_error', { prompt_id: 'mine', exception_type: 'torch.OutOfMemoryError', node_id: 5 });
  peer.send(preview);
  send('executing', { prompt_id: 'mine', node: null });
  await ended.promise;
  expect(events.map(({ kind }) => kind)).toEqual(['connected', 'start', 'preview', 'failed', 'finished']);
  expect(events[3]).toMatchObject({
    error: { exceptionType: 'torch.OutOfMemoryError', node: '5', exceptionMessage: '' },
  });
});

test('a lost socket is opened again with the same id after a pause, and events go on', async () => {
  const bench = await start();
  const { server, engine, clock } = bench;
  const mine = follow(bench);
  await engine.socket.opened();
  const hold = server.hold({ at: 'step', step: 1 });
  await queue(bench, mine.promptId);
  await hold.reached;
  server.dropSockets();
  await mine.seen('disconnected');
  expect(engine.socket.isOpen).toBe(false);
  await clock.waitForSleep(1_000);
  clock.advance(1_000);
  await mine.seen('connected', 2);
  hold.release();
  await mine.seen('finished');
  expect(server.requests.filter(({ upgrade }) => upgrade).map(({ url }) => url)).toEqual(
    [1, 2].map(() => `/ws?clientId=${engine.socket.clientId}`),
  );
});

test('the pauses between attempts grow while a server refuses the socket', async () => {
  const bench = await start({ door: { kind: 'no-websocket' } });
  const mine = follow(bench);
  expect(await bench.engine.socket.opened()).toBe(false);
  for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]) {
    await bench.clock.waitForSleep(pause);
    bench.clock.advance(pause);
  }
  await bench.clock.waitForSleep(30_000);
  bench.server.configure({ door: { kind: 'open' } });
  bench.clock.advance(30_000);
  await mine.seen('connected');
});

test('a silent socket is closed before the next one opens, so that the server keeps the new one', async () => {
  const bench = await start();
  const { server, engine } = bench;
  const mine = follow(bench);
  await engine.socket.opened();
  const hold = server.hold({ at: 'step', step: 1 });
  await queue(bench, mine.promptId);
  await hold.reached;
  server.silenceSockets();
  engine.socket.renew();
  await mine.seen('connected', 2);
  expect(server.sockets).toEqual([engine.socket.clientId]);
  hold.release();
  await mine.seen('finished');
});

test('the socket is closed some seconds after its last use, and opened again for the next', async () => {
  const bench = await start();
  const first = follow(bench);
  await first.seen('connected');
  first.stop();
  await bench.clock.waitForSleep(5_000);
  bench.clock.advance(4_000);
  expect(bench.engine.socket.isOpen).toBe(true);
  bench.clock.advance(1_000);
  await nextTurn(); // it begins to close
  const second = follow(bench);
  await second.seen('connected');
  await queue(bench, second.promptId);
  await second.seen('finished');
  expect(bench.server.requests.filter(({ upgrade }) => upgrade)).toHaveLength(2);
});

const prompt = { prompt_id: 'p' };
test.each([
  ['status', { status: { exec_info: { queue_remaining: 2 } }, sid: 'x' }, { kind: 'queue', length: 2 }],
  ['executing', { node: null, ...prompt }, { kind: 'prompt', promptId: 'p', event: { kind: 'finished' } }],
  ['executing', { node: '4', ...prompt }, { kind: 'prompt', promptId: 'p', event: { kind: 'executing', node: '4' } }],
  ['executing', { node: '4' }, { kind: 'other' }],
  [
    'executed',
    { node: 'out', output: null, ...prompt },
    { kind: 'prompt', promptId: 'p', event: { kind: 'executed', node: 'out', images: [] } },
  ],
  ['crystools.monitor', { any: 1 }, { kind: 'other' }],
  ['progress', { value: 1 }, undefined],
])('%s %j', (type, data, expected) => {
  expect(readMessage(JSON.stringify({ type, data }))).toEqual(expected);
});

test('any frame at all is a message or ignored', () => {
  const types = ['status', 'executing', 'executed', 'progress', 'progress_state', 'execution_error', 'feature_flags'];
  const json = fc.record({ type: fc.constantFrom(...types), data: fc.oneof(fc.jsonValue(), fc.object()) });
  const frame = fc.oneof(
    json.map((value) => JSON.stringify(value)),
    fc.string(),
    fc.tuple(fc.constantFrom(0, 1, 2, 3, 4), fc.nat(), fc.uint8Array()).map(([type, second, rest]) => {
      const bytes = new Uint8Array(8 + rest.length);
      new DataView(bytes.buffer).setUint32(0, type);
      new DataView(bytes.buffer).setUint32(4, second % 40);
      bytes.set(rest, 8);
      return bytes.buffer;
    }),
    fc.uint8Array({ maxLength: 9 }).map((bytes) => new Uint8Array(bytes).buffer),
  );
  fc.assert(
    fc.property(frame, (data) => {
      const message = readMessage(data);
      expect(message === undefined || typeof message.kind === 'string').toBe(true);
    }),
    { numRuns: 1000 },
  );
});
