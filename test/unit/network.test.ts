import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Transport } from '../../src/engines/hosted/transport.ts';
import { createSourceReader } from '../../src/images/sourceReader.ts';
import { type NetworkRules, networkRules, networkSettingsSchema } from '../../src/network/connectionRules.ts';
import { type Connect, createNetwork } from '../../src/network/connections.ts';
import { makeCertificate, type TrustedCertificate } from '../sandbox/certificate.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { ForwardProxy, type ForwardProxyOptions } from './support/forwardProxy.ts';
import { HostedBench, png, RecordingContext, taskOf } from './support/hostedBench.ts';
import { json, raw, ScriptedService } from './support/scriptedService.ts';

const patient = { upload: 20_000, call: 20_000, body: 20_000 };
const mix = { timeout: 20_000, maySend: () => true };
const login = `Basic ${Buffer.from('me:pass word').toString('base64')}`;

let certificate: TrustedCertificate;
let folder: string;
let secure: ScriptedService;
let plain: ScriptedService;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  certificate = await makeCertificate('mixer.test', 'images.test');
  folder = await mkdtemp(join(tmpdir(), 'network-'));
});
beforeEach(async () => {
  [secure, plain] = await Promise.all([ScriptedService.start(certificate), ScriptedService.start()]);
  secure.script('result', raw(png('secure')));
  plain.script('result', raw(png('plain')));
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
  await Promise.all([secure.close(), plain.close()]);
});
afterAll(() => rm(folder, { recursive: true }));

async function proxy(options: Partial<ForwardProxyOptions> = {}): Promise<ForwardProxy> {
  const routes = { 'mixer.test:443': secure.port, 'images.test:443': secure.port, 'images.test:80': plain.port };
  const started = await ForwardProxy.start({ routes, ...options });
  open.push(() => started.close());
  return started;
}

/** Connects by these rules, through a proxy if given, and trusts the test's authority. */
function network(through?: { url: string }, changes: Partial<NetworkRules> = {}, authorities?: string[]): Connect {
  const written = through && { text: through.url, setting: 'http.proxy' };
  const rules: NetworkRules = {
    noProxy: [],
    verifyCertificates: true,
    systemCertificates: false,
    ...(written ? { httpProxy: written, httpsProxy: written } : {}),
    ...changes,
  };
  return createNetwork(
    () => rules,
    () => authorities ?? [certificate.authority],
  );
}

function transport(connect: Connect, timeouts: Partial<typeof patient> = {}, connecting = 20_000): Transport {
  const made = new Transport(() => connect({ timeout: connecting }), { ...patient, ...timeouts });
  open.push(() => made.close());
  return made;
}

/** Downloads an image with the address guard on. */
function read(connect: Connect, url: string, times = { connect: 20_000, silence: 20_000, whole: 20_000 }) {
  const reader = createSourceReader({ allowPrivateAddresses: () => false, ownOrigin: () => undefined, times, connect });
  return reader.read({ kind: 'url', url });
}

async function engine(connect: Connect): Promise<HostedBench> {
  const reader = createSourceReader({ allowPrivateAddresses: () => false, ownOrigin: () => undefined, connect });
  const bench = await HostedBench.start('https://mixer.test/api', { connect, reader, timeouts: patient });
  open.push(() => bench.close());
  return bench;
}

const never = new AbortController().signal;

test('a mix goes through the proxy: each submission by its own tunnel, the rest by a shared one', async () => {
  const gate = await proxy({ authorization: login });
  const bench = await engine(network(gate, { proxyAuthorization: login }));
  secure.script('mix', { status: 'processing', id: 12, eta: 1, output: [] });
  const done = { status: 'success', output: ['https://images.test/out/a'] };
  secure.script('fetch', { status: 'processing' }, done);
  const ledger = new RecordingContext();
  await bench.engine.run(taskOf(), ledger);
  expect(ledger.results).toHaveLength(1);
  expect(gate.seen).toEqual([
    { what: 'CONNECT mixer.test:443', authorization: login },
    { what: 'CONNECT mixer.test:443', authorization: login },
    { what: 'CONNECT images.test:443', authorization: login },
  ]);
  const [order, first, second] = secure.requests.map(({ clientPort }) => clientPort);
  expect(order).not.toBe(first);
  expect(second).toBe(first);
  expect(JSON.stringify(secure.requests.map(({ headers }) => headers))).not.toMatch(/proxy/i);
});

