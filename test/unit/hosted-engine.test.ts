import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JobSuspended } from '../../src/engines/engine.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { requestErrorOf } from '../../src/network/requestError.ts';
import { apiKey, failureOf, HostedBench, png, RecordingContext, taskOf, webSource } from './support/hostedBench.ts';
import { json, raw, reset, ScriptedService } from './support/scriptedService.ts';

let service: ScriptedService;
let bench: HostedBench;
beforeEach(async () => {
  service = await ScriptedService.start();
  bench = await HostedBench.start(service.baseUrl);
});
afterEach(async () => {
  await bench.close();
  await service.close();
});

const success = (...names: string[]) => ({
  status: 'success',
  id: 349,
  output: names.map((name) => service.resultUrl(name)),
});
const processing = (more: object = {}) => ({ status: 'processing', eta: 4, id: 12, output: [], ...more });

test('submits the documented request and delivers the result', async () => {
  service.script('mix', success('a'));
  service.script('result', raw(png('one'), 200, { 'content-type': 'text/plain' }));
  const context = new RecordingContext();
  const sources = [
    webSource('https://example.com/a,b.png?x=1', 0.3),
    webSource('https://example.com/boy.png', 0.1 + 0.6),
  ];
  await bench.engine.run(
    taskOf({ negativePrompt: 'city', width: 800, height: 600, webhook: 'https://h.example/', trackId: 7 }, sources),
    context,
  );
  expect(service.requestsFor('mix')).toHaveLength(1);
  expect(service.requestsFor('mix')[0]).toMatchObject({
    path: '/api/v5/img_mixer',
    body: {
      key: apiKey,
      prompt: 'rose man',
      negative_prompt: 'city',
      init_image: 'https://example.com/a%2Cb.png?x=1,https://example.com/boy.png',
      init_image_weights: '0.3,0.7',
      width: 800,
      height: 600,
      steps: 30,
      guidance_scale: 7.5,
      seed: 12345,
      samples: 1,
      webhook: 'https://h.example/',
      track_id: '7',
    },
  });
  expect(context.results).toMatchObject([
    { index: 0, seed: 12345, format: 'png', serviceId: '349', engineVersion: 'v5' },
  ]);
  expect(Buffer.from(context.results[0]?.bytes ?? []).includes('one')).toBe(true);
  expect(context.phases).toBe('posting answered');
});

test('polls after the estimate, then with growing delays, at the URL that the service gave', async () => {
  service.script('mix', processing({ fetch_result: `${service.baseUrl}/v3/fetch/13?s=1` }));
  service.script(
    'fetch',
    { status: 'processing' },
    { status: 'processing' },
    json({ status: 'error', message: 'Rate limit exceeded', retry_after: 25 }, 429),
    success('a'),
  );
  service.script('result', raw(png()));
  const context = new RecordingContext();
  await bench.engine.run(taskOf(), context);
  expect(bench.clock.sleeps).toEqual([4_000, 2_000, 2_800, 25_000]);
  expect(service.requestsFor('fetch').map(({ path }) => path)).toEqual(Array(4).fill('/api/v3/fetch/13?s=1'));
  expect(service.requestsFor('fetch')[0]?.body).toEqual({ key: apiKey });
  expect(context.phases).toBe('posting accepted answered');
  expect(context.progresses).toContainEqual({ stage: 'mixing', etaSeconds: 4 });
});

test('never sends the key to another origin, even if the fetch URL has it', async () => {
  const stranger = await ScriptedService.start();
  service.script('mix', processing({ fetch_result: `${stranger.baseUrl}/v3/fetch/13` }));
  service.script('fetch', success('a'));
  service.script('result', raw(png()));
  await bench.engine.run(taskOf(), new RecordingContext());
  expect(stranger.requests).toEqual([]);
  expect(service.requestsFor('fetch')[0]?.path).toBe('/api/v3/fetch/12');
  await stranger.close();
});

test('follows redirects only within the origin', async () => {
  const stranger = await ScriptedService.start();
  service.script('mix', (response) => response.writeHead(308, { location: '/api/v5/img_mixer/' }).end(), success('a'));
  service.script('result', raw(png()));
  await bench.engine.run(taskOf(), new RecordingContext());
  expect(service.requestsFor('mix').map(({ path }) => path)).toEqual(['/api/v5/img_mixer', '/api/v5/img_mixer/']);

  service.script('mix', (response) => response.writeHead(307, { location: `${stranger.baseUrl}/v5/img_mixer` }).end());
  const failure = await failureOf(bench.engine.run(taskOf({ seed: 2 }), new RecordingContext()));
  expect(failure).toMatchObject({
    key: 'unexpected-response/redirected',
    args: { target: stranger.origin },
  });
  expect(stranger.requests).toEqual([]);
  await stranger.close();
});

