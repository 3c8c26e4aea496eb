import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AccountBalance } from '../../src/app/accountBalance.ts';
import { isApiKey } from '../../src/app/apiKeys.ts';
import { fuzzyMatches, searchGlobs } from '../../src/app/imageSearch.ts';
import { viewOfJob } from '../../src/app/jobView.ts';
import { ResultStore } from '../../src/app/resultStore.ts';
import type { JobRecord } from '../../src/jobs/job.ts';
import type { JobSnapshot } from '../../src/jobs/jobRunner.ts';
import { emptyDraft } from '../../src/mix/draft.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { recordFailure } from '../../src/mix/failureRecord.ts';
import { makeNotice } from '../../src/mix/notice.ts';
import { makeFolder } from '../../src/storage/folder.ts';
import { AppBench } from './support/appBench.ts';
import { recordOf, requestOf } from './support/jobBench.ts';

let bench: AppBench;
beforeEach(async () => {
  bench = await AppBench.start();
});
afterEach(() => bench.close());

const failsWith = (key: string) => expect.objectContaining({ key });
const uri = (path: string) => pathToFileURL(path).href;
const snapshotOf = (record: JobRecord): JobSnapshot => ({ record, progress: { stage: 'waiting' } });

/** A finished job with results at these paths. */
function doneJob(id: string, ...paths: string[]): JobRecord {
  return recordOf(id, {
    state: 'done',
    request: requestOf(bench.file('mixes')),
    results: paths.map((path, index) => ({ index, seed: 7 + index, path, written: true })),
  });
}

describe('imported images', () => {
  test('from the workspace stay where they are, URLs are kept verbatim, and others are copied once', async () => {
    const url = 'https://example.com/a.png?sig=%2C%2c';
    const outside = join(bench.root, 'green.png');
    const addresses = [uri(bench.file('red.png')), url, uri(outside), uri(outside)];
    const { images, problems } = await bench.app.importer.import(addresses);
    expect(problems).toEqual([]);
    expect(images.map(({ path }) => path)).toEqual(['red.png', url, 'green.png', 'green.png']);
    expect(images[1]?.uri).toBe(url);
    expect(images[2]?.uri).toMatch(/\/storage\/window\/sources\/\w{8}\/green\.png$/);
    expect(images[3]?.uri).toBe(images[2]?.uri);
    const again = await bench.app.importer.import([images[2]?.uri ?? '']);
    expect(again.images[0]?.uri).toBe(images[2]?.uri);
  });

  test('from a remote Explorer are files on this machine', async () => {
    const address = `vscode-remote://localhost:8000${bench.file('red.png')}`;
    expect((await bench.app.importer.import([address])).images).toMatchObject([{ path: 'red.png' }]);
  });

  test('from a path with special characters keep their address', async () => {
    const path = bench.file('a (1) #ö%20.png');
    await writeFile(path, 'x');
    const { images } = await bench.app.importer.importFiles([path]);
    expect(images).toMatchObject([{ uri: uri(path), path: 'a (1) #ö%20.png' }]);
    expect((await bench.app.importer.import([uri(path)])).images).toMatchObject([{ uri: uri(path) }]);
  });

  test('with an address that is neither a file nor a URL are named', async () => {
    const { images, problems } = await bench.app.importer.import([
      'data:image/png;base64,AAAA',
      'red.png',
      'file:///%ff.png',
    ]);
    expect(images).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(Array(3).fill('unsupported-image'));
    expect(problems[1]?.message).toMatch(/^red\.png: /);
  });

  test("that aren't images, or don't exist, are named", async () => {
    await writeFile(bench.file('notes.txt'), 'x');
    const files = [bench.file('notes.txt'), join(bench.root, 'gone.png')];
    const { images, problems } = await bench.app.importer.importFiles(files);
    expect(images).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(['unsupported-image', 'unreadable-image']);
    expect(problems[0]?.message).toMatch(/^notes\.txt: /);
  });

  test('that were copied to another place by an earlier version still work', async () => {
    const earlier = join(bench.storage, 'global', 'sources', 'abcd1234', 'green.png');
    await mkdir(dirname(earlier), { recursive: true });
    await copyFile(join(bench.root, 'green.png'), earlier);
    expect(await bench.app.loader.thumbnail(uri(earlier), 16)).toMatchObject({ sourceWidth: 64 });
    const { images, problems } = await bench.app.importer.import([uri(earlier)]);
    expect(problems).toEqual([]);
    expect(images[0]?.uri).toMatch(/\/storage\/window\/sources\/\w{8}\/green\.png$/);
  });

  test('without an address are saved under a safe name', async () => {
    const image = await bench.app.importer.importBytes('..\\..\\evil/a.png', new Uint8Array([1, 2, 3]));
    expect(image).toMatchObject({ path: 'a.png', uri: expect.stringMatching(/\/sources\/\w{8}\/a\.png$/) });
    expect((await bench.app.importer.importBytes('', new Uint8Array([4]))).path).toBe('image.png');
  });

  test("that can't be copied into storage say what to do", async () => {
    await makeFolder(join(bench.storage, 'window'));
    await writeFile(join(bench.storage, 'window', 'sources'), 'not a folder');
    await expect(bench.app.importer.importBytes('a.png', new Uint8Array([1]))).rejects.toMatchObject({
      key: 'save-failed/copy',
      imageName: 'a.png',
    });
    const { problems } = await bench.app.importer.importFiles([join(bench.root, 'green.png')]);
    expect(problems).toMatchObject([
      { code: 'save-failed', message: expect.stringMatching(/^green\.png: .*permissions/) },
    ]);
  });
});