test('plain http goes through the proxy with an absolute URL', async () => {
  const gate = await proxy({ authorization: login });
  const withLogin = { url: gate.url.replace('//', '//me:pass%20word@') };
  expect(await read(network(withLogin), 'http://images.test/a.png?x=1')).toEqual(png('plain'));
  expect(gate.seen).toEqual([{ what: 'GET http://images.test/a.png?x=1', authorization: login }]);
  expect(plain.requests[0]?.headers).toMatchObject({ host: 'images.test' });
});

test('the proxy itself can use TLS', async () => {
  const gate = await proxy({ certificate });
  for (const url of ['https://images.test/a.png', 'http://images.test/a.png']) {
    expect(await read(network(gate), url)).toEqual(png(url.startsWith('https') ? 'secure' : 'plain'));
  }
  expect(gate.seen.map(({ what }) => what)).toEqual(['CONNECT images.test:443', 'CONNECT images.test:80']);
  const untrusted = read(network(gate, {}, []), 'http://images.test/a.png');
  await expect(untrusted).rejects.toMatchObject({ key: 'network/certificate', args: { host: '127.0.0.1' } });
});

test("the failure of a proxy differs from that of the host behind it, and the mix isn't sent", async () => {
  const gate = await proxy({ authorization: login });
  const gone = await ForwardProxy.start({ routes: {} });
  const nowhere = { url: gone.url };
  await gone.close();
  const host = new URL(gate.url).host;
  const cases: [Connect, string, object][] = [
    [network(gate), 'https://images.test/a.png', { key: 'network/proxy-auth', retryable: false }],
    [network(gate), 'http://images.test/a.png', { key: 'network/proxy-auth', retryable: false }],
    [
      network(gate, { proxyAuthorization: login }),
      'https://other.test/a.png',
      { key: 'network/proxy-refused', args: { proxy: host, status: 502, host: 'other.test' } },
    ],
    [
      network(nowhere),
      'https://images.test/a.png',
      { key: 'network/proxy-unreachable', args: { proxy: new URL(nowhere.url).host, host: 'images.test' } },
    ],
  ];
  for (const [connect, url, failure] of cases) {
    await expect(read(connect, url)).rejects.toMatchObject(failure);
  }
  for (const [connect, reason] of [
    [network(gate), 'proxy-auth'],
    [network(nowhere), 'proxy-unreachable'],
  ] as const) {
    const bench = await engine(connect);
    const ledger = new RecordingContext();
    await expect(bench.engine.run(taskOf(), ledger)).rejects.toMatchObject({ key: `network/${reason}` });
    expect(ledger.phases).toMatch(/new$/);
  }
  expect(secure.requests).toEqual([]);
});

test('a proxy that never answers times out and leaves no connection open', async () => {
  const gate = await proxy({ isSilent: true });
  const fault = transport(network(gate), {}, 200).post('https://mixer.test/api', {}, mix, never);
  await expect(fault).rejects.toMatchObject({ reason: 'proxy-unreachable', sent: false });
  const stop = new AbortController();
  const cancelled = transport(network(gate)).post('https://mixer.test/api', {}, mix, stop.signal);
  await expect.poll(() => gate.seen.length).toBe(2);
  stop.abort(new Error('enough'));
  await expect(cancelled).rejects.toThrow('enough');
  await expect.poll(() => gate.open).toBe(0);
});

test('a canceled download ends at once, even while it still connects', async () => {
  const gate = await proxy({ isSilent: true });
  const times = { connect: 20_000, silence: 20_000, whole: 20_000 };
  const stop = new AbortController();
  const reader = createSourceReader({
    allowPrivateAddresses: () => false,
    ownOrigin: () => undefined,
    times,
    connect: network(gate),
  });
  const run = reader.download('https://images.test/a.png', stop.signal);
  await expect.poll(() => gate.seen.length).toBe(1);
  const start = performance.now();
  stop.abort(new Error('enough'));
  await expect(run).rejects.toThrow('enough');
  expect(performance.now() - start).toBeLessThan(5_000);
  await expect.poll(() => gate.open).toBe(0);
});