test('uploads a file once, and again only if the upload is lost or expired', async () => {
  service.script('upload', { status: 'success', messege: 'image uploaded', link: 'https://cdn.example/up,1.jpg' });
  service.script('mix', success('a'));
  service.script('result', raw(png()));
  const source = await bench.file('rose.png');
  const sources = [source, webSource('https://example.com/boy.png')];
  const context = new RecordingContext();
  await bench.engine.run(taskOf({}, sources), context);
  expect(service.requestsFor('upload')[0]).toMatchObject({
    path: '/api/v3/base64_crop',
    body: { key: apiKey, crop: 'false' },
  });
  expect(String(service.requestsFor('upload')[0]?.body.image)).toMatch(/^data:image\/jpeg;base64,/);
  expect(service.requestsFor('mix')[0]?.body.init_image).toBe(
    'https://cdn.example/up%2C1.jpg,https://example.com/boy.png',
  );
  expect(context.progresses[0]).toEqual({ stage: 'uploading', done: 0, total: 1 });

  service.script('mix', { status: 'error', message: 'Unable to fetch image from provided URL' });
  const failure = await failureOf(bench.engine.run(taskOf({ seed: 2 }, sources), new RecordingContext()));
  expect(failure).toMatchObject({ key: 'invalid-request/image-not-fetched', retryable: true });
  expect(service.requestsFor('upload')).toHaveLength(1);

  service.script('mix', success('a'));
  await bench.engine.run(taskOf({ seed: 3 }, sources), new RecordingContext());
  expect(service.requestsFor('upload')).toHaveLength(2);
  bench.clock.time += 24 * 3_600_000;
  await bench.engine.run(taskOf({ seed: 4 }, sources), new RecordingContext());
  expect(service.requestsFor('upload')).toHaveLength(3);
});

test('uploads nothing without permission, and attributes a failure to the unreadable image', async () => {
  const sources = [await bench.file('rose.png')];
  const task = { ...taskOf({}, sources), mayUpload: false };
  expect(await failureOf(bench.engine.run(task, new RecordingContext()))).toMatchObject({
    key: 'upload-not-allowed',
    args: {},
  });
  const [source] = sources;
  const missing = { ...source, name: 'gone.png', location: { kind: 'file', path: '/nowhere/gone.png' } } as const;
  expect(
    await failureOf(
      bench.engine.run(taskOf({}, [webSource('https://example.com/x.png'), missing as never]), new RecordingContext()),
    ),
  ).toMatchObject({
    code: 'unreadable-image',
    image: 1,
    imageName: 'gone.png',
  });
  expect(service.requests).toEqual([]);
});

test('requires a key for the origin of the service', async () => {
  const keyless = await HostedBench.start(service.baseUrl, {
    apiKey: (origin) => Promise.reject(new MixFailure('no-api-key', { args: { origin } })),
  });
  expect(await failureOf(keyless.engine.run(taskOf(), new RecordingContext()))).toMatchObject({
    code: 'no-api-key',
    args: { origin: service.origin },
  });
  expect(service.requests).toEqual([]);
  await keyless.close();
});

test('uses the service that the job was created for, whatever the settings are by now', async () => {
  const other = await HostedBench.start('https://elsewhere.invalid/api');
  service.script('mix', processing());
  service.script('fetch', success('a'));
  service.script('result', raw(png()));
  const task = { ...taskOf(), service: { baseUrl: service.baseUrl, dialect: 'v6' as const } };
  const context = new RecordingContext();
  other.clock.onSlept = () => Promise.reject(new Error('stopped'));
  await expect(other.engine.run(task, context)).rejects.toThrow('stopped');
  expect(service.requestsFor('mix')[0]?.path).toBe('/api/v6/image_editing/img_mixer');
  expect(other.keyRequests).toEqual([service.origin]);

  // A started job keeps to its saved state.
  const moved = { ...task, service: { baseUrl: 'https://elsewhere.invalid/api', dialect: 'v5' as const } };
  await expect(other.engine.run(moved, new RecordingContext(context.states.at(-1)))).rejects.toThrow('stopped');
  expect(other.keyRequests).toEqual([service.origin, service.origin]);
  await other.close();
});

