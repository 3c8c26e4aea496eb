import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { MixFailure } from '../../src/mix/failure.ts';
import { FastClock } from './support/clocks.ts';
import { closing } from './support/comfyuiBench.ts';
import { comfyuiTask, JobContext, startEngine } from './support/comfyuiJobs.ts';

/** What the server does wrong. `$ID` stands for the prompt's id. */
interface Damage {
  /** The requests that it happens to, by the beginning of their path. */
  readonly path: string;
  /** How many such requests are answered well before. */
  readonly after: number;
  readonly status: number;
  readonly body: string | Uint8Array;
  readonly frames: readonly (string | Uint8Array)[];
}

/** A server between the engine and a good one, which damages what passes. */
async function startDamaging(target: string) {
  let damage: Damage | undefined;
  let seen = 0;
  let promptId = '';
  const sockets = new Set<WebSocket>();
  const withId = (text: string) => text.replaceAll('$ID', promptId);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const path = (request.url ?? '').replace('/api', '');
    const isPrompt = request.method === 'POST' && path === '/prompt';
    if (isPrompt) promptId = /"prompt_id":"([^"]+)"/.exec(body.toString())?.[1] ?? '';
    if (isPrompt) {
      for (const socket of sockets) {
        for (const frame of damage?.frames ?? []) socket.send(typeof frame === 'string' ? withId(frame) : frame);
      }
    }
    if (damage && path.startsWith(damage.path) && seen++ >= damage.after) {
      const { status, body: damaged } = damage;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(status === 204 ? undefined : typeof damaged === 'string' ? withId(damaged) : damaged);
      return;
    }
    const { method = 'GET', headers } = request;
    const good = await fetch(`${target}${request.url}`, {
      method,
      headers: { 'content-type': headers['content-type'] ?? 'text/plain' },
      ...(method === 'POST' ? { body } : {}),
    });
    response.writeHead(good.status, { 'content-type': good.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await good.arrayBuffer()));
  };
  const http = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  const ws = new WebSocketServer({ server: http });
  ws.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo; // never a string, because the server listens on TCP
  return closing(
    {
      url: `http://127.0.0.1:${port}`,
      start(next: Damage) {
        damage = next;
        seen = 0;
      },
    },
    async () => {
      ws.close();
      for (const socket of sockets) socket.terminate();
      http.closeAllConnections();
      http.close();
    },
  );
}

const names = ['$ID', 'prompt_id', 'queue_running', 'queue_pending', 'outputs', 'result', 'images', 'filename', 'type'];
const words = [
  'node_errors',
  'status',
  'status_str',
  'messages',
  'error',
  'data',
  'node',
  'nodes',
  'value',
  'max',
  'name',
];
const types = [
  'execution_start',
  'progress',
  'progress_state',
  'executing',
  'executed',
  'execution_success',
  'execution_error',
];
const text = fc.oneof(fc.constantFrom(...names, ...words, ...types, 'success', 'temp', '..'), fc.string());
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.double(),
    fc.boolean(),
    text,
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  object: fc.dictionary(text, tie('value'), { maxKeys: 5 }),
}));
const id = fc.constant('$ID');
/** Answers that are nearly good. */
const likely = fc.oneof(
  fc.record({ prompt_id: fc.oneof(id, value), number: value, node_errors: value }),
  fc.record({ queue_running: fc.array(fc.tuple(fc.double(), id, value), { maxLength: 1 }), queue_pending: value }),
  fc.record({ $ID: fc.record({ outputs: value, status: fc.record({ status_str: text, messages: value }) }) }),
  fc.record({ $ID: fc.record({ outputs: fc.record({ result: fc.record({ images: value }) }), status: value }) }),
  fc.record({ name: value, subfolder: value, type: value }),
  fc.record({ error: fc.record({ type: text, message: text, extra_info: value }), node_errors: value }),
);
const json = fc.oneof(value, likely).map((one) => JSON.stringify(one));
const frame = fc.oneof(
  fc
    .record({
      type: text,
      data: fc.oneof(value, fc.record({ prompt_id: id, node: value, value, max: value, nodes: value, output: value })),
    })
    .map((one) => JSON.stringify(one)),
  fc.uint8Array({ maxLength: 40 }),
  json,
);
const damages: fc.Arbitrary<Damage> = fc.record({
  path: fc.constantFrom('/prompt', '/queue', '/history', '/view', '/upload', '/object_info', '/system_stats', '/'),
  after: fc.nat(3),
  status: fc.constantFrom(200, 200, 200, 204, 400, 404, 500),
  body: fc.oneof(json, fc.uint8Array({ maxLength: 200 })),
  frames: fc.array(frame, { maxLength: 4 }),
});

test('whatever a server says, a job ends with a result or a failure, and can be canceled', async () => {
  const good = await startEngine();
  const damaging = await startDamaging(good.server.url);
  const fine = new JobContext();
  await good.engine.run(comfyuiTask(), fine);
  expect(fine.results).toHaveLength(1);
  await fc.assert(
    fc.asyncProperty(damages, fc.nat(), async (damage, seed) => {
      damaging.start(damage);
      const engine = good.again({ servers: () => [damaging.url], clock: new FastClock(5000) });
      const context = new JobContext();
      // A prompt that a server says is waiting is waited for without end.
      const canceled = new Error('canceled');
      const timer = setTimeout(() => context.controller.abort(canceled), 2_000);
      const error: unknown = await engine.run(comfyuiTask({ seed: seed % 1000, steps: 1 }), context).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      clearTimeout(timer);
      if (error === undefined) expect(context.results).toHaveLength(1);
      else if (error !== canceled && !(error instanceof MixFailure)) throw error;
      expect(context.results.length).toBeLessThanOrEqual(1);
      await engine.dispose();
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 60) },
  );
});