test('connections to noProxy hosts and to this machine are direct', async () => {
  const gate = await proxy();
  const hello = { status: 'success' };
  plain.script('fetch', hello);
  const connect = network(gate, { noProxy: ['other.test', '.plain.test', 'local.test:80'] });
  const ask = async (origin: string) => {
    // Resolves to this machine without DNS.
    const dispatcher = connect({
      timeout: 20_000,
      lookup: (_, { all }, done) => (all ? done(null, [here]) : done(null, here.address, 4)),
    });
    open.push(() => dispatcher.destroy());
    const post = new Transport(() => dispatcher, patient).post(`${origin}:${plain.port}/fetch/`, {}, 'call', never);
    return (await post).status;
  };
  const here = { address: '127.0.0.1', family: 4 };
  for (const name of ['other.test', 'a.plain.test', '127.0.0.1', 'localhost'])
    expect(await ask(`http://${name}`)).toBe(200);
  expect(gate.seen).toEqual([]);
  expect(await ask('http://local.test')).toBe(502); // listed for another port
  expect(gate.seen).toHaveLength(1);
  expect(await read(network(gate, { noProxy: ['*'] }), 'http://images.test/a.png').catch(({ key }) => key)).toBe(
    'network/dns',
  );
});

test('private addresses are blocked by name and literal address before the proxy is asked', async () => {
  const gate = await proxy();
  for (const host of ['10.0.0.1', '169.254.169.254', '[::1]', 'localhost', 'db.internal']) {
    await expect(read(network(gate), `http://${host}/a.png`)).rejects.toMatchObject({ code: 'blocked-address' });
  }
  expect(gate.seen).toEqual([]);
});

test('a certificate is trusted if its authority is, over IPv6 too', async () => {
  const sandbox = await startSandbox({ certificate, host: '::1' });
  open.push(() => sandbox.close());
  const ask = (connect: Connect) =>
    transport(connect).post(`${sandbox.baseUrl}/wallet_balance`, { key: sandbox.key }, 'call', never);
  expect(sandbox.origin).toMatch(/^https:\/\/\[::1\]:/);
  expect((await ask(network())).status).toBe(200);
  await expect(ask(network(undefined, {}, []))).rejects.toMatchObject({ reason: 'certificate', sent: false });
  expect((await ask(network(undefined, { verifyCertificates: false }, []))).status).toBe(200);
  const bench = await HostedBench.start(sandbox.baseUrl, { connect: network(undefined, {}, []), timeouts: patient });
  open.push(() => bench.close());
  await expect(bench.engine.run(taskOf(), new RecordingContext())).rejects.toMatchObject({
    key: 'network/certificate',
  });
});

test('certificates are read once, when a connection first needs them', async () => {
  const asked: boolean[] = [];
  const rules = { noProxy: [], verifyCertificates: true, systemCertificates: true };
  const connect = createNetwork(
    () => rules,
    (system) => {
      asked.push(system);
      return [certificate.authority];
    },
  );
  const hosted = transport(connect);
  await hosted.post(`${plain.baseUrl}/fetch/`, {}, mix, never);
  expect(asked).toEqual([]);
  for (const purpose of [mix, 'call', mix] as const) {
    await hosted.post(`https://127.0.0.1:${secure.port}/fetch/`, {}, purpose, never);
  }
  expect(asked).toEqual([true]);
});

