import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../sandbox/certificate.ts';
import { chaosPick } from '../sandbox/chaos.ts';
import { fixture, fixtureNames } from '../sandbox/fixtures.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox/sandbox.ts';
import { scenarios, scenarioTable } from '../sandbox/scenarios.ts';
import { stages } from '../sandbox/stages.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  open.push(sandbox);
  return sandbox;
}

const post = (url: string, body: unknown, type = 'application/json'): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
  });

const png = (color: string, width = 60, height = 40): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: color } })
    .png()
    .toBuffer();
const dataUri = (bytes: Buffer, type = 'image/png'): string => `data:${type};base64,${bytes.toString('base64')}`;

async function uploadV5(sandbox: Sandbox, color: string, extra = {}): Promise<string> {
  const body = { key: sandbox.key, image: dataUri(await png(color)), crop: 'false', ...extra };
  const { link } = await (await post(`${sandbox.baseUrl}/v3/base64_crop`, body)).json();
  return link;
}

async function orderV5(sandbox: Sandbox, change = {}): Promise<Record<string, unknown>> {
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
    ...change,
  };
}

const mixV5 = async (sandbox: Sandbox, change = {}): Promise<Response> =>
  await post(`${sandbox.baseUrl}/v5/img_mixer`, await orderV5(sandbox, change));
const bytesAt = async (url: string): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());
/** The code of the socket error below a failed fetch. */
const failureOf = async (work: Promise<unknown>): Promise<unknown> => {
  const error: unknown = await work.then(
    () => 'no failure',
    (reason: unknown) => reason,
  );
  return error instanceof Error && error.cause instanceof Error && 'code' in error.cause ? error.cause.code : error;
};

describe('the working service', () => {
  test('a v5 mix of two uploads succeeds at once, and its link returns an image of the requested size', async () => {
    const sandbox = await start({ strict: true });
    const body = await (await mixV5(sandbox)).json();
    expect(body).toMatchObject({ status: 'success', meta: { seed: 12345, W: 64, init_image_weights: '0.5,0.7' } });
    expect(await sharp(await bytesAt(body.output[0])).metadata()).toMatchObject({
      format: 'png',
      width: 64,
      height: 64,
    });
    expect(sandbox.requests.map(({ stage }) => stage)).toEqual(['upload', 'upload', 'mix', 'download']);
    expect(sandbox.requests[2]?.body).toMatchObject({ key: sandbox.key, prompt: 'rose man' });
  });

  test('a v6 mix takes an array, ignores weights, and uses the newer spelling', async () => {
    const sandbox = await start({ strict: true, scenarios: ['processing'] });
    const upload = { key: sandbox.key, base64_string: dataUri(await png('red')) };
    const { output } = await (await post(`${sandbox.baseUrl}/v6/base64_to_url`, upload)).json();
    const order = { key: sandbox.key, prompt: 'rose', init_image: output, width: 64, height: 64, samples: 1 };
    const raw = await (await post(`${sandbox.baseUrl}/v6/image_editing/img_mixer`, order)).text();
    expect(raw).toContain('\\/api\\/v6\\/image_editing\\/fetch\\/');
    const first = JSON.parse(raw);
    expect(first).toMatchObject({ status: 'processing', eta: 0.3, output: '', message: expect.any(String) });
    expect((await fetch(first.future_links[0])).status).toBe(404);
    const poll = (): Promise<Response> => post(first.fetch_result, { key: sandbox.key });
    expect(await (await poll()).text()).toBe(fixture('still-message').toString());
    await poll();
    expect(await (await poll()).json()).toEqual({
      status: 'success',
      id: first.id,
      output: first.future_links,
      proxy_links: '',
    });
    expect((await fetch(first.future_links[0])).status).toBe(200);
    const { data } = await (await post(`${sandbox.baseUrl}/wallet_balance`, { key: sandbox.key })).json();
    expect(data).toEqual({ balance: 9.525, currency: 'USD' });
  });

  test('the mix is real: the same request gives the same bytes, and seed, sample, weights and sources each change them', async () => {
    const sandbox = await start();
    const photo = dataUri(await noise(1));
    const other = dataUri(await noise(2));
    const mixed = async (change: object, image = photo): Promise<Buffer[]> => {
      const links = [await uploadV5(sandbox, 'red', { image }), await uploadV5(sandbox, 'red', { image: other })];
      const order = { init_image: links.join(','), ...change };
      const { output } = await (await mixV5(sandbox, order)).json();
      return await Promise.all(output.map(bytesAt));
    };
    const [once, again] = await mixed({ samples: 2 });
    const others = await Promise.all([
      mixed({ seed: 99 }),
      mixed({ init_image_weights: '0.9,0.1' }),
      mixed({}, dataUri(await noise(3))),
    ]);
    expect((await mixed({}))[0]).toEqual(once);
    expect(again).not.toEqual(once);
    for (const [different] of others) expect(different).not.toEqual(once);
  });

  test('the older upload route crops to a square unless crop is the string "false"', async () => {
    const sandbox = await start();
    const size = async (extra: object): Promise<number[]> => {
      const { width, height } = await sharp(await bytesAt(await uploadV5(sandbox, 'red', extra))).metadata();
      return [width, height];
    };
    expect(await size({})).toEqual([60, 40]);
    expect(await size({ crop: false })).toEqual([40, 40]);
    expect(await size({ crop: undefined })).toEqual([40, 40]);
  });

  test('a source at another loopback address is downloaded, and anything but an image is unreachable', async () => {
    const bytes = await png('green');
    const server = createServer((request, response) => response.end(request.url === '/a%2Cb.png' ? bytes : 'text'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ close: async () => void server.close() });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sandbox = await start();
    const mix = async (url: string): Promise<string> =>
      await (await mixV5(sandbox, { init_image: url, init_image_weights: '1' })).text();
    expect(JSON.parse(await mix(`${origin}/a%2Cb.png`)).status).toBe('success');
    expect(await mix(`${origin}/text`)).toBe(fixture('source-unreachable').toString());
  });

  test('a webhook on loopback is called when the generation ends, with the track id', async () => {
    const calls: string[] = [];
    const { promise, resolve } = deferred();
    const receiver = createServer(async (request, response) => {
      for await (const chunk of request) calls.push(String(chunk));
      response.end();
      if (calls.length === 2) resolve();
    });
    await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
    open.push({ close: async () => void receiver.close() });
    const webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const sandbox = await start({ scenarios: ['webhook-twice'] });
    const { output } = await (await mixV5(sandbox, { webhook, track_id: 7 })).json();
    await promise;
    expect(calls[0]).toBe(calls[1]);
    expect(JSON.parse(calls[0] ?? '')).toMatchObject({ status: 'success', output, track_id: 7 });
  });
});

