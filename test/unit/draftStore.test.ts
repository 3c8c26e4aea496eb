import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DraftStore } from '../../src/app/draftStore.ts';
import { type Draft, type DraftImage, emptyDraft } from '../../src/mix/draft.ts';
import { temporaryPath } from '../../src/storage/durableFile.ts';
import { endFaults, faults } from './support/pathFaults.ts';

vi.mock('node:fs/promises', async (importOriginal) =>
  (await import('./support/pathFaults.ts')).faultyFileSystem(await importOriginal()),
);

let root: string;
let folder: string;
let logged: unknown[];
const file = () => join(folder, 'draft.json');
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drafts-'));
  folder = join(root, 'window');
  logged = [];
});
afterEach(async () => {
  endFaults();
  await rm(root, { recursive: true });
});

const openStore = () =>
  new DraftStore({ folder, windows: join(root, 'windows'), log: (error) => void logged.push(error) });
const draftOf = (prompt: string, images: readonly DraftImage[] = []): Draft => ({
  ...emptyDraft,
  prompt,
  images: [...images],
});
const saved = (revision: number, prompt = `prompt ${revision}`) => ({ revision, draft: draftOf(prompt), files: [] });

test('the next window finds the draft as it was last saved, with its revision', async () => {
  const store = openStore();
  expect(await store.load()).toBeUndefined();
  await store.save(saved(3));
  expect(await store.load()).toEqual(saved(3));
  expect(await openStore().load()).toEqual(saved(3));
  expect(await readdir(folder)).toEqual(['draft.json']);
});

test('of saves at the same time the latest wins', async () => {
  const store = openStore();
  await Promise.all(Array.from({ length: 20 }, (_, index) => store.save(saved(index + 1))));
  expect(await openStore().load()).toEqual(saved(20));
});

test('an older revision that arrives late changes nothing', async () => {
  const store = openStore();
  await Promise.all([store.save(saved(5)), store.save(saved(4))]);
  await store.save(saved(3));
  expect(await store.load()).toEqual(saved(5));
  expect(await openStore().load()).toEqual(saved(5));
});

describe("a file that can't be used", () => {
  test.each(['', '{', '[]', '{"version":2}', '{"version":1,"revision":"x"}'])(
    '%j: is no draft, is logged, and stays for inspection',
    async (text) => {
      await mkdir(folder);
      await writeFile(file(), text);
      const store = openStore();
      for (let time = 0; time < 2; time++) expect(await store.load()).toBeUndefined();
      expect(logged).toHaveLength(1);
      expect(await readFile(`${file()}.unreadable`, 'utf8')).toBe(text);
      await store.save(saved(1));
      expect(await openStore().load()).toEqual(saved(1));
    },
  );

  test.each(['EIO', 'EACCES', 'EMFILE'])('%s: is logged, and read again the next time', async (code) => {
    await openStore().save(saved(7));
    const store = openStore();
    faults.codeOf = (call) => (call === 'readFile' ? code : undefined);
    expect(await store.load()).toBeUndefined();
    expect(logged).toMatchObject([{ code }]);
    endFaults();
    expect(await store.load()).toEqual(saved(7));
  });

  test.each([1, 2])("a draft that couldn't be read %i times isn't overwritten", async (times) => {
    await openStore().save(saved(7));
    const store = openStore();
    let left = times;
    faults.codeOf = (call) => (call === 'readFile' && left-- > 0 ? 'EIO' : undefined);
    expect(await store.load()).toBeUndefined();
    await store.save(saved(1));
    await store.save(saved(2));
    expect(await openStore().load()).toEqual(saved(2));
    expect(JSON.parse(await readFile(`${file()}.earlier`, 'utf8'))).toMatchObject(saved(7));
  });

  test('a save before the first load replaces the draft', async () => {
    await openStore().save(saved(7));
    await openStore().save(saved(8));
    expect(await openStore().load()).toEqual(saved(8));
    expect(await readdir(folder)).toEqual(['draft.json']);
  });

  test('a failed save is logged once until one succeeds, and the window keeps its draft', async () => {
    const store = openStore();
    await store.save(saved(1));
    faults.codeOf = (call) => (call === 'rename' ? 'ENOSPC' : undefined);
    for (const revision of [2, 3, 4]) await store.save(saved(revision));
    expect(logged).toMatchObject([{ code: 'ENOSPC' }]);
    expect(await store.load()).toEqual(saved(4));
    expect(await openStore().load()).toEqual(saved(1));
    endFaults();
    await store.save(saved(5));
    expect(await openStore().load()).toEqual(saved(5));
    faults.codeOf = (call) => (call === 'rename' ? 'EIO' : undefined);
    await store.save(saved(6));
    expect(logged).toMatchObject([{ code: 'ENOSPC' }, { code: 'EIO' }]);
  });
});

test('the files in use are those of the draft and of its undo history', async () => {
  const image = (uri: string): DraftImage => ({ id: uri, uri, path: uri, weight: 0.5, enabled: true });
  const files = ['file:///c%20d.png', 'https://example.com/e.png'];
  const draft = draftOf('', [image('file:///a.png'), image('https://example.com/b.png')]);
  await openStore().save({ revision: 1, draft, files });
  expect((await openStore().files()).toSorted()).toEqual(['/a.png', '/c d.png']);
  await rm(file());
  expect(await openStore().files()).toEqual([]);
});

test('what a killed window was writing is removed at the first use', async () => {
  await mkdir(folder);
  const abandoned = temporaryPath(folder);
  await writeFile(abandoned, '{');
  await utimes(abandoned, 1, 1);
  await openStore().load();
  expect(await readdir(folder)).toEqual([]);
});

describe('windows without a folder', () => {
  const daysAgo = (days: number) => Date.now() / 1000 - days * 86_400;
  async function windowFolder(name: string, days: number, hasDraft = true): Promise<string> {
    const path = join(root, 'windows', name);
    await mkdir(join(path, 'sources', 'abc'), { recursive: true });
    await writeFile(join(path, 'sources', 'abc', 'copy.png'), 'x');
    if (hasDraft) await writeFile(join(path, 'draft.json'), JSON.stringify({ version: 1, ...saved(1) }));
    const time = daysAgo(days);
    await utimes(hasDraft ? join(path, 'draft.json') : path, time, time);
    return path;
  }

  test('the first use deletes the storage of those that were not used for 90 days', async () => {
    for (const [name, days] of [
      ['old', 91],
      ['recent', 89],
    ] as const) {
      await windowFolder(name, days);
      await windowFolder(`${name}-empty`, days, false);
    }
    folder = await windowFolder('own', 200);
    expect(await openStore().load()).toEqual(saved(1));
    expect((await readdir(join(root, 'windows'))).toSorted()).toEqual(['own', 'recent', 'recent-empty']);
    expect((await stat(file())).mtimeMs / 1000).toBeGreaterThan(daysAgo(1)); // used now
    expect(logged).toEqual([]);
  });

  test('a window with a folder leaves them alone', async () => {
    await windowFolder('old', 91);
    await openStore().load();
    expect(await readdir(join(root, 'windows'))).toEqual(['old']);
  });
});
