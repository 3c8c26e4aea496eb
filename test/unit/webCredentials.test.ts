import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { viewOfJob } from '../../src/app/jobView.ts';
import { recipeText } from '../../src/app/recipeDraft.ts';
import { readRecipeFromImage } from '../../src/app/recipeFile.ts';
import { draftOfResult } from '../../src/app/resultView.ts';
import { WebCredentials } from '../../src/app/webCredentials.ts';
import { shownAddress } from '../../src/app/webUrl.ts';
import { emptyDraft } from '../../src/mix/draft.ts';
import { AppBench, smallRecipe } from './support/appBench.ts';

const secret = /geheim|dXNlc/; // also in Base64
const basic = `Basic ${Buffer.from('user:geheim').toString('base64')}`;

let bench: AppBench;
let server: Server;
let origin = '';
/** The image behind a user name and password, and what happens while it is downloaded. */
let url = '';
let onRequest = async () => {};

const withPassword = (address: string, userInfo = 'user:geheim') => address.replace('://', `://${userInfo}@`);

beforeEach(async () => {
  bench = await AppBench.start();
  bench.settings['images.allowPrivateAddresses'] = true;
  const image = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#0a0' } })
    .png()
    .toBuffer();
  onRequest = async () => {};
  server = createServer(async (request, response) => {
    await onRequest();
    if (request.headers.authorization === basic && request.url?.startsWith('/a.png')) response.end(image);
    else response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no port');
  origin = `http://127.0.0.1:${address.port}`;
  url = `${origin}/a.png?x`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await bench.close();
});

/** The files of the storage and of the project in which the password is. */
async function filesWithPassword(): Promise<string[]> {
  const entries = await readdir(bench.root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(paths.map((path) => readFile(path, 'latin1')));
  return paths.filter((path, at) => secret.test(path + contents[at]));
}

test('user and password of an image in the panel reach its server and nothing else', async () => {
  const { app } = bench;
  const { images, problems } = await app.importer.import([` ${withPassword(url)} `]);
  expect({ images, problems }).toMatchObject({ images: [{ uri: url, path: url }], problems: [] });
  expect(await app.loader.thumbnail(url, 32)).toMatchObject({ sourceWidth: 8 });

  const draft = { ...emptyDraft, images, width: 64, height: 64 };
  await app.drafts.save({ revision: 1, draft, files: [url] });
  expect((await readFile(join(bench.storage, 'window', 'draft.json'), 'utf8')).includes(url)).toBe(true);
  const job = await app.starter.startDraft(draft, 'local');
  const views = app.services.runner.jobs().map((snapshot) => viewOfJob(snapshot, bench.storage, app.messages));
  const { record } = await job.finished;
  expect(record.state).toBe('done');
  await app.results.addFrom(record);
  const [result] = await app.results.all();
  if (!result) throw new Error('no result');
  const again = draftOfResult(result, (path) => path);
  expect(again.images.map(({ uri }) => uri)).toEqual([url]);
  const saved = await readRecipeFromImage(result.path, '');
  expect(saved.images.map(({ source }) => source)).toEqual([url]);

  expect(await filesWithPassword()).toEqual([]);
  const told = [images, views, record, result, again, saved, recipeText(draft, bench.folder), bench.lines];
  expect(JSON.stringify([told, bench.warnings, bench.asked, [...bench.stored]])).not.toMatch(secret);
});

test('those in a recipe are not on disk while the job runs', async () => {
  const found: string[] = [];
  let jobs: string[] = [];
  onRequest = async () => {
    found.push(...(await filesWithPassword()));
    jobs = await readdir(join(bench.storage, 'global', 'jobs'));
  };
  const images = [{ source: withPassword(url), mask: withPassword(`${origin}/mask.png`) }];
  const outcome = await bench.recipes().run({ json: { ...smallRecipe, images } }, () => ({}));
  expect(outcome).toMatchObject({ status: 'done' });
  expect(jobs.length).toBeGreaterThan(0);
  expect([...found, ...(await filesWithPassword())]).toEqual([]);
  expect(JSON.stringify([outcome, bench.lines])).not.toMatch(secret);
  const saved = await readRecipeFromImage(fileURLToPath(outcome.files[0] ?? ''), '');
  expect(saved.images).toMatchObject([{ source: url, mask: `${origin}/mask.png` }]);
});

test('a message about the image, its recipe or its value has none', async () => {
  const mixOf = async (recipe: unknown) => {
    const file = await bench.recipeFile('a.mix.json', recipe);
    return (await bench.recipes().run({ file }, () => ({}))).error?.message;
  };
  const source = withPassword(`${origin}/denied.png`);
  const messages = [
    await mixOf({ ...smallRecipe, images: [{ source }] }),
    await mixOf({ ...smallRecipe, images: [source] }),
    await mixOf({ ...smallRecipe, images: [{ source, weight: source }] }),
    await mixOf({ ...smallRecipe, images: [{ source: withPassword('http://') }] }),
    await mixOf({ ...smallRecipe, images: [{ source: `"${source}"` }] }),
    await mixOf(`[${source}]`),
    await mixOf(source),
  ];
  expect(messages).not.toContain(undefined);
  expect([...messages, ...bench.lines, ...bench.warnings].filter((text) => secret.test(text ?? ''))).toEqual([]);
  expect(messages[0]).toMatch(/denied\.png: .* requires signing in .*they aren't saved/);
});

test('they are forgotten with the window, and asked for again', async () => {
  await bench.app.importer.import([withPassword(url)]);
  await bench.app.loader.bytes(url);
  const next = await AppBench.start();
  try {
    next.settings['images.allowPrivateAddresses'] = true;
    const { app } = next;
    await expect(app.loader.bytes(url)).rejects.toMatchObject({ key: 'unreadable-image/url-login' });
    const changed: string[] = [];
    app.credentials.onChange((uri) => changed.push(uri));
    await app.importer.import([withPassword(url, 'user:wrong')]);
    await expect(app.loader.bytes(url)).rejects.toMatchObject({ key: 'unreadable-image/url-login' });
    await app.importer.import([withPassword(url)]);
    expect(await app.loader.bytes(url)).not.toHaveLength(0);
    expect(changed).toEqual([url, url]);
  } finally {
    await next.close();
  }
});

test.each([
  ['http://a:b@c.example/d@e?f=%2c', 'http://c.example/d@e?f=%2c', 'http://c.example/d@e?f=%2c'],
  ['HTTPS://a%40@c.example', 'HTTPS://c.example', 'HTTPS://c.example'],
  ['https://a:$&@@c.example/d', 'https://c.example/d', 'https://c.example/d'],
  [
    'https://a:b@github.com/me/art/blob/main/c.png',
    'https://github.com/me/art/blob/main/c.png',
    'https://github.com/me/art/raw/main/c.png',
  ],
])('%s is taken apart and put together', (address, url, image) => {
  const credentials = new WebCredentials();
  expect(credentials.take(address)).toBe(url);
  expect(credentials.has(image)).toBe(true);
  const { username, password, host } = new URL(credentials.addressOf(image));
  const given = new URL(address);
  expect({ username, password, host }).toEqual({
    username: given.username,
    password: given.password,
    host: given.host,
  });
});

test('no URL that is read as one with a user or password stays so', () => {
  const odd = fc.string({ unit: fc.constantFrom(...'@:/\\?#[]%$.\t\n a"ä'), maxLength: 4 });
  const parts = fc.tuple(odd, odd, odd, odd, fc.constantFrom('http://', 'HTTPS://', 'https:///'));
  fc.assert(
    fc.property(parts, ([one, two, three, four, scheme]) => {
      const address = `${scheme}${one}geheim${two}@${three}host${four}`;
      const credentials = new WebCredentials();
      const url = credentials.take(address);
      if (!URL.canParse(address)) return;
      const { username, password, href } = new URL(address);
      const taken = new URL(url);
      expect(taken.username + taken.password).toBe('');
      if (username + password === '') expect(url).toBe(address);
      expect(new URL(credentials.addressOf(url)).href).toBe(href);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ['ftp://a:b@@c/d', 'ftp:…@c/d'],
  [' http:/a@c', ' http:…@c'],
  ['https://a:b/c#@d:99999', 'https:…@d:99999'],
  ['a@b.png', 'a@b.png'],
])('a message calls %j %j', (text, shown) => expect(shownAddress(text)).toBe(shown));

test('other texts have no credentials', () => {
  const credentials = new WebCredentials();
  for (const text of ['https://c.example/a@b', 'a@b.png', 'ftp://a:b@c/d', 'data:,a@b', '']) {
    expect(credentials.take(text)).toBe(text);
    expect(credentials.addressOf(text)).toBe(text);
  }
});
