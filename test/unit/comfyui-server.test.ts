import { afterEach, expect, test } from 'vitest';
import { type ComfyUIOptions, type ComfyUIServer, startComfyUI } from '../comfyui/server.ts';
import { BareClient } from './support/comfyuiClient.ts';
import { mixGraph } from './support/comfyuiGraph.ts';

const open: ComfyUIServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function start(options: ComfyUIOptions = {}): Promise<{ server: ComfyUIServer; client: BareClient }> {
  const server = await startComfyUI(options);
  open.push(server);
  return { server, client: new BareClient(server) };
}

test('a good run has the events of the contract in order', async () => {
  const { server, client } = await start({ previews: true });
  await client.connect(true);
  client.frames.length = 0;
  const images = [await client.upload('red'), await client.upload('blue')];
  const id = await client.queue(mixGraph({ images }));
  await client.finished(id);
  expect((await client.json(`/api/history/${id}`))[id].status.status_str).toBe('success');
  expect(server.files.map(({ type }) => type)).toEqual(['input', 'input', 'temp']);
});
