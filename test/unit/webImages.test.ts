import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import type { ImageImporter } from '../../src/app/imageImporter.ts';
import { readRecipeFromImage } from '../../src/app/recipeFile.ts';
import { createSourceReader, type SourceReaderOptions } from '../../src/images/sourceReader.ts';
import { retryAfter } from '../../src/network/retryAfter.ts';
import { userAgent } from '../../src/network/userAgent.ts';
import { readDownloadUrl, readDrop, readPaste, readUris } from '../../src/webview/imageTransfer.ts';
import { AppBench, smallRecipe } from './support/appBench.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

const maxBytes = 2 ** 16;
let image: Buffer;
/** Two origins, each with what it was asked. */
const sites = new Map<string, { server: Server; requests: IncomingMessage[] }>();
let [here, there] = ['', ''];
/** How both answer, by the path. */
const answers = new Map<string, Answer>();
const waits: number[] = [];

beforeAll(async () => {
  image = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#0a0' } })
    .png()
    .toBuffer();
  const start = async () => {
    const requests: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      requests.push(request);
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const answer = answers.get(pathname);
      if (answer) answer(request, response);
      else response.end(image);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no port');
    const origin = `http://127.0.0.1:${address.port}`;
    sites.set(origin, { server, requests });
    return origin;
  };
  here = await start();
  there = await start();
});
afterAll(() => {
  for (const { server } of sites.values()) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => {
  answers.clear();
  waits.length = 0;
  for (const { requests } of sites.values()) requests.length = 0;
});

const requestsTo = (origin: string) => sites.get(origin)?.requests ?? [];
const read = (url: string, options: Partial<SourceReaderOptions> = {}) =>
  createSourceReader({
    allowPrivateAddresses: () => true,
    ownOrigin: () => undefined,
    maxBytes,
    wait: async (delay) => void waits.push(delay),
    ...options,
  }).read({ kind: 'url', url });
const redirect =
  (location: string): Answer =>
  (_, response) =>
    response.writeHead(302, { location }).end();

describe('the encoding of a response', () => {
  const encoded = (encoding: string, body: Uint8Array) =>
    answers.set('/a.png', (_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body));

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['identity', (bytes) => bytes],
    ['', (bytes) => bytes],
    ['br, gzip', (bytes) => gzipSync(brotliCompressSync(bytes))],
  ])('%s is undone', async (encoding, encode) => {
    encoded(encoding, encode(image));
    expect(await read(`${here}/a.png`)).toEqual(new Uint8Array(image));
    expect(requestsTo(here)[0]?.headers['accept-encoding']).toBe('gzip, deflate, br');
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['gzip, gzip, gzip', (bytes) => gzipSync(gzipSync(gzipSync(bytes)))],
  ])('%s is limited after decoding', async (encoding, encode) => {
    encoded(encoding, encode(new Uint8Array(16 * 2 ** 20)));
    await expect(read(`${here}/a.png`)).rejects.toMatchObject({ key: 'image-too-large/bytes' });
  });

  test.each([
    ['zstd', 'zstd'],
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['deflate', 'deflate'],
    ['gzip, gzip, gzip, gzip', 'gzip, gzip, gzip, gzip'],
    ['<b>', 'b'],
  ])('%s that is unknown or damaged is named', async (encoding, shown) => {
    encoded(encoding, deflateRawSync(image).subarray(0, 40));
    await expect(read(`${here}/a.png?token=1`)).rejects.toMatchObject({
      key: 'unreadable-image/url-encoding',
      args: { url: `${here}/a.png`, encoding: shown },
    });
  });

  test.each(['none', 'utf-8', 'aws-chunked', 'gzip', 'br', 'deflate', 'a, b, c, d'])(
    "%s that wasn't applied doesn't matter",
    async (encoding) => {
      encoded(encoding, image);
      expect(await read(`${here}/a.png`)).toEqual(new Uint8Array(image));
    },
  );

  test.each([gzipSync, brotliCompressSync])('cut off is damaged', async (encode) => {
    encoded(encode === gzipSync ? 'gzip' : 'br', encode(image).subarray(0, -9));
    await expect(read(`${here}/a.png`)).rejects.toMatchObject({ key: 'unreadable-image/url-encoding' });
  });
});