describe('invalid requests', () => {
  test.each<[string, object, string]>([
    ['no prompt', { prompt: '' }, 'prompt'],
    ['no image', { init_image: undefined }, 'init_image'],
    ['a data URI among the images', { init_image: 'data:image/png;base64,AA==' }, 'init_image'],
    ['too few weights', { init_image_weights: '0.5' }, 'init_image_weights'],
    ["a weight that isn't a number", { init_image_weights: '0.5,x' }, 'init_image_weights'],
    ['a negative weight', { init_image_weights: '0.5,-1' }, 'init_image_weights'],
    ['a width above 1024', { width: 1025 }, 'width'],
    ['a width as a string', { width: '640' }, 'width'],
    ['no steps', { steps: 0 }, 'steps'],
    ['guidance above 20', { guidance_scale: 21 }, 'guidance_scale'],
    ["a seed that isn't a number", { seed: 'x' }, 'seed'],
    ['five samples', { samples: 5 }, 'samples'],
  ])('%s', async (_, change, field) => {
    const sandbox = await start();
    const answer = await mixV5(sandbox, change);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'error', message: { [field]: [expect.any(String)] } });
    expect(sandbox.generations).toHaveLength(0);
  });

  test('a seed as a decimal string and the 100 steps of the reference page are accepted', async () => {
    const sandbox = await start({ strict: true });
    const body = await (await mixV5(sandbox, { seed: '12345', steps: 100 })).json();
    expect(body.meta).toMatchObject({ seed: 12345, steps: 100 });
  });

  test('strict also rejects undocumented fields, weights and webhooks', async () => {
    for (const change of [{ scheduler: 'x' }, { init_image_weights: '0.5,2' }, { webhook: 'http://127.0.0.1/' }]) {
      expect((await (await mixV5(await start(), change)).json()).status).toBe('success');
      expect((await (await mixV5(await start({ strict: true }), change)).json()).status).toBe('error');
    }
  });

  test("a wrong key, a wrong content type and broken JSON are rejected in the service's words", async () => {
    const sandbox = await start();
    const mix = `${sandbox.baseUrl}/v5/img_mixer`;
    expect(await (await mixV5(sandbox, { key: 'wrong' })).text()).toBe(fixture('invalid-key').toString());
    const v6 = await post(`${sandbox.baseUrl}/v6/image_editing/img_mixer`, { key: 'wrong' });
    expect([v6.status, await v6.text()]).toEqual([401, fixture('invalid-key-401').toString()]);
    const order = JSON.stringify(await orderV5(sandbox));
    expect(await (await post(mix, order, 'text/plain')).text()).toBe(fixture('invalid-request').toString());
    expect(await (await post(mix, order.slice(1))).text()).toBe(fixture('invalid-request').toString());
    expect(sandbox.generations).toHaveLength(0);
  });

  test("an upload above 5 MB, or one that isn't an image, is rejected", async () => {
    const sandbox = await start();
    const upload = async (image: string): Promise<unknown> =>
      await (await post(`${sandbox.baseUrl}/v3/base64_crop`, { key: sandbox.key, image, crop: 'false' })).json();
    const large = Buffer.concat([await png('red'), Buffer.alloc(5 * 1024 * 1024)]);
    const refused = { status: 'error', message: { image: [expect.any(String)] } };
    expect(await upload(dataUri(large))).toEqual(refused);
    expect(await upload(dataUri(Buffer.from('text')))).toEqual(refused);
    expect(await upload('https://example.com/a.png')).toEqual(refused);
  });
});

