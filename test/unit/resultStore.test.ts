import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ResultStore } from '../../src/app/resultStore.ts';
import { type JobRecord, jobRecordSchema } from '../../src/jobs/job.ts';
import { temporaryPath } from '../../src/storage/durableFile.ts';
import { endFaults, faults } from './support/pathFaults.ts';

vi.mock('node:fs/promises', async (importOriginal) =>
  (await import('./support/pathFaults.ts')).faultyFileSystem(await importOriginal()),
);

let storage: string;
beforeEach(async () => {
  storage = await mkdtemp(join(tmpdir(), 'results-'));
});
afterEach(async () => {
  endFaults();
  await rm(storage, { recursive: true });
});

const failsWith = (key: string) => expect.objectContaining({ key });
const idsOf = async (store: ResultStore) => (await store.all()).map(({ id }) => id);
const entries = async () => (await readdir(join(storage, 'results'))).toSorted();
const entryOf = async (id: string) =>
  join(storage, 'results', (await entries()).find((name) => name.endsWith(`-${id}.json`)) ?? 'missing');

/** A finished job with results at these paths. */
function jobOf(id: string, ...paths: string[]): JobRecord {
  const results = paths.map((path, index) => ({ index, seed: 7 + index, path, written: true }));
  return jobRecordSchema.parse({
    version: 1,
    id,
    createdAt: 1_700_000_000_000,
    request: {
      home: { storage, isTrusted: true, mayUpload: true },
      engine: 'local',
      recipe: { images: [{ source: 'a.png' }], prompt: 'rose man', seed: 7 },
      sources: [],
      destination: { folder: '/mixes', root: '/mixes', fileName: '{name}', embedRecipe: false },
      name: 'rose man',
      notices: [],
    },
    state: 'done',
    results,
    notices: [],
    canCheckAgain: false,
  });
}

/** A store that notes the numbers of damaged entries it was told. */
function openStore(): { store: ResultStore; damaged: number[] } {
  const damaged: number[] = [];
  return { store: new ResultStore(storage, { onDamaged: (count) => void damaged.push(count) }), damaged };
}