describe('a redirect', () => {
  test.each([
    ['raw UTF-8', Buffer.from('/bär 字.png'), '/b%C3%A4r%20%E5%AD%97.png'],
    ['Latin-1', Buffer.from('/bär.png', 'latin1'), '/b%E4r.png'],
    ['escapes', Buffer.from('/b%C3%A4r.png'), '/b%C3%A4r.png'],
    ['no path', Buffer.from('?ä=1'), '/from?%C3%A4=1'],
  ])('with %s in its location is followed', async (_, location, path) => {
    answers.set('/from', (request, response) => {
      if (request.url !== '/from') return response.end(image);
      const { socket } = response;
      return socket?.end(
        Buffer.concat([
          Buffer.from('HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: '),
          location,
          Buffer.from('\r\n\r\n'),
        ]),
      );
    });
    expect(await read(`${here}/from`)).toEqual(new Uint8Array(image));
    expect(requestsTo(here).map(({ url }) => url?.toUpperCase())).toEqual(['/FROM', path.toUpperCase()]);
  });

  test.each(['file:///etc/hostname', 'data:image/png;base64,AAAA', 'http://'])('to %s is refused', async (location) => {
    answers.set('/from', redirect(location));
    await expect(read(`${here}/from`)).rejects.toMatchObject({ key: 'network/bad-redirect' });
  });
});

describe('a user and password in a URL', () => {
  const withPassword = (origin: string, credentials = 'm%40x:p%20ß%') =>
    origin.replace('http://', `http://${credentials}@`);
  const sent = (origin: string) => requestsTo(origin).map(({ headers }) => headers.authorization);
  const basic = `Basic ${Buffer.from('m@x:p ß%').toString('base64')}`;

  test('are sent to its origin, and nothing tells where the request comes from', async () => {
    await read(`${withPassword(here)}/a.png`);
    expect(sent(here)).toEqual([basic]);
    const { headers, url } = requestsTo(here)[0] ?? {};
    expect(url).toBe('/a.png');
    expect(Object.keys(headers ?? {}).sort()).toEqual(
      ['accept', 'accept-encoding', 'authorization', 'connection', 'host', 'user-agent'].sort(),
    );
    await read(`${here}/a.png`);
    expect(sent(here)).toEqual([basic, undefined]);
  });

  test('stay with that origin, and cookies go nowhere', async () => {
    answers.set('/same', redirect('/away'));
    answers.set('/away', (_, response) =>
      response.writeHead(302, { location: `${there}/back`, 'set-cookie': 'a=1' }).end(),
    );
    answers.set('/back', redirect(`${here}/a.png`));
    await read(`${withPassword(here)}/same`);
    expect(sent(here)).toEqual([basic, basic, undefined]);
    expect(sent(there)).toEqual([undefined]);
    for (const { headers } of [...requestsTo(here), ...requestsTo(there)]) {
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('referer');
    }
  });

  test('that a redirect brings are not used', async () => {
    answers.set('/from', redirect(`${withPassword(there)}/a.png`));
    await read(`${here}/from`);
    expect(sent(there)).toEqual([undefined]);
  });
});