describe('scenarios', () => {
  test('the documentation has the table of the scenarios, and names are unique', () => {
    const readme = readFileSync(new URL('../sandbox/README.md', import.meta.url), 'utf8');
    const narrow = (text: string): string => text.replace(/ +/g, ' ').replace(/-+/g, '-');
    expect(narrow(readme)).toContain(narrow(scenarioTable()));
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  });

  test('every fixture is JSON, listed, and named in the documentation', () => {
    const readme = readFileSync(new URL('../sandbox/README.md', import.meta.url), 'utf8');
    const files = readdirSync(new URL('../sandbox/fixtures/', import.meta.url)).filter((name) =>
      name.endsWith('.json'),
    );
    expect(files.map((name) => name.replace('.json', '')).sort()).toEqual([...fixtureNames].sort());
    for (const name of fixtureNames) {
      expect(() => JSON.parse(fixture(name).toString())).not.toThrow();
      expect(readme).toContain(`\`${name}.json\``);
    }
  });

  test('an unknown name is rejected', async () => {
    await expect((await start()).scenario('nonsense')).rejects.toThrow('"nonsense"');
    await expect(startSandbox({ scenarios: ['nonsense'] })).rejects.toThrow('"nonsense"');
  });

  test.each<[string, number, Parameters<typeof fixture>[0]]>([
    ['success-documented', 200, 'success-documented'],
    ['invalid-key', 200, 'invalid-key'],
    ['invalid-key-401', 401, 'invalid-key-401'],
    ['invalid-request-400', 400, 'invalid-request'],
    ['validation', 200, 'validation'],
    ['source-unreachable', 200, 'source-unreachable'],
    ['duplicate', 200, 'duplicate'],
    ['queue-full', 200, 'queue-full'],
    ['no-credits-402', 402, 'no-credits'],
    ['plan-required-403', 403, 'plan-required'],
    ['server-error', 200, 'server-error'],
    ['unavailable', 200, 'unavailable'],
    ['failed', 200, 'failed'],
    ['mix-500', 500, 'server-error'],
    ['mix-503-then-fine', 503, 'unavailable'],
    ['mix-429-then-fine', 429, 'queue-full'],
  ])('%s answers HTTP %i and the fixture byte for byte, and no work is done', async (name, status, body) => {
    const sandbox = await start({ scenarios: [name] });
    const answer = await mixV5(sandbox);
    expect(answer.status).toBe(status);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(fixture(body));
    expect(sandbox.generations).toHaveLength(0);
  });

  test('"once" means once for the same request, and `times` changes that', async () => {
    const sandbox = await start({ scenarios: ['mix-503-then-fine'] });
    const statuses = async (seed: number): Promise<number[]> => {
      const answers = [await mixV5(sandbox, { seed }), await mixV5(sandbox, { seed }), await mixV5(sandbox, { seed })];
      return answers.map(({ status }) => status);
    };
    expect(await statuses(1)).toEqual([503, 200, 200]);
    expect(await statuses(2)).toEqual([503, 200, 200]);
    await sandbox.scenario('mix-503-then-fine', { times: 2 });
    expect(await statuses(1)).toEqual([503, 503, 200]);
    await sandbox.reset();
    expect(await statuses(1)).toEqual([200, 200, 200]);
  });

  test("a duplicate within 30 s is rejected, and a later one isn't", async () => {
    let now = 0;
    const sandbox = await start({ scenarios: ['duplicate-filter'], now: () => now });
    const status = async (): Promise<string> => (await (await mixV5(sandbox)).json()).status;
    expect([await status(), await status()]).toEqual(['success', 'error']);
    now += 30_000;
    expect(await status()).toBe('success');
  });

  test('the queue takes five, and another one after one has ended', async () => {
    const sandbox = await start({ scenarios: ['queue-limit'] });
    const mixes = [];
    for (let seed = 0; seed < 6; seed++) mixes.push(await mixV5(sandbox, { seed }));
    expect(mixes.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    const first = await mixes[0]?.json();
    for (let poll = 0; poll < 3; poll++) await post(first.fetch_result, { key: sandbox.key });
    expect((await mixV5(sandbox, { seed: 6 })).status).toBe(200);
  });

  test('only the id of `fetch_result` is known, or it points to another origin, whose requests are recorded', async () => {
    const sandbox = await start({ scenarios: ['processing-other-id'] });
    const fetchOf = (id: number): string => `${sandbox.baseUrl}/v3/fetch/${id}`;
    const other = await (await mixV5(sandbox)).json();
    expect(await (await post(fetchOf(other.id), { key: sandbox.key })).text()).toBe(fixture('not-found').toString());
    expect((await (await post(other.fetch_result, { key: sandbox.key })).json()).status).toBe('processing');
    await sandbox.scenario('processing-other-origin');
    const foreign = await (await mixV5(sandbox, { seed: 2 })).json();
    expect(new URL(foreign.fetch_result).origin).toBe(sandbox.elsewhere);
    await post(foreign.fetch_result, { key: sandbox.key });
    expect(sandbox.requests.at(-1)).toMatchObject({ toService: false, stage: 'poll', body: { key: sandbox.key } });
    expect((await (await post(fetchOf(foreign.id), { key: sandbox.key })).json()).status).toBe('success');
  });

  test('links can be not ready at first, or have the wrong type, another format or a blank image', async () => {
    const sandbox = await start();
    const { output } = await (await mixV5(sandbox)).json();
    const link = output[0];
    await sandbox.scenario('download-not-ready-403');
    const statuses = [await fetch(link), await fetch(link), await fetch(link)].map(({ status }) => status);
    expect(statuses).toEqual([403, 403, 200]);
    await sandbox.scenario('download-text-plain');
    const plain = await fetch(link);
    expect(plain.headers.get('content-type')).toContain('text/plain');
    expect((await sharp(Buffer.from(await plain.arrayBuffer())).metadata()).format).toBe('png');
    await sandbox.scenario('download-webp');
    expect((await sharp(await bytesAt(link)).metadata()).format).toBe('webp');
    await sandbox.scenario('download-blank');
    const { channels } = await sharp(await bytesAt(link)).stats();
    expect(channels.every(({ min, max }) => min === max)).toBe(true);
  });

  test("expired uploads can't be mixed until they are uploaded again", async () => {
    const sandbox = await start({ scenarios: ['mix-expired'] });
    const order = await orderV5(sandbox);
    const mix = async (): Promise<string> => await (await post(`${sandbox.baseUrl}/v5/img_mixer`, order)).text();
    expect(await mix()).toBe(fixture('source-unreachable').toString());
    await orderV5(sandbox);
    expect(JSON.parse(await mix()).status).toBe('success');
  });
});

describe('network faults', () => {
  test('a reset before the headers or in the body happens after the work was done', async () => {
    const sandbox = await start({ scenarios: ['mix-reset'] });
    expect(await failureOf(mixV5(sandbox))).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(sandbox.generations).toHaveLength(1);
    await sandbox.scenario('mix-reset-body');
    const answer = await mixV5(sandbox);
    expect(answer.status).toBe(200);
    expect(await failureOf(answer.text())).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    expect(sandbox.generations).toHaveLength(2);
  });

  test('after the answer to the mix, nothing listens until the scenario ends', async () => {
    const sandbox = await start({ scenarios: ['poll-refused'] });
    const { fetch_result } = await (await mixV5(sandbox)).json();
    expect(await failureOf(post(fetch_result, { key: sandbox.key }))).toBe('ECONNREFUSED');
    await sandbox.reset();
    expect((await (await post(fetch_result, { key: sandbox.key })).json()).status).toBe('processing');
  });

  test('after the second upload, nothing listens, and links can point to a closed port', async () => {
    const sandbox = await start();
    await sandbox.scenario('mix-refused', { after: 2 });
    const order = await orderV5(sandbox);
    const mix = (): Promise<Response> => post(`${sandbox.baseUrl}/v5/img_mixer`, order);
    expect(await failureOf(mix())).toBe('ECONNREFUSED');
    await sandbox.reset();
    await sandbox.scenario('download-refused');
    const { output } = await (await mix()).json();
    expect(await failureOf(fetch(output[0]))).toBe('ECONNREFUSED');
  });

  test('a stalled request is received but never answered', async () => {
    const sandbox = await start({ scenarios: ['mix-stall'] });
    const control = new AbortController();
    const url = `${sandbox.baseUrl}/v5/img_mixer`;
    const body = JSON.stringify(await orderV5(sandbox));
    const headers = { 'content-type': 'application/json' };
    const mix = fetch(url, { method: 'POST', headers, body, signal: control.signal });
    await sandbox.waitFor('mix');
    control.abort(new Error('enough'));
    await expect(mix).rejects.toThrow('enough');
  });

  test('a held request waits until it is released', async () => {
    const sandbox = await start();
    const release = sandbox.hold('mix');
    const mix = mixV5(sandbox);
    expect((await sandbox.waitFor('mix')).stage).toBe('mix');
    expect(sandbox.generations).toHaveLength(0);
    release();
    expect((await mix).status).toBe(200);
  });

  test("a huge answer has 100 MB, half a body can't be parsed, and a redirect leads to the other origin", async () => {
    const sandbox = await start({ scenarios: ['mix-huge'] });
    let bytes = 0;
    for await (const chunk of (await mixV5(sandbox)).body ?? []) bytes += chunk.length;
    expect(bytes).toBeGreaterThan(100 * 1024 * 1024);
    await sandbox.scenario('mix-truncated');
    const half = await (await mixV5(sandbox)).text();
    expect(() => JSON.parse(half)).toThrow(SyntaxError);
    await sandbox.scenario('mix-redirect');
    const redirect = await mixV5(sandbox);
    expect([redirect.status, redirect.headers.get('location')]).toEqual([307, `${sandbox.elsewhere}/api/v5/img_mixer`]);
  });
});

test('over TLS, only clients that know its authority trust it', async () => {
  const { authority, ...certificate } = await makeCertificate();
  const sandbox = await start({ certificate, host: '::1' });
  const balance = async (options: { ca?: string }): Promise<unknown> => {
    const dispatcher = new Agent({ connect: options });
    open.push({ close: () => dispatcher.close() });
    const body = JSON.stringify({ key: sandbox.key });
    const headers = { 'content-type': 'application/json' };
    const url = `${sandbox.baseUrl}/wallet_balance`;
    return await (await request(url, { method: 'POST', headers, body, dispatcher })).body.json();
  };
  expect(sandbox.baseUrl).toMatch(/^https:\/\/\[::1\]:\d+\/api$/);
  expect(await balance({ ca: authority })).toMatchObject({ status: 'success' });
  await expect(balance({})).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
});

describe('chaos', () => {
  test('the same seed and request number give the same fault, and another seed gives others', () => {
    const draw = (seed: number): (string | undefined)[] =>
      stages.flatMap((stage) => Array.from({ length: 60 }, (_, n) => chaosPick(scenarios, seed, stage, n)?.name));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const met = draw(1).filter((name) => name !== undefined);
    expect(met.length / draw(1).length).toBeGreaterThan(0.15);
    expect(met.filter((name) => /stall|huge|slow|forever|documented/.test(name))).toEqual([]);
  });

  test('chaos affects requests', async () => {
    const sandbox = await start();
    const order = await orderV5(sandbox);
    await sandbox.scenario('chaos');
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const mix = post(`${sandbox.baseUrl}/v5/img_mixer`, { ...order, seed });
      const outcome = mix.then(
        async (answer) => `HTTP ${answer.status} ${/"message":|<h1>|"status":"success"/.exec(await answer.text())}`,
        () => 'cut off',
      );
      outcomes.add(await outcome.catch(() => 'cut off in the body'));
    }
    expect(outcomes.size).toBeGreaterThan(2);
  });
});

/** An image of seeded noise. */
async function noise(seed: number): Promise<Buffer> {
  let state = seed;
  const data = Buffer.from(
    Array.from({ length: 64 * 64 * 3 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    }),
  );
  return await sharp(data, { raw: { width: 64, height: 64, channels: 3 } })
    .png()
    .toBuffer();
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