test("downloads a result from the job's own service, even from this machine, whatever the settings are by now", async () => {
  const other = await HostedBench.start('https://elsewhere.invalid/api'); // whose reader trusts only that origin
  service.script('mix', success('a'));
  service.script('result', raw(png()));
  const context = new RecordingContext();
  await other.engine.run({ ...taskOf(), service: { baseUrl: service.baseUrl, dialect: 'v5' } }, context);
  expect(context.results).toHaveLength(1);

  const stranger = await ScriptedService.start();
  service.script('mix', { ...success(), output: [stranger.resultUrl('a')] });
  expect(
    await failureOf(
      other.engine.run(
        { ...taskOf({ seed: 2 }), service: { baseUrl: service.baseUrl, dialect: 'v5' } },
        new RecordingContext(),
      ),
    ),
  ).toMatchObject({ key: 'blocked-address/result' });
  expect(stranger.requests).toEqual([]);
  await stranger.close();
  await other.close();
});

test('never guesses the service of a job without one', async () => {
  const task = { ...taskOf(), service: undefined };
  await expect(bench.engine.run(task, new RecordingContext())).rejects.toThrow('service');
  expect(service.requests).toEqual([]);
  expect(bench.keyRequests).toEqual([]);
});

test.each([
  ['http://example.com/api', 'insecure-base-url'],
  ['ftp://example.com/api', 'bad-base-url'],
  ['https://user:secret@example.com/api', 'bad-base-url'],
  ['not a url', 'bad-base-url'],
])('rejects the base URL %s', async (baseUrl, reason) => {
  const wrong = await HostedBench.start(service.baseUrl, {
    settings: () => ({ baseUrl, dialect: 'v5', timeoutSeconds: 600 }),
  });
  const failure = await failureOf(wrong.engine.run(taskOf(), new RecordingContext()));
  expect(failure).toMatchObject({ key: `network/${reason}`, retryable: false });
  expect(JSON.stringify(failure.args)).not.toContain('secret');
  expect(wrong.keyRequests).toEqual([]);
  await wrong.close();
});

test('waits as long as the service asks for, up to a limit', async () => {
  service.script(
    'mix',
    json({ status: 'error', message: 'Rate limit exceeded', retry_after: 45 }, 429),
    json({ status: 'error', message: 'Service temporarily unavailable' }, 503),
    success('a'),
  );
  service.script('result', raw(png()));
  const context = new RecordingContext();
  await bench.engine.run(taskOf(), context);
  expect(bench.clock.sleeps).toEqual([45_000, 30_000]);
  expect(context.phases).toBe('posting new posting new posting answered');

  service.script('mix', json({ status: 'error', message: 'Rate limit exceeded', retry_after: 3600 }, 429));
  expect(await failureOf(bench.engine.run(taskOf({ seed: 2 }), new RecordingContext()))).toMatchObject({
    code: 'rate-limited',
    args: { seconds: 3600 },
  });
});

test('submits identical requests half a minute apart, across windows', async () => {
  service.script('mix', success('a'));
  service.script('result', raw(png()));
  await bench.engine.run(taskOf(), new RecordingContext());
  bench.clock.time += 10_000;
  await bench.engine.run(taskOf(), new RecordingContext());
  expect(bench.clock.sleeps).toEqual([20_000]);
  await bench.engine.run(taskOf({ seed: 2 }), new RecordingContext());
  expect(bench.clock.sleeps).toEqual([20_000]);

  service.script('mix', { status: 'error', message: 'Invalid API key' }, success('a'));
  await failureOf(bench.engine.run(taskOf({ seed: 3 }), new RecordingContext()));
  await bench.engine.run(taskOf({ seed: 3 }), new RecordingContext()); // with a corrected key
  expect(bench.clock.sleeps).toEqual([20_000]);
});

test('recognizes an unknown host and an untrusted certificate, and that nothing was sent', async () => {
  const nameless = await HostedBench.start('https://no-such-host.invalid/api');
  const context = new RecordingContext();
  expect(await failureOf(nameless.engine.run(taskOf(), context))).toMatchObject({
    key: 'network/dns',
    args: { host: 'no-such-host.invalid' },
  });
  expect(context.phases).toMatch(/new$/);
  await nameless.close();
  for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED']) {
    const error = requestErrorOf(Object.assign(new Error(), { code }), 'connecting');
    expect(error).toMatchObject({ reason: 'certificate', sent: false });
  }
});

