import { afterEach, expect } from 'vitest';
import { type ComfyUIOptions, type ComfyUIServer, startComfyUI } from '../../comfyui/server.ts';
import { BareClient } from './comfyuiClient.ts';

const open: ComfyUIServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

/** A server with a client that has uploaded two images. */
export interface Started {
  readonly server: ComfyUIServer;
  readonly client: BareClient;
  readonly images: readonly string[];
}

/** Starts a server that's closed after the test. */
export async function start(options: ComfyUIOptions = {}): Promise<Started> {
  const server = await startComfyUI(options);
  open.push(server);
  const client = new BareClient(server);
  return { server, client, images: [await client.upload('red'), await client.upload('blue')] };
}

/** Queues a graph, waits until the server is idle, and returns the prompt's history. */
export async function run({ client }: Started, graph: unknown) {
  const id = await client.queue(graph);
  await client.server.idle();
  return (await client.json(`/api/history/${id}`))[id];
}

/** The bytes of a prompt's first result. */
export async function viewOf({ client }: Started, { outputs }: { outputs: Outputs }): Promise<Buffer> {
  const response = await client.get(`/api/view?${new URLSearchParams(Object.values(outputs)[0]?.images[0])}`);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

type Outputs = Readonly<Record<string, { readonly images: readonly Record<string, string>[] }>>;
