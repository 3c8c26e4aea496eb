import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSourceReader, type SourceReaderOptions } from '../../src/images/sourceReader.ts';
import { isPublicAddress } from '../../src/network/addressGuard.ts';

let folder: string;
let server: Server;
let origin: string;
let image: Buffer;
/** The requests for `/count/NAME`, by name. `/count/held…` answers when `release` is called. */
const requests = new Map<string, number>();
let release = () => {};
let onRequest = () => {};
let onClose = () => {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sources-'));
  image = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#0a0' } })
    .png()
    .toBuffer();
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname.startsWith('/count/')) {
      requests.set(pathname, (requests.get(pathname) ?? 0) + 1);
      response.on('close', () => onClose());
      const answer = () => response.writeHead(pathname.includes('failing') ? 404 : 200).end(image);
      if (!pathname.includes('held')) return answer();
      release = answer;
      return onRequest();
    }
    if (pathname === '/to') return response.writeHead(302, { location: searchParams.get('url') ?? '' }).end();
    if (pathname === '/round') return response.writeHead(302, { location: '/round' }).end();
    if (pathname === '/status') return response.writeHead(Number(searchParams.get('code'))).end('no');
    if (pathname === '/page') return response.writeHead(200, { 'content-type': 'image/png' }).end('<html>hello</html>');
    if (pathname === '/nothing') return response.end();
    if (pathname === '/silent') return undefined;
    if (pathname === '/stalls') return response.writeHead(200).write(image.subarray(0, 20));
    if (pathname === '/cut') {
      response.writeHead(200, { 'content-length': 1000 }).write(image, () => response.destroy());
      return undefined;
    }
    if (pathname === '/endless') {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
        response.once('drain', more);
      };
      return more();
    }
    return response.writeHead(200, { 'content-type': 'text/plain' }).end(image);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  origin = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const reader = (options: Partial<SourceReaderOptions> = {}) =>
  createSourceReader({ allowPrivateAddresses: () => true, ownOrigin: () => undefined, ...options });
const guarded = (own?: string) => reader({ allowPrivateAddresses: () => false, ownOrigin: () => own });
const url = (path: string) => ({ kind: 'url', url: origin + path }) as const;

test('reads a file, also through a symbolic link', async () => {
  const path = join(folder, 'a.png');
  await writeFile(path, image);
  await symlink(path, join(folder, 'link.png'));
  expect(await reader().read({ kind: 'file', path })).toEqual(new Uint8Array(image));
  expect(await reader().read({ kind: 'file', path: join(folder, 'link.png') })).toEqual(new Uint8Array(image));
});

test.each<[string, (path: string) => Promise<unknown>, object]>([
  ['missing', async () => {}, { key: 'unreadable-image/missing' }],
  ['dangling', (path) => symlink(join(folder, 'nowhere'), path), { key: 'unreadable-image/missing' }],
  ['empty', (path) => writeFile(path, ''), { key: 'unreadable-image/empty' }],
  ['folder', (path) => mkdir(path), { key: 'unreadable-image/folder' }],
  [
    'large',
    (path) => writeFile(path, new Uint8Array(2 ** 20 + 1)),
    { key: 'image-too-large/bytes', args: { megabytes: 2, max: 1 } },
  ],
])('refuses a file that is %s', async (name, make, failure) => {
  const path = join(folder, name);
  await make(path);
  await expect(reader({ maxBytes: 2 ** 20 }).read({ kind: 'file', path })).rejects.toMatchObject(failure);
});

test('a path that no file can have is missing', async () => {
  const path = join(folder, 'a\0b.png');
  await expect(reader().read({ kind: 'file', path })).rejects.toMatchObject({ key: 'unreadable-image/missing' });
});

test('detects a downloaded image by its bytes, not its headers', async () => {
  expect(await reader().read(url('/image?token=1'))).toEqual(new Uint8Array(image));
  expect(await reader().read(url(`/to?url=${encodeURIComponent('/image')}`))).toEqual(new Uint8Array(image));
});

test.each<[string, object]>([
  ['/page?token=1', { key: 'unsupported-image/url-not-an-image', args: { url: expect.stringMatching(/\/page$/) } }],
  ['/nothing', { key: 'unsupported-image/url-not-an-image' }],
  ['/status?code=404', { key: 'unreadable-image/url-missing' }],
  ['/status?code=503', { key: 'network/url-status', args: { status: 503 } }],
  ['/round', { key: 'network/redirects' }],
  ['/to?url=file:///etc/hostname', { key: 'network/bad-redirect' }],
  ['/endless', { key: 'image-too-large/bytes' }],
  ['/silent', { key: 'network/timeout' }],
  ['/stalls', { key: 'network/timeout' }],
  ['/cut', { key: 'network/connection' }],
])('%s fails with the right code', async (path, failure) => {
  const times = { connect: 1000, silence: 10_000, whole: 300 };
  const outcome = reader({ maxBytes: 2 ** 20, times }).read(url(path));
  await expect(outcome).rejects.toMatchObject(failure);
  expect(JSON.stringify(await outcome.catch((error) => error.args))).not.toContain('token');
});