test('retries a submission only if it was never sent', async () => {
  const port = await closedPort();
  const offline = await HostedBench.start(`http://127.0.0.1:${port}/api`);
  const context = new RecordingContext();
  expect(await failureOf(offline.engine.run(taskOf(), context))).toMatchObject({ key: 'network/refused' });
  expect(offline.clock.sleeps).toEqual([1_000, 2_000, 4_000]);
  expect(context.phases).toMatch(/new$/);
  expect(offline.engine.canCheckAgain?.(JSON.parse(context.states.at(-1) ?? 'null'))).toBe(false);
  await offline.close();

  const outcomes: [Parameters<typeof service.script>[1], string][] = [
    [reset, 'connection-lost'],
    [
      (response) => response.writeHead(200, { 'content-length': '100' }).write('{"sta', () => reset(response)),
      'answer-cut',
    ],
    [() => undefined, 'no-answer'],
    [raw('{"status":"succ'), 'answer-cut'],
    [raw('<html>502</html>', 502), 'gateway-error'],
  ];
  const hasty = await HostedBench.start(service.baseUrl, {
    settings: () => ({ baseUrl: service.baseUrl, dialect: 'v5', timeoutSeconds: 0.3 }),
  });
  let seed = 100;
  for (const [step, reason] of outcomes) {
    service.requests.length = 0;
    service.script('mix', step);
    expect(await failureOf(hasty.engine.run(taskOf({ seed: seed++ }), new RecordingContext()))).toMatchObject({
      key: `interrupted/${reason}`,
      retryable: false,
    });
    expect(service.requestsFor('mix')).toHaveLength(1);
  }
  await hasty.close();
});

test('sends each submission on a new connection', async () => {
  service.script('mix', processing({ eta: 0 }));
  service.script('fetch', success('a'));
  service.script('result', raw(png()));
  await bench.engine.run(taskOf(), new RecordingContext());
  await bench.engine.run(taskOf({ seed: 2 }), new RecordingContext());
  const ports = service.requests.filter(({ purpose }) => purpose !== 'result').map(({ clientPort }) => clientPort);
  expect(ports[2]).not.toBe(ports[0]);
  expect(ports[2]).not.toBe(ports[1]);
  expect(ports[3]).toBe(ports[1]); // polls share a connection
});

test('resumes an earlier run without a second submission', async () => {
  service.script('mix', processing());
  service.script('fetch', success('a'));
  service.script('result', raw(png()));
  const first = new RecordingContext();
  bench.clock.onSlept = () => first.controller.abort(new JobSuspended());
  await expect(bench.engine.run(taskOf(), first)).rejects.toBeInstanceOf(JobSuspended);
  expect(first.phases).toBe('posting accepted');

  const second = new RecordingContext(first.states.at(-1));
  await bench.engine.run(taskOf(), second);
  expect(service.requestsFor('mix')).toHaveLength(1);
  expect(bench.clock.sleeps).toEqual([4_000, 0]);
  expect(second.results).toHaveLength(1);

  const third = new RecordingContext(second.states.at(-1), [0]);
  await bench.engine.run(taskOf(), third);
  expect(third.results).toEqual([]);
  expect(service.requestsFor('result')).toHaveLength(1);
});

test('never resubmits a request that the service may have received', async () => {
  const first = new RecordingContext();
  service.script('mix', () => first.controller.abort(new Error('killed')));
  await expect(bench.engine.run(taskOf(), first)).rejects.toThrow('killed');
  expect(first.phases).toBe('posting');
  const failure = await failureOf(bench.engine.run(taskOf(), new RecordingContext(first.states.at(-1))));
  expect(failure).toMatchObject({ key: 'interrupted/restarted' });
  expect(await failureOf(bench.engine.run(taskOf(), new RecordingContext('{"version":9}')))).toMatchObject({
    code: 'interrupted',
  });
  expect(service.requestsFor('mix')).toHaveLength(1);
});