test('one file under two spellings of its address is one file', async () => {
  const { loader } = bench.app;
  const path = bench.file('rosé (1).png');
  await copyFile(bench.file('red.png'), path);
  await utimes(path, 2, 2);
  const plain = uri(path);
  const other = plain.replace('(1)', '%281%29').replace('file:', 'FILE:');
  const first = await loader.thumbnail(plain, 32);
  expect(await loader.thumbnail(other, 32)).toBe(first);
  await loader.pixels(`${plain}`.replace('.png', '%2Epng'), 16, 16);
  expect(loader.shownAs(path)).toEqual([plain, other, plain.replace('.png', '%2Epng')]);
  expect(loader.shownAs(path.normalize('NFD'))).toHaveLength(3);
  expect(loader.shownAs(bench.file('red.png'))).toEqual([]);
});

test('thumbnails are cached until the file changes', async () => {
  const { loader } = bench.app;
  const red = uri(bench.file('red.png'));
  await utimes(bench.file('red.png'), 2, 2);
  expect(loader.shownAs(bench.file('red.png'))).toEqual([]);
  const first = await loader.thumbnail(red, 32);
  expect(first).toMatchObject({ sourceWidth: 64, sourceHeight: 64 });
  expect(await loader.thumbnail(red, 32)).toBe(first);
  expect(loader.shownAs(bench.file('red.png'))).toEqual([red]);
  await sharp({ create: { width: 80, height: 64, channels: 3, background: '#fff' } })
    .png()
    .toFile(bench.file('red.png'));
  await utimes(bench.file('red.png'), 1, 1);
  expect(await loader.thumbnail(red, 32)).toMatchObject({ sourceWidth: 80 });
  await rm(bench.file('red.png'));
  await expect(loader.thumbnail(red, 32)).rejects.toEqual(failsWith('unreadable-image/missing'));
});