describe('a status', () => {
  const status = (code: number, headers: Record<string, string> = {}) =>
    answers.set('/a.png', (_, response) => response.writeHead(code, headers).end('no'));

  test.each([
    [401, 'unreadable-image/url-login'],
    [403, 'unreadable-image/url-forbidden'],
    [404, 'unreadable-image/url-missing'],
    [410, 'unreadable-image/url-gone'],
    [418, 'unreadable-image/url-status'],
    [429, 'network/url-busy'],
    [500, 'network/url-status'],
    [503, 'network/url-status'],
    [200, 'unsupported-image/url-not-an-image'],
    [204, 'unsupported-image/url-not-an-image'],
    [304, 'unreadable-image/url-status'],
    [305, 'unreadable-image/url-status'],
  ])('%d has its own sentence', async (code, key) => {
    status(code, { location: '/b.png' });
    await expect(read(`${here}/a.png`)).rejects.toMatchObject({ key });
    expect(requestsTo(here)).toHaveLength(1);
  });

  test.each([429, 503])('%d with Retry-After is asked once more, then', async (code) => {
    answers.set('/a.png', (_, response) => {
      if (requestsTo(here).length > 1) response.end(image);
      else response.writeHead(code, { 'retry-after': '3' }).end();
    });
    expect(await read(`${here}/a.png`)).toEqual(new Uint8Array(image));
    expect(waits).toEqual([3000]);
  });

  test('429 is not asked again and again', async () => {
    status(429, { 'retry-after': '1' });
    await expect(read(`${here}/a.png`)).rejects.toMatchObject({
      key: 'network/url-busy-seconds',
      args: { seconds: 1 },
      retryable: true,
    });
    expect(requestsTo(here)).toHaveLength(2);
  });

  test('429 that asks for a long wait fails at once and says for how long', async () => {
    status(429, { 'retry-after': '3600' });
    await expect(read(`${here}/a.png`)).rejects.toMatchObject({ args: { host: '127.0.0.1', seconds: 3600 } });
    expect(waits).toEqual([]);
  });

  test('429 that asks for a wait of years names no seconds', async () => {
    status(429, { 'retry-after': 'Fri, 31 Dec 2099 23:59:59 GMT' });
    await expect(read(`${here}/a.png`)).rejects.toMatchObject({ key: 'network/url-busy' });
  });

  test('a wait ends with the signal', async () => {
    const stop = new AbortController();
    answers.set('/a.png', (_, response) => {
      response.writeHead(429, { 'retry-after': '10' }).end();
      response.on('close', () => stop.abort(new Error('enough')));
    });
    const reader = createSourceReader({ allowPrivateAddresses: () => true, ownOrigin: () => undefined });
    await expect(reader.read({ kind: 'url', url: `${here}/a.png` }, stop.signal)).rejects.toThrow('enough');
  });

  test('Retry-After has seconds or a date', () => {
    const now = Date.parse('Thu, 01 Jan 2026 00:00:00 GMT');
    expect(retryAfter('120', now)).toBe(120_000);
    expect(retryAfter('Thu, 01 Jan 2026 00:00:05 GMT', now)).toBe(5000);
    expect(retryAfter('Wed, 31 Dec 2025 00:00:05 GMT', now)).toBe(0);
    for (const text of [undefined, '', 'soon', '-1', '1.5']) expect(retryAfter(text, now)).toBeUndefined();
  });
});

test('a host without TLS is not blamed for its certificate', async () => {
  const secure = here.replace('http:', 'https:');
  await expect(read(`${secure}/a.png`)).rejects.toMatchObject({ key: 'network/connection' });
});

test('requests name the program, its version and a contact', async () => {
  await read(`${here}/a.png`);
  expect(requestsTo(here)[0]?.headers['user-agent']).toBe(userAgent);
  const { version, publisher, name } = manifest;
  expect(userAgent).toContain(`ImageMixer/${version} (+https://`);
  expect(userAgent).toContain(`itemName=${publisher}.${name})`);
});