test('still receives the response to a submission while the window closes', async () => {
  const context = new RecordingContext();
  service.script('mix', (response) => {
    context.controller.abort(new JobSuspended());
    json(processing())(response);
  });
  bench.clock.sleep = () => new Promise(() => undefined);
  await expect(bench.engine.run(taskOf(), context)).rejects.toBeInstanceOf(JobSuspended);
  expect(context.phases).toBe('posting accepted');
});

test('times out after the time during which the service was reachable, then polls once per run', async () => {
  service.script('mix', processing());
  service.script('fetch', { status: 'processing' });
  const context = new RecordingContext();
  const failure = await failureOf(bench.engine.run(taskOf(), context));
  expect(failure).toMatchObject({ code: 'timeout', retryable: true, args: { seconds: 600 } });
  const polls = service.requestsFor('fetch').length;
  const state = context.states.at(-1);
  expect(bench.engine.canCheckAgain?.(JSON.parse(state ?? ''))).toBe(true);
  await failureOf(bench.engine.run(taskOf(), new RecordingContext(state)));
  expect(service.requestsFor('fetch')).toHaveLength(polls + 1);

  service.script('fetch', success('late'));
  service.script('result', raw(png()));
  const late = new RecordingContext(state);
  await bench.engine.run(taskOf(), late);
  expect(late.results).toHaveLength(1);
});

test('keeps polling through a long outage', async () => {
  service.script('mix', processing());
  let outage: 'before' | 'during' | 'after' = 'before';
  bench.clock.onSlept = async () => {
    if (outage === 'before') {
      outage = 'during';
      await service.pause();
    } else if (outage === 'during' && bench.clock.sleeps.length > 200) {
      outage = 'after';
      await service.resume();
    }
  };
  service.script('fetch', success('a'));
  service.script('result', raw(png()));
  const context = new RecordingContext();
  await bench.engine.run(taskOf(), context);
  expect(bench.clock.sleeps.reduce((sum, ms) => sum + ms)).toBeGreaterThan(1_800_000);
  expect(context.results).toHaveLength(1);
});

test('reports blank results, missing ones, and links that never work', async () => {
  service.script('mix', success('a', 'b', 'c'));
  service.script(
    'result',
    raw('wait', 404),
    raw('wait', 403),
    raw(png('blank')),
    raw(png('2')),
    raw(png().subarray(0, 40)),
    raw(png('3')),
  );
  const context = new RecordingContext();
  await bench.engine.run(taskOf({ samples: 4 }), context);
  expect(service.requestsFor('mix')[0]?.body.samples).toBe(4);
  expect(context.results.map(({ index, seed }) => [index, seed])).toEqual([
    [0, 12345],
    [1, 12345],
    [2, 12345],
  ]);
  expect(context.notices).toEqual([
    { code: 'fewer-results', args: { count: 3, asked: 4 } },
    { code: 'blank-result', args: { number: 1 } },
  ]);

  service.script('mix', success('a'));
  service.script('result', raw('gone', 404));
  const lost = new RecordingContext();
  const failure = await failureOf(bench.engine.run(taskOf({ seed: 2 }), lost));
  expect(failure).toMatchObject({ code: 'result-unavailable', retryable: true });
  expect(bench.engine.canCheckAgain?.(JSON.parse(lost.states.at(-1) ?? ''))).toBe(true);
});

test('keeps polling for a while if a success has no results', async () => {
  service.script('mix', { status: 'success', id: 5, output: [] });
  service.script('fetch', { status: 'success', output: '' }, success('a'));
  service.script('result', raw(png()));
  const context = new RecordingContext();
  await bench.engine.run(taskOf(), context);
  expect(context.results).toHaveLength(1);

  service.script('fetch', { status: 'success', output: [] });
  expect(await failureOf(bench.engine.run(taskOf({ seed: 2 }), new RecordingContext()))).toMatchObject({
    key: 'result-unavailable/no-results',
  });
});