describe('adding', () => {
  test('two windows that add at the same time lose nothing', async () => {
    const windows = [new ResultStore(storage), new ResultStore(storage)];
    await Promise.all(windows.map((window) => window.all())); // both have read the list before
    await Promise.all(
      windows.flatMap((window, at) => [0, 1, 2].map((n) => window.addFrom(jobOf(`${at}${n}`, '/a.png')))),
    );
    const all = ['00-0', '01-0', '02-0', '10-0', '11-0', '12-0'];
    for (const window of [...windows, new ResultStore(storage)]) expect((await idsOf(window)).toSorted()).toEqual(all);
  });

  test('the newest result comes first, and each is listed once, even if two windows add the same job', async () => {
    const [one, other] = [new ResultStore(storage), new ResultStore(storage)];
    for (const id of ['z', 'y', 'x']) await one.addFrom(jobOf(id, '/a.png'));
    const job = jobOf('both', '/b.png', '/c.png');
    await Promise.all([one, other, one, other].map((store) => store.addFrom(job)));
    const listed = await idsOf(one);
    expect(listed.toSorted()).toEqual(['both-0', 'both-1', 'x-0', 'y-0', 'z-0']);
    expect(listed.slice(-3)).toEqual(['x-0', 'y-0', 'z-0']);
    await one.forget(new Set(['both-1']));
    expect(await idsOf(other)).toEqual(['both-0', 'x-0', 'y-0', 'z-0']);
  });

  test('the order is the one of adding, even if the clock is set back', async () => {
    const store = new ResultStore(storage, { now: () => 2_000_000 });
    await store.addFrom(jobOf('first', '/a.png'));
    const later = new ResultStore(storage, { now: () => 1_000_000 });
    await later.addFrom(jobOf('a-second', '/b.png'));
    expect(await idsOf(later)).toEqual(['a-second-0', 'first-0']);
  });

  test('a result that fails to be added can be added later, and the others are listed meanwhile', async () => {
    const store = new ResultStore(storage);
    faults.codeOf = (call, path) => (call === 'rename' && path.endsWith('-a-1.json') ? 'ENOSPC' : undefined);
    await expect(store.addFrom(jobOf('a', '/0.png', '/1.png', '/2.png'))).rejects.toThrow('ENOSPC');
    expect((await idsOf(store)).toSorted()).toEqual(['a-0', 'a-2']);
    endFaults();
    await store.addFrom(jobOf('a', '/0.png', '/1.png', '/2.png'));
    expect((await idsOf(store)).toSorted()).toEqual(['a-0', 'a-1', 'a-2']);
  });

  test('a result that was removed from the list stays removed, although its job changes again', async () => {
    const store = new ResultStore(storage);
    await store.addFrom(jobOf('a', '/0.png', '/1.png'));
    await store.forget(new Set(['a-0']));
    await store.addFrom(jobOf('a', '/0.png', '/1.png', '/2.png'));
    expect(await idsOf(store)).toEqual(['a-2', 'a-1']);
  });

  test("a job that changes without a new result doesn't read the list", async () => {
    const store = new ResultStore(storage);
    await store.addFrom(jobOf('a', '/0.png'));
    const calls: string[] = [];
    faults.codeOf = (call) => void calls.push(call);
    await store.addFrom(jobOf('a', '/0.png'));
    await store.addFrom(jobOf('b'));
    expect(calls).toEqual([]);
  });

  test('what a killed window was writing is removed', async () => {
    await mkdir(join(storage, 'results'));
    const abandoned = temporaryPath(join(storage, 'results'));
    const fresh = temporaryPath(join(storage, 'results'));
    for (const path of [abandoned, fresh]) await writeFile(path, '{');
    await utimes(abandoned, 1, 1);
    const store = new ResultStore(storage);
    await store.addFrom(jobOf('a', '/a.png'));
    expect(await idsOf(store)).toEqual(['a-0']);
    expect(await readdir(join(storage, 'results'))).toHaveLength(2);
    await expect(readFile(abandoned)).rejects.toThrow('ENOENT');
  });

  test('beyond 1,000 results the oldest are removed', async () => {
    const store = new ResultStore(storage);
    await store.addFrom(jobOf('model', '/a.png'));
    const entry = await readFile(await entryOf('model-0'), 'utf8');
    for (let index = 0; index < 1000; index++) {
      const name = `${String(index).padStart(15, '0')}-old-${index}.json`;
      await writeFile(join(storage, 'results', name), entry.replaceAll('model-0', `old-${index}`));
    }
    await store.addFrom(jobOf('newest', '/a.png'));
    const ids = await idsOf(store);
    expect(ids).toHaveLength(1000);
    expect(ids.slice(0, 3)).toEqual(['newest-0', 'model-0', 'old-999']);
    expect(ids.at(-1)).toBe('old-2');
  });

  test('a result counts as added even if older ones can not be removed', async () => {
    const logged: unknown[] = [];
    const store = new ResultStore(storage, { log: (error) => logged.push(error) });
    await store.addFrom(jobOf('model', '/a.png'));
    const entry = await readFile(await entryOf('model-0'), 'utf8');
    for (let index = 0; index < 1000; index++) {
      const name = `${String(index).padStart(15, '0')}-old-${index}.json`;
      await writeFile(join(storage, 'results', name), entry.replaceAll('model-0', `old-${index}`));
    }
    faults.codeOf = (call) => (call === 'rm' ? 'EBUSY' : undefined);
    await store.addFrom(jobOf('newest', '/a.png'));
    expect((await idsOf(store))[0]).toBe('newest-0');
    expect(logged).toEqual([failsWith('save-failed/not-deleted')]);
  });
});