describe('the list of results', () => {
  test('contains each saved result once, newest first, and survives a restart', async () => {
    const { results } = bench.app;
    const changes: number[] = [];
    const subscription = results.onChange(() => void changes.push(1));
    const job = doneJob('a', bench.file('mixes/1.png'), bench.file('mixes/2.png'));
    await results.addFrom(job);
    await results.addFrom(job);
    await results.addFrom(doneJob('b', bench.file('mixes/3.png')));
    expect((await results.all()).map(({ id }) => id)).toEqual(['b-0', 'a-1', 'a-0']);
    expect(changes).toHaveLength(2);
    subscription.dispose();
    await results.forget(new Set(['a-1']));
    expect(changes).toHaveLength(2);
    const reopened = new ResultStore(join(bench.storage, 'workspace'));
    expect((await reopened.all()).map(({ id }) => id)).toEqual(['b-0', 'a-0']);
    expect(await reopened.get('a-1')).toBeUndefined();
  });

  test('has them once even if a job changes again while the list is read', async () => {
    const { results } = bench.app;
    await results.addFrom(doneJob('a', bench.file('red.png')));
    const reopened = new ResultStore(join(bench.storage, 'workspace'));
    const job = doneJob('b', bench.file('blue.png'));
    await Promise.all([reopened.addFrom(job), reopened.addFrom(job), reopened.addFrom(job)]);
    expect((await reopened.all()).map(({ id }) => id)).toEqual(['b-0', 'a-0']);
  });

  test('deletes files in storage when it is cleared', async () => {
    const { results } = bench.app;
    const stored = join(bench.storage, 'workspace', 'untitled.png');
    await results.addFrom(doneJob('a', bench.file('red.png')));
    await results.addFrom(doneJob('b', stored));
    await writeFile(stored, 'x');
    const all = await results.all();
    expect(all.map((result) => results.isStored(result))).toEqual([true, false]);
    await results.addFrom(doneJob('later', bench.file('blue.png')));
    await results.clear(all);
    expect((await results.all()).map(({ id }) => id)).toEqual(['later-0']);
    expect(await readdir(bench.folder)).toContain('red.png');
    expect(await readdir(join(bench.storage, 'workspace'))).not.toContain('untitled.png');
  });

  test('tells the panel about damaged entries once, whoever found them', async () => {
    const { results, panel } = bench.app;
    for (const id of ['a', 'b']) await results.addFrom(doneJob(id, bench.file('red.png')));
    const folder = join(bench.storage, 'workspace', 'results');
    const damaged = (await readdir(folder)).find((name) => name.endsWith('-a-0.json')) ?? '';
    await writeFile(join(folder, damaged), '{');
    for (let time = 0; time < 2; time++) expect(await results.all()).toMatchObject([{ id: 'b-0' }]);
    const message = bench.app.messages.say('results.damaged', { count: 1 });
    expect((await panel.handlers().ready(null)).problems).toEqual([{ code: 'result-unavailable', message }]);
    expect((await panel.listedResults()).problems).toEqual([]);
    expect(bench.warnings).toEqual([]);
  });
});

test('the panel shows how a job ended', () => {
  const { messages } = bench.app;
  const failure = recordFailure(new MixFailure('unreadable-image/truncated').forImage(1, 'boy.jpg'));
  const source = { index: 0, name: 'a.png', weight: 1, location: { kind: 'file', path: '/x/a.png' } as const };
  const failed = recordOf('a', { state: 'failed', failure, request: requestOf('/x', { sources: [source] }) });
  expect(viewOfJob(snapshotOf(failed), '/home', messages)).toMatchObject({
    source: 'file:///x/a.png',
    message: expect.stringMatching(/^boy\.jpg: /),
    field: 'images.1',
    fixes: [],
  });
  const cancelled = recordOf('b', { state: 'cancelled', engineState: 'unreadable' });
  expect(viewOfJob(snapshotOf(cancelled), '/home', messages).message).toBe(messages.say('job.cancelledHosted'));
  const left = { code: 'not-canceled', args: { server: 'box:8188' } };
  expect(viewOfJob(snapshotOf({ ...cancelled, notices: [left] }), '/home', messages).message).toBe(
    messages.notice(left),
  );
  expect(viewOfJob(snapshotOf(recordOf('c', { state: 'cancelled' })), '/home', messages).message).toBeUndefined();
  const notices = [makeNotice('ignored', { part: 'prompt' }), makeNotice('unknown-key', { key: 'mood' })];
  const done = recordOf('d', { state: 'done', notices });
  expect(viewOfJob(snapshotOf(done), '/home', messages).message).toContain('mood');
  expect(viewOfJob(snapshotOf(done), '/home', messages).message).not.toContain(
    messages.notice(notices[0] ?? makeNotice('ignored', { part: '' })),
  );
});