test("the global dispatcher isn't touched", async () => {
  const look = `
    import { createSourceReader } from ${JSON.stringify(new URL('../../src/images/sourceReader.ts', import.meta.url))};
    const reader = createSourceReader({ allowPrivateAddresses: () => true, ownOrigin: () => undefined });
    await reader.read({ kind: 'url', url: '${origin}/image' });
    console.log(Object.getOwnPropertySymbols(globalThis).filter((key) => key.description.includes('undici')).length);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', look]);
  expect(stdout.trim()).toBe('0');
});

test("a host that doesn't exist or refuses the connection is a network failure", async () => {
  const missing = reader().read({ kind: 'url', url: 'http://no-such-host.invalid/a.png' });
  await expect(missing).rejects.toMatchObject({
    key: 'network/dns',
    args: { host: 'no-such-host.invalid' },
  });
  const closed = reader().read({ kind: 'url', url: 'http://127.0.0.1:1/a.png' });
  await expect(closed).rejects.toMatchObject({ key: 'network/connection' });
});

test('stops when aborted', async () => {
  const stop = new AbortController();
  const reading = reader().read(url('/silent'), stop.signal);
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});

/** What happens next at the server: a held request arrives, or its connection ends. */
const nextRequest = () =>
  new Promise<void>((resolve) => {
    onRequest = resolve;
  });
const nextClose = () =>
  new Promise<void>((resolve) => {
    onClose = resolve;
  });

test('a web image is downloaded once for several reads, and each reader gets its own bytes', async () => {
  const cached = reader();
  const first = await cached.read(url('/count/once'));
  structuredClone(first.buffer, { transfer: [first.buffer] }); // as if it was sent to a worker
  const second = await cached.read(url('/count/once'));
  second.fill(0);
  expect(await cached.read(url('/count/once'))).toEqual(new Uint8Array(image));
  expect(requests.get('/count/once')).toBe(1);
  await cached.read(url('/count/once?other'));
  expect(requests.get('/count/once')).toBe(2);
});

test('a downloaded result neither comes from memory nor stays there', async () => {
  const cached = reader();
  await cached.read(url('/count/result'));
  await cached.download(`${origin}/count/result`);
  expect(requests.get('/count/result')).toBe(2);
  await cached.download(`${origin}/count/other-result`);
  await cached.read(url('/count/other-result'));
  expect(requests.get('/count/other-result')).toBe(2);
});

test('a downloaded image stays in memory for some minutes only', async () => {
  let time = 1000;
  const cached = reader({ cache: { maxAge: 300_000, now: () => time } });
  await cached.read(url('/count/aging'));
  time += 299_000;
  await cached.read(url('/count/aging'));
  expect(requests.get('/count/aging')).toBe(1);
  time += 2000;
  await cached.read(url('/count/aging'));
  expect(requests.get('/count/aging')).toBe(2);
});

test('images in memory are bounded by their bytes, and the oldest leave first', async () => {
  const cached = reader({ cache: { maxBytes: 2.5 * image.length } });
  for (const name of ['a', 'b', 'a', 'c', 'a', 'c', 'b']) await cached.read(url(`/count/bound-${name}`));
  const counts = ['a', 'b', 'c'].map((name) => requests.get(`/count/bound-${name}`));
  expect(counts).toEqual([1, 2, 1]);
  const tiny = reader({ cache: { maxBytes: image.length - 1 } });
  for (let reads = 0; reads < 2; reads++) expect(await tiny.read(url('/count/large'))).toHaveLength(image.length);
  expect(requests.get('/count/large')).toBe(2);
});

test('a failure counts for some seconds, in which the thumbnail, the preview and others ask for the same image', async () => {
  let time = 1000;
  const cached = reader({ cache: { now: () => time } });
  const failing = () =>
    expect(cached.read(url('/count/failing'))).rejects.toMatchObject({ key: 'unreadable-image/url-missing' });
  await failing();
  await failing();
  expect(requests.get('/count/failing')).toBe(1);
  time += 5001;
  await failing();
  expect(requests.get('/count/failing')).toBe(2);
});

test('several readers wait for one download, and an abort ends only the own waiting', async () => {
  const cached = reader();
  const stop = new AbortController();
  const arrived = nextRequest();
  const impatient = cached.read(url('/count/held-shared'), stop.signal);
  const patient = [cached.read(url('/count/held-shared')), cached.read(url('/count/held-shared'))];
  await arrived;
  stop.abort(new Error('enough'));
  await expect(impatient).rejects.toThrow('enough');
  await expect(cached.read(url('/count/held-shared'), stop.signal)).rejects.toThrow('enough');
  release();
  for (const bytes of await Promise.all(patient)) expect(bytes).toEqual(new Uint8Array(image));
  expect(requests.get('/count/held-shared')).toBe(1);
});

test('a download ends when nobody waits for it, and the next reader starts a new one', async () => {
  const cached = reader();
  const stops = [new AbortController(), new AbortController()];
  const arrived = nextRequest();
  const reads = stops.map(({ signal }) => cached.read(url('/count/held-abandoned'), signal));
  const outcomes = Promise.allSettled(reads);
  await arrived;
  const closed = nextClose();
  for (const stop of stops) stop.abort(new Error('enough'));
  await outcomes;
  const arrivedAgain = nextRequest();
  const next = cached.read(url('/count/held-abandoned'));
  await closed;
  await arrivedAgain;
  release();
  expect(await next).toEqual(new Uint8Array(image));
  expect(requests.get('/count/held-abandoned')).toBe(2);
});

test('an image in memory is refused once its address is', async () => {
  let isAllowed = true;
  let own: string | undefined;
  const cached = reader({ allowPrivateAddresses: () => isAllowed, ownOrigin: () => own });
  await cached.read(url('/count/guarded'));
  isAllowed = false;
  await expect(cached.read(url('/count/guarded'))).rejects.toMatchObject({ code: 'blocked-address' });
  own = origin;
  await cached.read(url('/count/guarded'));
  const redirected = url(`/to?url=${encodeURIComponent(`${origin}/count/guarded`)}`);
  await cached.read(redirected);
  own = 'https://elsewhere.example';
  await expect(cached.read(redirected)).rejects.toMatchObject({ code: 'blocked-address' });
  expect(requests.get('/count/guarded')).toBe(3);
});

test('an image in memory is downloaded again once the network settings have changed', async () => {
  let version = 0;
  const cached = reader({ connectVersion: () => version });
  for (const expected of [1, 2]) {
    await cached.read(url('/count/settings'));
    await cached.read(url('/count/settings'));
    expect(requests.get('/count/settings')).toBe(expected);
    version++;
  }
});

test('a download that began under other rules is not kept', async () => {
  let isAllowed = true;
  const cached = reader({ allowPrivateAddresses: () => isAllowed });
  const arrived = nextRequest();
  const read = cached.read(url('/count/held-rules'));
  await arrived;
  isAllowed = false;
  release();
  expect(await read).toHaveLength(image.length);
  isAllowed = true;
  const again = nextRequest();
  const second = cached.read(url('/count/held-rules'));
  await again;
  release();
  await second;
  expect(requests.get('/count/held-rules')).toBe(2);
});

test("private addresses are blocked by literal address and by name, except for the service's own origin", async () => {
  const port = new URL(origin).port;
  for (const host of [
    '127.0.0.1',
    '0x7f.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
    '10.0.0.1',
    'localhost',
    'a.internal',
  ]) {
    const read = guarded().read({ kind: 'url', url: `http://${host}:${port}/image` });
    await expect(read).rejects.toMatchObject({ code: 'blocked-address' });
  }
  expect(await guarded(origin).read(url('/image'))).toEqual(new Uint8Array(image));
});

test('a name that resolves to a private address is blocked at DNS lookup', async () => {
  const { guardedLookup } = await import('../../src/network/addressGuard.ts');
  const error = await new Promise((resolve) => guardedLookup('localhost', {}, resolve));
  expect(error).toMatchObject({ code: 'blocked-address', args: { host: 'localhost' } });
});

test('the address is checked again for each redirect', async () => {
  const other = origin.replace('127.0.0.1', '127.0.0.2');
  const away = guarded(origin).read(url(`/to?url=${encodeURIComponent(`${other}/image`)}`));
  await expect(away).rejects.toMatchObject({ code: 'blocked-address', args: { host: '127.0.0.2' } });
});

test.each(['8.8.8.8', '2606:4700::1111', '64:ff9b::808:808', '::ffff:8.8.8.8'])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.each([
  '0.0.0.0',
  '127.1.2.3',
  '10.1.1.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'ff02::1',
  '::ffff:10.0.0.1',
  '::10.0.0.1',
  '4000::1',
  '64:ff9b::a00:1',
  '2002:a00:1::',
  'no address',
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test('mapping an IPv4 address into IPv6 never makes it public', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(isPublicAddress(`::ffff:${address}`)).toBe(isPublicAddress(address));
    }),
  );
});