describe('an import', () => {
  let bench: AppBench;
  let importer: ImageImporter;
  beforeAll(async () => {
    bench = await AppBench.start();
    importer = bench.app.importer;
  });
  afterAll(() => bench.close());

  test.each(['a', 'b.JPEG', 'c.Jpe', 'd.jfif', 'e.txt', 'f.png.bak', '.png'])(
    'of %s goes by its content',
    async (name) => {
      await writeFile(bench.file(name), image);
      await writeFile(join(bench.root, name), image);
      const { images, problems } = await importer.importFiles([bench.file(name), join(bench.root, name)]);
      expect(problems).toEqual([]);
      expect(images.map(({ path }) => path)).toEqual([name, name]);
      expect((await importer.importBytes(name, image)).path).toBe(name);
    },
  );

  test('of what is no image names it, and keeps no copy', async () => {
    await writeFile(bench.file('notes'), 'text');
    await writeFile(bench.file('paper.pdf'), '%PDF-1.7');
    await writeFile(join(bench.root, 'secret.key'), 'text');
    const files = [bench.file('notes'), bench.file('paper.pdf'), join(bench.root, 'secret.key'), bench.file('gone')];
    const { images, problems } = await importer.importFiles(files);
    expect(images).toEqual([]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^notes: This file isn't a valid image/),
      expect.stringMatching(/^paper\.pdf: PDF files aren't supported/),
      expect.stringMatching(/^secret\.key: This file isn't a valid image/),
      expect.stringMatching(/^gone: This file no longer exists/),
    ]);
    await expect(importer.importBytes('notes', Buffer.from('text'))).rejects.toMatchObject({ imageName: 'notes' });
    const copies = await readdir(join(bench.storage, 'window', 'sources'), { recursive: true }).catch(() => []);
    expect(copies.filter((path) => /secret|notes/.test(path))).toEqual([]);
  });

  test('of a data URI keeps the image like a pasted one', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>';
    const addresses = [
      `data:image/png;base64,${image.toString('base64')}`,
      `data:image/png;base64,${encodeURIComponent(image.toString('base64'))}`,
      `DATA:;base64,\n${image.toString('base64')}`,
      `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`,
      `data:image/svg+xml,${svg}`,
    ];
    const { images, problems } = await importer.import(addresses);
    expect(problems).toEqual([]);
    expect(images.map(({ path }) => path)).toEqual(['image.png', 'image.png', 'image.png', 'image.svg', 'image.svg']);
    expect(new Set(images.map(({ uri }) => uri)).size).toBe(2);
    expect(await readFile(fileURLToPath(images[0]?.uri ?? ''))).toEqual(image);
  });

  test('of a data URI in a recipe does the same, and the saved recipe finds the copy', async () => {
    const noOptions = () => ({});
    const mixOf = (source: string) =>
      bench.recipes().run({ json: { ...smallRecipe, images: [{ source: 'red.png' }, { source }] } }, noOptions);
    const first = await mixOf(`data:image/png;base64,${image.toString('base64')}`);
    expect(first).toMatchObject({ status: 'done' });
    const saved = await readRecipeFromImage(fileURLToPath(first.files[0] ?? ''), '');
    expect(saved.images[1]?.source).toMatch(/^mixes\/sources\/[0-9a-f]{8}-image\.png$/);
    expect(await bench.recipes().run({ json: saved }, noOptions)).toMatchObject({ status: 'done' });
    for (const source of ['data:,', 'data:text/html,<b>', 'data:image/png;base64,AAAA']) {
      const message = expect.stringMatching(/^image\.(?:png|html): This file/);
      expect(await mixOf(source)).toMatchObject({ status: 'failed', error: { message } });
    }
  });

  test('of an address elsewhere never takes the local file with the same path', async () => {
    const path = bench.file('red.png');
    const addresses = [`ftp://host${path}`, `git:${path}?{}`, `vscode-local:${path}`, `blob:https://host${path}`];
    const { images, problems } = await importer.import(addresses);
    expect(images).toEqual([]);
    expect(problems).toHaveLength(addresses.length);
  });

  test.each(['data:image/png;base64,***', 'data:text/html,<b>', 'data:,', 'data:image/png'])(
    'of %s is refused',
    async (uri) => {
      const { images, problems } = await importer.import([uri]);
      expect(images).toEqual([]);
      expect(problems).toHaveLength(1);
    },
  );
});