describe('the panel', () => {
  test('starts with the examples, and later with the saved draft', async () => {
    const calls = bench.app.panel.handlers();
    const first = await calls.ready(null);
    expect(first).toMatchObject({
      draft: { images: [{ path: 'red.png' }] },
      jobs: [],
      results: [],
      engine: { name: 'local' },
      revision: 0,
      problems: [],
    });
    await calls.saveDraft({ revision: 4, draft: { ...emptyDraft, prompt: 'kept' }, files: [] });
    expect(await calls.ready(null)).toMatchObject({ draft: { prompt: 'kept', images: [] }, revision: 4 });
  });

  test("opens even if the list of results can't be read, and says so", async () => {
    await mkdir(join(bench.storage, 'workspace'), { recursive: true });
    await writeFile(join(bench.storage, 'workspace', 'results'), 'not a folder');
    const { results, problems } = await bench.app.panel.handlers().ready(null);
    expect(results).toEqual([]);
    expect(problems).toMatchObject([{ code: 'result-unavailable', message: expect.stringContaining('ENOTDIR') }]);
    expect(await bench.app.panel.listedResults()).toEqual({ results, problems }); // what an open panel is sent
  });

  test('keeps the copies of pasted images that its undo history needs', async () => {
    const calls = bench.app.panel.handlers();
    const paste = async (index: number) => {
      const { images } = await calls.addBytes({ name: 'pasted.png', bytes: new Uint8Array([index, index >> 8]) });
      const [image] = images;
      if (!image) throw new Error('Nothing was pasted');
      return image;
    };
    const needed = await paste(0);
    const inDraft = await paste(1);
    const forgotten = await paste(2);
    for (const { uri } of [needed, inDraft, forgotten]) await utimes(dirname(fileURLToPath(uri)), 1, 1);
    await calls.saveDraft({ revision: 1, draft: { ...emptyDraft, images: [inDraft] }, files: [needed.uri] });
    for (let index = 3; index < 302; index++) await paste(index);
    const exists = ({ uri }: { uri: string }) => existsSync(fileURLToPath(uri));
    expect([needed, inDraft, forgotten].map(exists)).toEqual([true, true, false]);
  });

  test('mixes: all invalid fields are reported at once, and the prompt of a mix is remembered', async () => {
    const calls = bench.app.panel.handlers();
    const { images } = await calls.addUris({ uris: [uri(bench.file('red.png'))] });
    const wrong = await calls.mix({ draft: { ...emptyDraft, images, width: '9', samples: 7 }, randomSeed: 5 });
    expect(wrong).toMatchObject({ jobId: null, problems: [{ field: 'width' }, { field: 'samples' }] });
    const off = images.map((image) => ({ ...image, enabled: false }));
    expect(await calls.mix({ draft: { ...emptyDraft, images: off }, randomSeed: 5 })).toMatchObject({
      problems: [{ code: 'invalid-recipe', field: 'images' }],
    });
    const draft = { ...emptyDraft, images, width: 64, height: 64, prompt: ' rose ' };
    const { jobId } = await calls.mix({ draft, randomSeed: 5 });
    expect(bench.app.prompts.all()).toEqual([' rose ']);
    const [job] = bench.app.services.runner.jobs();
    expect(job?.record).toMatchObject({ id: jobId, request: { recipe: { seed: 5 } } });
    await calls.cancel({ jobId: jobId ?? '' });
    await expect(calls.checkAgain({ jobId: jobId ?? '' })).rejects.toMatchObject({
      key: 'result-unavailable/nothing-to-check',
    });
    await calls.dismiss({ jobId: jobId ?? '' });
  });

  test('starts a mix even if neither its prompt nor its draft can be saved', async () => {
    const calls = bench.app.panel.handlers();
    const { images } = await calls.addUris({ uris: [uri(bench.file('red.png'))] });
    bench.storeError = new Error('The workspace storage is gone');
    const draft = { ...emptyDraft, images, width: 64, height: 64, prompt: 'rose' };
    const { jobId, problems } = await calls.mix({ draft, randomSeed: 5 });
    expect(problems).toEqual([]);
    expect(bench.app.services.runner.jobs()).toMatchObject([{ record: { id: jobId } }]);
    await expect.poll(() => bench.lines.join('\n')).toContain('The workspace storage is gone');
    await calls.cancel({ jobId: jobId ?? '' });
  });

  test('receives bytes, pixels and thumbnails, and results as sources and as drafts', async () => {
    const calls = bench.app.panel.handlers();
    const red = uri(bench.file('red.png'));
    expect(await calls.thumbnail({ uri: red, side: 16 })).toMatchObject({ width: 64, height: 64 });
    expect(await calls.pixels({ uri: red, width: 8, height: 8 })).toMatchObject({
      width: 8,
      data: expect.any(Uint8Array),
    });
    expect(await calls.addBytes({ name: 'p.png', bytes: new Uint8Array([1]) })).toMatchObject({
      images: [{ path: 'p.png' }],
    });
    await bench.app.results.addFrom(doneJob('a', bench.file('blue.png')));
    const [view] = (await bench.app.panel.listedResults()).results;
    expect(view).toMatchObject({ id: 'a-0', uri: uri(bench.file('blue.png')), path: 'blue.png', prompt: 'rose man' });
    expect((await calls.readResult({ id: 'a-0' })).bytes.length).toBeGreaterThan(50);
    expect(await calls.useAsSource({ id: 'a-0' })).toMatchObject({ images: [{ path: 'blue.png' }] });
    expect(await calls.reuseSettings({ id: 'a-0' })).toMatchObject({ draft: { prompt: 'rose man', seed: 7 } });
    await expect(calls.readResult({ id: 'gone' })).rejects.toEqual(failsWith('result-unavailable/forgotten'));
  });
});