/** Runs a script in a new process that is configured by environment variables only. Resolves with its output. */
async function runInProcess(script: string, environment: NodeJS.ProcessEnv): Promise<string[]> {
  const modules = Object.fromEntries(
    ['network/connections', 'network/connectionRules', 'network/webSocket', 'images/sourceReader'].map((name) => [
      name,
      pathToFileURL(join(import.meta.dirname, '..', '..', 'src', `${name}.ts`)).href,
    ]),
  );
  const look = `
    // Node creates some globals, such as a dispatcher, on first access. One run accesses them all, the other none.
    const look = process.env.LOOK ? (key) => globalThis[key] : (key) => key;
    const globals = () => Reflect.ownKeys(globalThis).filter((key) => !/zod/.test(String(key))).map(look);
    globals();
    const before = globals();
    const { createNetwork } = await import('${modules['network/connections']}');
    const { environmentRules } = await import('${modules['network/connectionRules']}');
    const { createSourceReader } = await import('${modules['images/sourceReader']}');
    const { loadWebSocket } = await import('${modules['network/webSocket']}');
    const connect = createNetwork(() => environmentRules(process.env));
    const reader = createSourceReader({ allowPrivateAddresses: () => true, ownOrigin: () => undefined, connect });
    const read = (url) => reader.read({ kind: 'url', url }).then(() => 'read', ({ key }) => key);
    ${script}
    const after = globals();
    console.log(after.length === before.length && after.every((value, at) => Object.is(value, before[at])));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', look], {
    env: { PATH: process.env.PATH, ...environment },
  });
  return stdout.trim().split('\n');
}

test("loading the WebSocket leaves the process-wide dispatcher to Node, and doesn't replace it", async () => {
  const key = "Symbol.for('undici.globalDispatcher.1')";
  const isOurs = `globalThis[${key}] instanceof (await import('undici/lib/dispatcher/agent.js')).default`;
  expect(await runInProcess(`await loadWebSocket(); console.log(${isOurs});`, {})).toContain('false');
  expect(await runInProcess('await loadWebSocket();', { LOOK: 'yes' })).toEqual(['true']);
});

test('outside VS Code, the environment sets the proxy and more authorities, and no global changes', async () => {
  const gate = await proxy();
  const ca = join(folder, 'authority.pem');
  await writeFile(ca, certificate.authority);
  const script = `console.log(await read('https://images.test/a.png'));
    console.log(await read('http://images.test/a.png'));
    console.log(await read('https://localhost:${secure.port}/a.png'));`;
  const environment = { HTTPS_PROXY: gate.url, http_proxy: gate.url.replace('http://', ''), NO_PROXY: 'example.com' };
  const trusting = await runInProcess(script, { ...environment, NODE_EXTRA_CA_CERTS: ca, LOOK: 'yes' });
  expect(trusting).toEqual(['read', 'read', 'read', 'true']);
  expect(gate.seen).toHaveLength(2);
  const wary = await runInProcess(script, environment);
  expect(wary).toEqual(['network/certificate', 'read', 'network/certificate', 'true']);
});

test('a slow download succeeds as long as bytes keep arriving', async () => {
  const bytes = png('slow');
  plain.script('result', (response) => {
    let at = 0;
    response.writeHead(200);
    const timer = setInterval(() => {
      response.write(bytes.subarray(at, at + 4));
      at += 4;
      if (at >= bytes.length) response.end(() => clearInterval(timer));
    }, 60);
  });
  const gate = await proxy();
  const times = { connect: 20_000, silence: 800, whole: 20_000 };
  const begun = performance.now();
  expect(await read(network(gate), 'http://images.test/slow.png', times)).toEqual(bytes);
  expect(performance.now() - begun).toBeGreaterThan(times.silence);
});

test('each phase has its own time limit: connecting, the first byte, between two chunks', async () => {
  const mute = await silentServer();
  const handshake = transport(network(), {}, 200).post(`https://127.0.0.1:${mute}/api`, {}, mix, never);
  await expect(handshake).rejects.toMatchObject({ reason: 'timeout', sent: false });

  plain.script('mix', () => undefined);
  const headers = transport(network()).post(`${plain.baseUrl}/img_mixer`, {}, { ...mix, timeout: 200 }, never);
  await expect(headers).rejects.toMatchObject({ reason: 'no-answer', sent: true });

  plain.script('mix', (response) => void response.writeHead(200).write('{"status":'));
  const body = transport(network(), { body: 200 }).post(`${plain.baseUrl}/img_mixer`, {}, mix, never);
  await expect(body).rejects.toMatchObject({ reason: 'no-answer', sent: true });

  const gate = await proxy();
  const brief = { connect: 20_000, silence: 200, whole: 20_000 };
  plain.script('result', (response) => void response.writeHead(200).write(png('half').subarray(0, 9)));
  const image = read(network(gate), 'http://images.test/a.png', brief);
  await expect(image).rejects.toMatchObject({ key: 'network/timeout' });
});