test('submits one request per sample in v6, each with its own seed, and delivers those that succeed', async () => {
  const v6 = await HostedBench.start(service.baseUrl, {
    settings: () => ({ baseUrl: service.baseUrl, dialect: 'v6', timeoutSeconds: 600 }),
  });
  service.script('upload', { status: 'success', output: ['https://cdn.example/up.jpg'] });
  service.script('mix', success('a'), processing({ id: 77 }), { status: 'error', message: 'Insufficient credits' });
  service.script('fetch', success('b'));
  service.script('result', raw(png()));
  const context = new RecordingContext();
  const sources = [await v6.file('rose.png'), webSource('https://example.com/a,b.png')];
  const failure = await failureOf(v6.engine.run(taskOf({ samples: 4, seed: 2 ** 32 - 1 }, sources), context));
  expect(failure.code).toBe('insufficient-credits');
  const submissions = service.requestsFor('mix');
  expect(submissions.map(({ body }) => body.seed)).toEqual([2 ** 32 - 1, 0, 1]); // no fourth one after a failure
  expect(submissions[0]).toMatchObject({
    path: '/api/v6/image_editing/img_mixer',
    body: { init_image: ['https://cdn.example/up.jpg', 'https://example.com/a%2Cb.png'], samples: 1 },
  });
  expect(submissions[0]?.body).not.toHaveProperty('init_image_weights');
  expect(service.requestsFor('upload')).toMatchObject([{ path: '/api/v6/base64_to_url' }]);
  expect(service.requestsFor('fetch')[0]?.path).toBe('/api/v6/image_editing/fetch/77');
  expect(context.results.map(({ index }) => index).sort()).toEqual([0, 1]);
  await v6.close();
});

test('logs each failure of a job with several requests, though only the first is thrown', async () => {
  const v6 = await HostedBench.start(service.baseUrl, {
    settings: () => ({ baseUrl: service.baseUrl, dialect: 'v6', timeoutSeconds: 600 }),
  });
  service.script('mix', processing({ id: 1 }), processing({ id: 2 }), success('a'));
  service.script('fetch', { status: 'failed', message: `Failed, see https://a.example/log?sig=s3cret and ${apiKey}` });
  service.script('result', raw(png()));
  const failure = await failureOf(v6.engine.run(taskOf({ samples: 3 }), new RecordingContext()));
  expect(failure.code).toBe('generation-failed');
  const logged = v6.log.filter(({ event }) => event === 'request-failed');
  expect(logged).toEqual([
    {
      level: 'warn',
      jobId: 'job',
      event: 'request-failed',
      args: { number: 2, error: 'MixFailure: generation-failed, Error: Failed, see https://a.example/log and …' },
    },
  ]);
  await v6.close();

  const keyless = await HostedBench.start(service.baseUrl, {
    apiKey: (origin) => Promise.reject(new MixFailure('no-api-key', { args: { origin } })),
  });
  const request = { first: 0, samples: 1, seed: 1, phase: 'accepted', id: '12', links: [], waited: 0 };
  const requests = [request, { ...request, first: 1 }];
  const saved = JSON.stringify({ version: 1, baseUrl: service.baseUrl, dialect: 'v6', requests });
  await failureOf(keyless.engine.run(taskOf({ samples: 2 }), new RecordingContext(saved)));
  expect(keyless.log.filter(({ event }) => event === 'request-failed')).toEqual([]); // one failure of both
  await keyless.close();
});

test('sends the key only in request bodies to the service', async () => {
  const context = new RecordingContext();
  service.script('upload', { status: 'success', link: 'https://cdn.example/up.jpg?sig=s3cret' });
  service.script('mix', json({ status: 'error', message: `Invalid Api Key ${apiKey}`, tip: apiKey }, 401));
  const failure = await failureOf(bench.engine.run(taskOf({}, [await bench.file('a.png')]), context));
  expect(failure.code).toBe('invalid-api-key');
  const output = JSON.stringify([
    failure.args,
    failure.message,
    context.states,
    context.progresses,
    context.notices,
    bench.log,
  ]);
  expect(output).not.toContain(apiKey);
  expect(JSON.stringify(bench.log)).not.toContain('s3cret');
  for (const { headers, path } of service.requests) expect(JSON.stringify([headers, path])).not.toContain(apiKey);
});

test('never sets the process-wide dispatcher', async () => {
  const modules = ['src/engines/hosted/hostedEngine.ts', 'src/images/sourceReader.ts'].map(
    (path) => pathToFileURL(path).href,
  );
  const script = `
    await Promise.all(${JSON.stringify(modules)}.map((module) => import(module)));
    const names = Object.getOwnPropertySymbols(globalThis).map((symbol) => Symbol.keyFor(symbol));
    console.log(names.filter((name) => name?.startsWith('undici')).join());
  `;
  // In a separate process, because the test runner may have set one in this one.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  expect(stdout.trim()).toBe('');
});

/** A port that no server listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