describe('a drop', () => {
  /** As much of a DataTransfer as is read. */
  const transfer = (data: Record<string, string>, files: File[] = []) =>
    Object.assign(Object.create(null), {
      getData: (type: string) => data[type] ?? '',
      files,
      types: Object.keys(data),
    });
  const readHtml = (html: string) => [...html.matchAll(/<img[^>]*? src="([^"]*)"/g)].map(([, source = '']) => source);
  const png = new File([new Uint8Array(3)], 'a.png', { type: 'image/png' });
  const link = 'https://shop.example/rose';
  const linked = `<a href="${link}"><img alt="" src="https://cdn.example/rose.jpg"></a>`;

  test.each<[string, Record<string, string>, File[], string[]]>([
    ['a linked image', { 'text/uri-list': link, 'text/html': linked }, [], ['https://cdn.example/rose.jpg']],
    [
      'a linked image with its file',
      { 'text/uri-list': link, 'text/html': linked },
      [png],
      ['https://cdn.example/rose.jpg'],
    ],
    [
      'a data image',
      { 'text/uri-list': link, 'text/html': '<a><img src="data:image/png;base64,AA"></a>' },
      [],
      ['data:image/png;base64,AA'],
    ],
    [
      'an image to download',
      { 'text/uri-list': link, DownloadURL: 'image/png:a.png:https://cdn.example:8080/a.png' },
      [],
      ['https://cdn.example:8080/a.png'],
    ],
    [
      'an image without a scheme',
      { 'text/html': '<img src="//cdn.example/a.png">' },
      [],
      ['https://cdn.example/a.png'],
    ],
    ['a link', { 'text/uri-list': link, 'text/html': `<a href="${link}">rose</a>` }, [], [link]],
    ['a blob image with its file', { 'text/uri-list': link, 'text/html': '<img src="blob:x">' }, [png], []],
    [
      'a file of the Explorer',
      { 'application/vnd.code.uri-list': 'file:///a.png', 'text/uri-list': 'file:///b.png', 'text/html': linked },
      [],
      ['file:///a.png'],
    ],
  ])('of %s takes the image', (_, data, files, uris) => {
    const read = readDrop(transfer(data, files), readHtml);
    expect(read.uris).toEqual(uris);
    expect(read.files).toHaveLength(uris.length > 0 ? 0 : files.length);
  });

  test('of files leaves out large ones whose names are not of images', () => {
    const movie = Object.defineProperty(new File([], 'b.mp4', { type: 'video/mp4' }), 'size', { value: 2 ** 30 });
    const odd = new File([new Uint8Array(3)], 'c.txt', { type: 'text/plain' });
    const read = readDrop(transfer({}, [png, movie, odd]), readHtml);
    expect(read).toMatchObject({ files: [{ name: 'a.png' }, { name: 'c.txt' }], unsupportedNames: ['b.mp4'] });
  });

  test('of a paste takes files, else addresses, else the images of HTML', () => {
    const html = { 'text/html': linked };
    expect(readPaste(transfer(html, [png]), readHtml)).toMatchObject({ uris: [], files: [{ name: 'a.png' }] });
    expect(readPaste(transfer({ ...html, 'text/plain': link }), readHtml).uris).toEqual([link]);
    expect(readPaste(transfer({ ...html, 'text/plain': 'two words' }), readHtml).uris).toHaveLength(1);
    expect(readUris('data:image/png;base64,AAAA')).toHaveLength(1);
    expect(readUris(' data:image/svg+xml,<svg width="4" height="4"/> ')).toHaveLength(1);
  });

  test('DownloadURL counts only for an image', () => {
    expect(readDownloadUrl('application/zip:a.zip:https://x.example/a.zip')).toEqual([]);
    expect(readDownloadUrl('')).toEqual([]);
    expect(readDownloadUrl('image/png:10:15.png:https://x.example:80/a:b')).toEqual(['https://x.example:80/a:b']);
  });
});