/** A port that accepts connections and sends nothing. */
async function silentServer(): Promise<number> {
  const server: Server = createServer((socket) => open.push(async () => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

test('a changed rule applies to the next connection', async () => {
  const gate = await proxy();
  let rules: NetworkRules = { noProxy: ['*'], verifyCertificates: true, systemCertificates: false };
  const written = { text: gate.url, setting: 'http.proxy' };
  const hosted = transport(createNetwork(() => ({ httpProxy: written, ...rules })));
  const ask = async () => (await hosted.post('http://images.test/fetch/', {}, 'call', never)).status;
  await expect(ask()).rejects.toMatchObject({ reason: 'dns' });
  rules = { ...rules, noProxy: [] };
  await expect(ask()).rejects.toMatchObject({ reason: 'dns' });
  hosted.renew();
  expect(await ask()).toBe(200);
});

test.each(['https//proxy', 'socks5://proxy:1080', 'http://', 'http://me:%E0@proxy:8080'])(
  '%s is not a valid proxy, and the failure names the setting',
  async (text) => {
    const rules = { httpsProxy: { text, setting: 'http.proxy' }, noProxy: [] };
    const failure = { key: 'network/bad-proxy', args: { setting: 'http.proxy' }, retryable: false };
    await expect(read(network(undefined, rules), 'https://images.test/')).rejects.toMatchObject(failure);
    const bench = await engine(network(undefined, rules));
    for (let tries = 0; tries < 2; tries++) {
      await expect(bench.engine.run(taskOf(), new RecordingContext())).rejects.toMatchObject(failure);
    }
    expect(bench.clock.sleeps).toEqual([]); // nothing was sent, so the second try doesn't wait
  },
);

test('a paid result keeps its link if the settings prevent its download', async () => {
  const gate = await proxy();
  let text = gate.url;
  const connect = createNetwork(
    () => ({
      httpsProxy: { text, setting: 'http.proxy' },
      noProxy: [],
      verifyCertificates: true,
      systemCertificates: false,
    }),
    () => [certificate.authority],
  );
  const bench = await engine(connect);
  secure.script('mix', (response) => {
    text = 'invalid proxy';
    json({ status: 'success', id: 5, output: ['https://images.test/out/a'] })(response);
  });
  const ledger = new RecordingContext();
  await expect(bench.engine.run(taskOf(), ledger)).rejects.toMatchObject({ key: 'network/bad-proxy' });
  const kept: unknown = JSON.parse(ledger.states.at(-1) ?? 'null');
  expect(bench.engine.canCheckAgain?.(kept)).toBe(true);
  text = gate.url;
  secure.script('fetch', { status: 'success', output: ['https://images.test/out/a'] });
  const again = new RecordingContext(JSON.stringify(kept));
  await bench.engine.run(taskOf(), again);
  expect(again.results).toHaveLength(1);
  expect(secure.requestsFor('mix')).toHaveLength(1);
});

test('settings win over the environment, and an invalid value counts as not set', () => {
  const environment = { HTTPS_PROXY: 'http://a:1', http_proxy: 'b:2', NO_PROXY: 'x.test, .y.test' };
  const rules = (settings: Record<string, unknown>) => networkRules(networkSettingsSchema.parse(settings), environment);
  const trust = { verifyCertificates: true, systemCertificates: true };
  const noProxy = ['x.test', '.y.test'];
  expect(rules({ proxy: 7, proxySupport: 'maybe', proxyStrictSSL: 'no', noProxy: 'z.test' })).toEqual({
    httpProxy: { text: 'b:2', setting: 'http_proxy' },
    httpsProxy: { text: 'http://a:1', setting: 'HTTPS_PROXY' },
    noProxy,
    ...trust,
  });
  const chosen = { text: 'http://c:3', setting: 'http.proxy' };
  expect(rules({ proxy: 'http://c:3', proxyAuthorization: 'Basic x', noProxy: ['z.test'] })).toEqual({
    httpProxy: chosen,
    httpsProxy: chosen,
    proxyAuthorization: 'Basic x',
    noProxy: ['z.test'],
    ...trust,
  });
  expect(rules({ proxy: 'http://c:3', proxySupport: 'off', proxyStrictSSL: false, systemCertificates: false })).toEqual(
    {
      noProxy,
      verifyCertificates: false,
      systemCertificates: false,
    },
  );
  const only = networkRules(networkSettingsSchema.parse({}), { HTTP_PROXY: 'd:4' });
  expect(only.httpsProxy).toEqual({ text: 'd:4', setting: 'HTTP_PROXY' });
});
