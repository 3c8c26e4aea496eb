import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { fixture } from '../sandbox/fixtures.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox/sandbox.ts';

const open: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
});

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  open.push(sandbox);
  return sandbox;
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

const picture = async (color: string, width = 90, height = 60): Promise<string> => {
  const png = await sharp({ create: { width, height, channels: 3, background: color } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
};

async function uploadV5(sandbox: Sandbox, color: string): Promise<string> {
  const body = { key: sandbox.key, image: await picture(color), crop: 'false' };
  const { link } = await (await post(`${sandbox.baseUrl}/v3/base64_crop`, body)).json();
  return link;
}

async function orderV5(sandbox: Sandbox): Promise<Record<string, unknown>> {
  return {
    key: sandbox.key,
    prompt: 'rose man',
    negative_prompt: '',
    init_image: `${await uploadV5(sandbox, 'red')},${await uploadV5(sandbox, 'blue')}`,
    init_image_weights: '0.5,0.7',
    width: 64,
    height: 64,
    steps: 30,
    guidance_scale: 7.5,
    seed: 12345,
    samples: 1,
    webhook: null,
    track_id: null,
  };
}

test('a v5 mix of two uploads succeeds at once, and its link leads to a picture of the size that was ordered', async () => {
  const sandbox = await start();
  const order = await orderV5(sandbox);
  const body = await (await post(`${sandbox.baseUrl}/v5/img_mixer`, order)).json();
  expect(body).toMatchObject({ status: 'success', meta: { seed: 12345, W: 64, init_image: order.init_image } });
  const link = await fetch(body.output[0]);
  expect(await sharp(Buffer.from(await link.arrayBuffer())).metadata()).toMatchObject({ width: 64, height: 64 });
  expect(sandbox.requests.map(({ stage }) => stage)).toEqual(['upload', 'upload', 'mix', 'download']);
});

test('a processing mix is still running for two fetches, then its links come without meta', async () => {
  const sandbox = await start({ scenarios: ['processing'] });
  const first = await (await post(`${sandbox.baseUrl}/v5/img_mixer`, await orderV5(sandbox))).json();
  expect(first).toMatchObject({ status: 'processing', eta: 0.3, output: [] });
  const poll = async (): Promise<string> => await (await post(first.fetch_result, { key: sandbox.key })).text();
  expect(await poll()).toBe(fixture('still-messege').toString());
  expect(await poll()).toBe(fixture('still-messege').toString());
  const last = JSON.parse(await poll());
  expect(last).toEqual({ status: 'success', id: first.id, output: [expect.stringContaining('/generations/')] });
});

test('a wrong key is refused in the words of the service, and nothing is made', async () => {
  const sandbox = await start();
  const order = { ...(await orderV5(sandbox)), key: 'wrong' };
  const answer = await post(`${sandbox.baseUrl}/v5/img_mixer`, order);
  expect([answer.status, await answer.text()]).toEqual([200, fixture('invalid-key').toString()]);
  expect(sandbox.generations).toHaveLength(0);
});