describe('damaged entries', () => {
  const damages: [string, (text: string) => string][] = [
    ['cut', (text) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['garbage', () => '\0\0\0\0'],
    ['of another version', (text) => text.replace('"version":1', '"version":2')],
    ['of another shape', () => '{"version":1}'],
    ['another result', (text) => text.replace('b-0', 'c-0')],
  ];
  test.each(damages)('%s: the entry is set aside, told once, and damages nothing else', async (_, damage) => {
    const writer = new ResultStore(storage);
    for (const id of ['a', 'b', 'c']) await writer.addFrom(jobOf(id, '/a.png'));
    const path = await entryOf('b-0');
    const damagedText = damage(await readFile(path, 'utf8'));
    await writeFile(path, damagedText);
    const { store, damaged } = openStore();
    expect(await idsOf(store)).toEqual(['c-0', 'a-0']);
    expect(await idsOf(store)).toEqual(['c-0', 'a-0']);
    expect(damaged).toEqual([1]);
    expect(await readFile(`${path}.unreadable`, 'utf8')).toBe(damagedText);
    const reopened = openStore();
    expect(await idsOf(reopened.store)).toEqual(['c-0', 'a-0']);
    expect(reopened.damaged).toEqual([]);
  });

  test('that are found at the same time are all counted', async () => {
    const writer = new ResultStore(storage);
    const ids = Array.from({ length: 30 }, (_, index) => `job${index}`);
    for (const id of ids) await writer.addFrom(jobOf(id, '/a.png'));
    for (const id of ids) await writeFile(await entryOf(`${id}-0`), '');
    const { store, damaged } = openStore();
    expect(await idsOf(store)).toEqual([]);
    expect(damaged).toEqual([30]);
  });

  test("that can't be set aside are left out and told once", async () => {
    const writer = new ResultStore(storage);
    for (const id of ['a', 'b', 'c']) await writer.addFrom(jobOf(id, '/a.png'));
    for (const id of ['a-0', 'b-0']) await writeFile(await entryOf(id), '');
    faults.codeOf = (call) => (call === 'rename' ? 'EROFS' : undefined);
    const { store, damaged } = openStore();
    for (let time = 0; time < 2; time++) expect(await idsOf(store)).toEqual(['c-0']);
    expect(damaged).toEqual([2]);
  });
});

describe('a list that can not be read', () => {
  test.each([
    ['readdir', 'EIO'],
    ['readdir', 'EACCES'],
    ['readFile', 'EIO'],
    ['readFile', 'EACCES'],
    ['readFile', 'EMFILE'],
  ])("isn't an empty list: %s %s", async (call, code) => {
    const writer = new ResultStore(storage);
    for (const id of ['a', 'b']) await writer.addFrom(jobOf(id, '/a.png'));
    const before = await entries();
    const { store, damaged } = openStore();
    faults.codeOf = (name) => (name === call ? code : undefined);
    const part = call === 'readdir' ? 'list' : 'entries';
    await expect(store.all()).rejects.toEqual(failsWith(`result-unavailable/unreadable-${part}`));
    endFaults();
    expect(await entries()).toEqual(before);
    expect(await idsOf(store)).toEqual(['b-0', 'a-0']);
    expect(damaged).toEqual([]);
  });

  test.each(['EIO', 'EACCES'])('lacks only the entry that can not be read: %s', async (code) => {
    const writer = new ResultStore(storage);
    for (const id of ['a', 'b', 'c']) await writer.addFrom(jobOf(id, '/a.png'));
    const { store, damaged } = openStore();
    faults.codeOf = (call, path) => (call === 'readFile' && path.endsWith('-b-0.json') ? code : undefined);
    const { results, failure } = await store.list();
    expect(results.map(({ id }) => id)).toEqual(['c-0', 'a-0']);
    expect(failure).toEqual(failsWith('result-unavailable/unreadable-entries'));
    expect(await store.get('a-0')).toMatchObject({ id: 'a-0' });
    await expect(store.get('b-0')).rejects.toEqual(failsWith('result-unavailable/unreadable-entries'));
    endFaults();
    expect(await idsOf(store)).toEqual(['c-0', 'b-0', 'a-0']);
    expect(damaged).toEqual([]);
  });

  test('still has what was read before', async () => {
    const store = new ResultStore(storage);
    for (const id of ['a', 'b']) await store.addFrom(jobOf(id, '/a.png'));
    await store.all();
    faults.codeOf = (call) => (call === 'readdir' ? 'EIO' : undefined);
    const { results, failure } = await store.list();
    expect(results.map(({ id }) => id)).toEqual(['b-0', 'a-0']);
    expect(failure).toEqual(failsWith('result-unavailable/unreadable-list'));
  });

  test('is empty if there is none yet, and an entry that another window removes meanwhile is left out', async () => {
    const store = new ResultStore(storage);
    expect(await store.all()).toEqual([]);
    for (const id of ['a', 'b']) await store.addFrom(jobOf(id, '/a.png'));
    faults.codeOf = (call, path) => (call === 'readFile' && path.endsWith('-a-0.json') ? 'ENOENT' : undefined);
    expect(await idsOf(store)).toEqual(['b-0']);
  });
});

describe('removing', () => {
  test('an entry that can not be deleted is told, and the others are removed', async () => {
    const store = new ResultStore(storage);
    for (const id of ['a', 'b', 'c']) await store.addFrom(jobOf(id, '/a.png'));
    let changes = 0;
    store.onChange(() => changes++);
    faults.codeOf = (call, path) => (call === 'rm' && path.endsWith('-b-0.json') ? 'EPERM' : undefined);
    await expect(store.forget(new Set(['a-0', 'b-0', 'c-0']))).rejects.toEqual(failsWith('save-failed/not-deleted'));
    expect(await idsOf(store)).toEqual(['b-0']);
    expect(changes).toBe(1);
  });

  test('a stored file that can not be deleted stays in the list, where it can be found', async () => {
    const store = new ResultStore(storage);
    const stored = ['one.png', 'two.png'].map((name) => join(storage, 'untitled', name));
    await mkdir(join(storage, 'untitled'));
    for (const path of stored) await writeFile(path, 'x');
    await store.addFrom(jobOf('a', ...stored));
    faults.codeOf = (call, path) => (call === 'rm' && path.endsWith('one.png') ? 'EBUSY' : undefined);
    await expect(store.clear(await store.all())).rejects.toEqual(failsWith('save-failed/not-deleted'));
    expect(await idsOf(store)).toEqual(['a-0']);
    expect(await readdir(join(storage, 'untitled'))).toEqual(['one.png']);
  });
});
