import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import type { ComfyuiLogEvent } from '../../../src/engines/comfyui/comfyuiEngine.ts';
import { ComfyuiServer, type ServerServices } from '../../../src/engines/comfyui/comfyuiServer.ts';
import { serverAddress } from '../../../src/engines/comfyui/serverAddress.ts';
import { ServerPool } from '../../../src/engines/comfyui/serverPool.ts';
import { createNetwork } from '../../../src/network/connections.ts';
import { ManualClock } from './clocks.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Closes something after the test. */
export function closing<T>(value: T, close: () => Promise<unknown>): T {
  open.push(close);
  return value;
}

/** What a client of the engine needs, with direct connections and a clock that stands still. */
export function comfyuiServices(changes: Partial<ServerServices> = {}) {
  const log: ComfyuiLogEvent[] = [];
  const clock = new ManualClock();
  return {
    connect: createNetwork(),
    authorization: async () => undefined,
    clock,
    newId: randomUUID,
    log: (event: ComfyuiLogEvent) => void log.push(event),
    logged: log,
    ...changes,
  };
}

/** The engine's side of a server. It's closed after the test. */
export function clientOf(url: string, changes: Partial<ServerServices> = {}): ComfyuiServer {
  const server = new ComfyuiServer(serverAddress(url), comfyuiServices(changes));
  return closing(server, () => server.dispose());
}

/** A pool over these servers. It's closed after the test. */
export function poolOf(urls: () => readonly string[], changes: Partial<ServerServices> = {}) {
  const services = comfyuiServices(changes);
  const pool = new ServerPool({ ...services, servers: urls });
  return closing({ pool, ...services }, () => pool.dispose());
}

/** Starts an HTTP server whose every answer is what `answer` sends at the time. */
export async function startAnswering(answer: (response: ServerResponse, url: string) => void) {
  const server = createServer((request, response) => {
    request.resume().once('end', () => answer(response, request.url ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // never a string, because the server listens on TCP
  return closing({ url: `http://127.0.0.1:${port}` }, async () => {
    server.closeAllConnections();
    server.close();
  });
}