test('the last 50 prompts are kept, each once, newest first', async () => {
  const { prompts } = bench.app;
  for (let index = 0; index < 60; index++) await prompts.add(`prompt ${index}`);
  await prompts.add('prompt 30');
  await prompts.add(' ');
  expect(prompts.all()).toHaveLength(50);
  expect(prompts.all().slice(0, 2)).toEqual(['prompt 30', 'prompt 59']);
  bench.stored.set('imageMixer.prompts', 'not a list');
  expect(prompts.all()).toEqual([]);
});

test('a key belongs to one origin', async () => {
  const { keys } = bench.app;
  await keys.set('https://a.example', ' k1 ');
  expect(await keys.get('https://a.example')).toBe('k1');
  expect(await keys.get('https://b.example')).toBeUndefined();
  await keys.clear('https://a.example');
  expect(await keys.get('https://a.example')).toBeUndefined();
  expect(['k1', ' k1\n', 'two words', '', 'ü', 7].map(isApiKey)).toEqual([true, true, false, false, false, false]);
});

test("an outdated balance isn't shown", async () => {
  const replies: ((amount: number | undefined) => void)[] = [];
  const balance = new AccountBalance(
    () =>
      new Promise((resolve) =>
        replies.push((amount) => resolve(amount === undefined ? undefined : { amount, currency: 'USD' })),
      ),
  );
  const shown: unknown[] = [];
  const subscription = balance.onChange(() => void shown.push(balance.last?.amount));
  const [slow, quick] = [balance.refresh(), balance.refresh()];
  replies[1]?.(2);
  await quick;
  replies[0]?.(1);
  await slow;
  expect(shown).toEqual([2]);
  const same = balance.refresh();
  replies[2]?.(2);
  await same;
  subscription.dispose();
  expect(shown).toEqual([2]);
});

test('images are found by some letters of their names', () => {
  expect(fuzzyMatches('red-1911.png', 'R 19')).toBe(true);
  expect(fuzzyMatches('red-1911.png', '91r')).toBe(false);
  expect(fuzzyMatches('red.png', ' ')).toBe(false);
  expect(fuzzyMatches('bär.png'.normalize('NFD'), 'BÄ')).toBe(true);
  expect(fuzzyMatches('bär.png', 'bä'.normalize('NFD'))).toBe(true);
  expect(searchGlobs('r')).toEqual([]);
  expect(searchGlobs('bä')[0]).toMatch(/^\*\*\/\*\[bB\]\{\[äÄ\],\[aA\]\u0308\}\*\./);
  const [inOnePiece = '', byLetters = ''] = searchGlobs('r[1');
  expect(inOnePiece).toMatch(/^\*\*\/\*\[rR\]\?1\*\.\{\[pP\]\[nN\]\[gG\],/);
  expect(byLetters).toMatch(/^\*\*\/\*\[rR\]\*\?\*1\*\.\{\[pP\]\[nN\]\[gG\],/);
});
