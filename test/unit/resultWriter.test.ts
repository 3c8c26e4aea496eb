import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MixFailure } from '../../src/mix/failure.ts';
import type { Destination } from '../../src/output/outputFolder.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { saveFailure } from '../../src/output/saveFailure.ts';
import { copySourceIntoProject } from '../../src/output/sourceCopy.ts';
import { temporaryPath } from '../../src/storage/durableFile.ts';
import { disk } from './support/unreliableDisk.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, ...(await import('./support/unreliableDisk.ts')).disk.wrap(real) };
});

let root: string;
let destination: Destination;
const writer = new ResultWriter((error) => {
  throw error;
});
const result = { name: 'Rose man', seed: 7, index: 0, format: 'png' } as const;
const bytes = new Uint8Array([1, 2, 3]);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mixes-'));
  destination = { folder: join(root, 'a', 'mixes'), root, fileName: '{name}-{seed}-{index}', embedRecipe: true };
});
afterEach(async () => {
  disk.heal();
  await rm(root, { recursive: true });
});

test('creates the folder, writes the result completely and leaves nothing else', async () => {
  const path = await writer.choosePath(destination, result);
  expect(path).toBe(join(destination.folder, 'rose-man-7-1.png'));
  expect(await writer.write(path, bytes)).toBe('written');
  expect(await readdir(destination.folder)).toEqual(['rose-man-7-1.png']);
  expect(new Uint8Array(await readFile(path))).toEqual(bytes);
});

test('chooses the extension of the format and the next free name', async () => {
  await mkdir(destination.folder, { recursive: true });
  await writeFile(join(destination.folder, 'ROSE-MAN-7-1.JPG'), '');
  const reserved = new Set([join(destination.folder, 'rose-man-7-1-2.jpg')]);
  const path = await writer.choosePath(destination, { ...result, format: 'jpeg' }, reserved);
  expect(path).toBe(join(destination.folder, 'rose-man-7-1-3.jpg'));
});

test.each(['with', 'without'])('never replaces a file, on a file system %s hard links', async (links) => {
  if (links === 'without') disk.fail('EPERM', (name) => name === 'link');
  const path = await writer.choosePath(destination, result);
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map((first) => writer.write(path, new Uint8Array([first]))));
  const won = outcomes.flatMap(({ status }, at) => (status === 'fulfilled' ? [at + 1] : []));
  expect(won).toHaveLength(1);
  expect([...(await readFile(path))]).toEqual(won);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ key: 'save-failed/exists' });
  }
  expect(await writer.write(path, new Uint8Array(won))).toBe('already-there');
  expect(await readdir(destination.folder)).toHaveLength(1);
});

test('rejects a folder that leads out of the project, and creates nothing there', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'outside-'));
  await symlink(outside, join(root, 'a'));
  await expect(writer.choosePath(destination, result)).rejects.toMatchObject({
    key: 'save-failed/folder-outside',
    retryable: false,
  });
  expect(await readdir(outside)).toEqual([]);
  await rm(outside, { recursive: true });
  const inside = { ...destination, folder: join(root, 'b', '..', '..', 'elsewhere') };
  await expect(writer.choosePath(inside, result)).rejects.toMatchObject({ key: 'save-failed/folder-outside' });
});

test("fails if a file is in the folder's place", async () => {
  await writeFile(join(root, 'a'), '');
  await expect(writer.choosePath(destination, result)).rejects.toMatchObject({
    key: 'save-failed/no-folder',
  });
  await expect(writer.write(join(root, 'a', 'b.png'), bytes)).rejects.toMatchObject({
    key: 'save-failed/no-folder',
  });
});

test('copies a source from outside once, and only if it is an image', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'outside-'));
  const source = join(outside, 'My rose.PNG');
  await sharp({ create: { width: 2, height: 2, channels: 3, background: '#f00' } })
    .png()
    .toFile(source);
  const copy = await copySourceIntoProject(source, destination);
  expect(copy.slice(destination.folder.length)).toMatch(/^[/\\]sources[/\\][0-9a-f]{8}-My rose\.PNG$/);
  expect(await readFile(copy)).toEqual(await readFile(source));
  expect(await copySourceIntoProject(source, destination)).toBe(copy);
  await writeFile(copy, 'painted over');
  expect(await readFile(await copySourceIntoProject(source, destination))).toEqual(await readFile(source));
  expect(await readFile(copy, 'utf8')).toBe('painted over');
  await writeFile(join(outside, 'secret.png'), 'password');
  await expect(copySourceIntoProject(join(outside, 'secret.png'), destination)).rejects.toMatchObject({
    code: 'unsupported-image',
  });
  await rm(outside, { recursive: true });
});

const written = Buffer.from('the result '.repeat(1000));
/** Writes that result in another process, which is killed at a call of the file system. Resolves with whether it was. */
const writeAndDie = (call: number, path: string, links: string, owner = '') =>
  new Promise<boolean>((resolve, reject) => {
    const script = join(import.meta.dirname, 'fixtures', 'killedWriter.ts');
    execFile(process.execPath, [script, String(call), path, links, owner], (error) => {
      if (error && error.signal !== 'SIGKILL') reject(error);
      else resolve(error !== null);
    });
  });

// Windows has no signals: a process that ends itself looks like one that failed.
test.skipIf(process.platform === 'win32').each(['with', 'without'])(
  'the next run of a killed one leaves just its result, %s hard links',
  async (links) => {
    for (let call = 1; ; call++) {
      const path = join(destination.folder, String(call), 'rose.png');
      const wasKilled = await writeAndDie(call, path, links, 'job-0');
      if (links === 'without') disk.fail('EPERM', (name) => name === 'link');
      await new ResultWriter().write(path, written, { owner: 'job-0' });
      expect(await readdir(join(destination.folder, String(call)))).toEqual(['rose.png']);
      expect((await readFile(path)).equals(written)).toBe(true);
      if (!wasKilled) break;
      expect(call).toBeLessThan(30);
    }
  },
);

test('a killed write of another job goes with the next mix, but not while it may still run', async () => {
  await mkdir(join(destination.folder, 'sources'), { recursive: true });
  const temporary = [temporaryPath(destination.folder, 'other-0'), temporaryPath(join(destination.folder, 'sources'))];
  for (const path of temporary) await writeFile(path, 'half');
  await writer.choosePath(destination, { ...result, owner: 'job-0' });
  for (const path of temporary) expect(existsSync(path)).toBe(true);
  for (const path of temporary) await utimes(path, 1, 1);
  await writer.choosePath(destination, { ...result, owner: 'job-1' });
  for (const path of temporary) expect(existsSync(path)).toBe(false);
});

test('the folder is listed once for a result, whoever chose its path', async () => {
  const path = await writer.choosePath(destination, { ...result, owner: 'job-0' });
  disk.heal();
  await writer.write(path, bytes, { owner: 'job-0' });
  expect(disk.calls).not.toContain('readdir');
  disk.heal();
  await new ResultWriter().write(path, bytes, { owner: 'job-0' }); // a resumed job knows its path
  expect(disk.calls.filter((name) => name === 'readdir')).toHaveLength(1);
});

test("an empty file that isn't left over from a write stays", async () => {
  await mkdir(destination.folder, { recursive: true });
  const path = join(destination.folder, 'rose.png');
  await writeFile(path, '');
  await writeFile(temporaryPath(destination.folder, 'job-1'), bytes);
  await expect(writer.write(path, bytes, { owner: 'job-0' })).rejects.toMatchObject({ key: 'save-failed/exists' });
  expect(await readFile(path)).toHaveLength(0);
});

test('leftovers that stay are reported, and the result is saved', async () => {
  await mkdir(destination.folder, { recursive: true });
  await writeFile(temporaryPath(destination.folder, 'job-0'), bytes);
  const errors: unknown[] = [];
  disk.fail('EACCES', (name) => name === 'rm' && disk.calls.filter((call) => call === 'rm').length === 1);
  const path = join(destination.folder, 'rose.png');
  expect(await new ResultWriter((error) => errors.push(error)).write(path, bytes, { owner: 'job-0' })).toBe('written');
  expect(errors).toMatchObject([{ code: 'EACCES' }]);
});

const codes = ['ENOSPC', 'EIO', 'EMFILE', 'EACCES', 'EROFS', 'ENOENT', 'EXDEV', 'ENOTSUP', 'ENAMETOOLONG', 'EISDIR'];
test.each(codes.flatMap((code) => [[code, 'with'] as const, [code, 'without'] as const]))(
  'a result is saved completely or not at all if a call fails with %s, %s hard links',
  async (code, links) => {
    for (let fault = 1; ; fault++) {
      const folder = join(destination.folder, String(fault));
      const others = { 'other.png': 'theirs', 'empty.png': '' };
      await mkdir(folder, { recursive: true });
      for (const [name, content] of Object.entries(others)) await writeFile(join(folder, name), content);
      const path = join(folder, 'rose.png');
      disk.fail(code, (name, at) => at === fault || (links === 'without' && name === 'link'));
      const [outcome] = await Promise.allSettled([new ResultWriter().write(path, written, { owner: 'job-0', root })]);
      const failed = disk.calls[fault - 1];
      disk.heal();
      if (outcome.status === 'rejected') {
        expect(outcome.reason).toBeInstanceOf(MixFailure);
        expect(outcome.reason).toMatchObject({ code: 'save-failed' });
      } else expect((await readFile(path)).equals(written)).toBe(true);
      if (existsSync(path)) expect((await readFile(path)).equals(written)).toBe(true);
      const rest = async () => (await readdir(folder)).filter((name) => name !== 'rose.png').sort();
      if (failed !== 'rm') expect(await rest()).toEqual(Object.keys(others).sort());
      for (const [name, content] of Object.entries(others)) {
        expect(await readFile(join(folder, name), 'utf8')).toBe(content);
      }
      expect(await writer.write(path, written, { owner: 'job-0', root })).toMatch(/written|already-there/);
      expect(await rest()).toEqual(Object.keys(others).sort());
      if (!failed) break;
    }
  },
);

test.each(codes)('choosing a path ends with a clear failure if a call fails with %s', async (code) => {
  for (let fault = 1; ; fault++) {
    disk.fail(code, (_, at) => at === fault);
    const folder = join(destination.folder, String(fault));
    const [outcome] = await Promise.allSettled([
      new ResultWriter(() => {}).choosePath({ ...destination, folder }, result),
    ]);
    const wasFaulty = disk.calls.length >= fault;
    disk.heal();
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'save-failed' });
    if (!wasFaulty) break;
  }
});

test('a file that exists but cannot be read keeps its place, and an error of the disk is no file', async () => {
  const path = await writer.choosePath(destination, result);
  await writeFile(path, written);
  disk.fail('EACCES', (name) => name === 'readFile');
  await expect(writer.write(path, written)).rejects.toMatchObject({ key: 'save-failed/exists' });
  disk.fail('EIO', (name) => name === 'readFile');
  await expect(writer.write(path, written)).rejects.toMatchObject({ key: 'save-failed/disk-error' });
  disk.fail('EMFILE', (name) => name === 'readFile');
  await expect(writer.write(path, written)).rejects.toMatchObject({ key: 'save-failed/too-many-files' });
  disk.heal();
  expect((await readFile(path)).equals(written)).toBe(true);
});

test('a folder in place of the file keeps its place', async () => {
  const path = await writer.choosePath(destination, result);
  await mkdir(path);
  await expect(writer.write(path, bytes)).rejects.toMatchObject({ key: 'save-failed/exists' });
});

test.runIf(process.platform !== 'win32')('a pipe in place of the file is not read', async () => {
  const path = await writer.choosePath(destination, result);
  await new Promise((resolve, reject) =>
    execFile('mkfifo', [path], (error) => (error ? reject(error) : resolve(path))),
  );
  await expect(writer.write(path, bytes)).rejects.toMatchObject({ key: 'save-failed/exists' });
});

test('a network drive that linked the file but says that it exists has written it', async () => {
  const path = await writer.choosePath(destination, result);
  disk.fail(
    () => writeFile(path, bytes), // unlike a real link, but as complete
    (name) => name === 'link',
  );
  expect(await writer.write(path, bytes)).toBe('already-there');
  expect(await readdir(destination.folder)).toHaveLength(1);
});

test('the folder may disappear and come back before the result is written', async () => {
  const path = await writer.choosePath(destination, { ...result, owner: 'job-0' });
  await rm(destination.folder, { recursive: true });
  expect(await writer.write(path, bytes, { owner: 'job-0', root })).toBe('written');
  await rename(destination.folder, join(root, 'elsewhere'));
  expect(await writer.write(path, bytes, { owner: 'job-0', root })).toBe('written');
});

test('a folder that came back as a link out of the project gets nothing', async () => {
  const path = await writer.choosePath(destination, result);
  const outside = await mkdtemp(join(tmpdir(), 'outside-'));
  await rm(destination.folder, { recursive: true });
  await symlink(outside, destination.folder);
  await expect(writer.write(path, bytes, { root })).rejects.toMatchObject({ key: 'save-failed/folder-outside' });
  expect(await readdir(outside)).toEqual([]);
  await rm(outside, { recursive: true });
});

test.runIf(process.platform === 'linux')('a folder in a virtual file system fails at once', async () => {
  const folder = '/proc/image-mixer';
  const failure = { code: 'save-failed', key: expect.stringMatching(/cannot-create|read-only/) };
  await expect(writer.choosePath({ ...destination, folder, root: folder }, result)).rejects.toMatchObject(failure);
  await expect(writer.choosePath({ ...destination, folder, root: '/proc' }, result)).rejects.toMatchObject(failure);
  await expect(writer.write(`${folder}/a.png`, bytes)).rejects.toMatchObject(failure);
});

test.runIf(existsSync('/dev/shm'))('a folder on another file system gets its result', async () => {
  const other = await mkdtemp('/dev/shm/mixes-');
  const path = await writer.choosePath({ ...destination, folder: join(other, 'a'), root: other }, result);
  expect(await writer.write(path, bytes, { root: other })).toBe('written');
  await rm(other, { recursive: true });
});

test.each([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'read-only'],
  ['ENOTDIR', 'no-folder'],
  ['ENOENT', 'cannot-create'],
  ['ENAMETOOLONG', 'name-too-long'],
  ['EISDIR', 'exists'],
  ['EMFILE', 'too-many-files'],
  ['ENFILE', 'too-many-files'],
  ['EIO', 'disk-error'],
  ['ESTALE', 'disk-error'],
  ['ETIMEDOUT', 'disk-error'],
  ['EXDEV', 'not-supported'],
  ['ENOTSUP', 'not-supported'],
  ['EINVAL', 'not-supported'],
  ['EBUSY', 'write-error'],
])('%s is the failure %s', (code, reason) => {
  const error = Object.assign(new Error('no'), { code });
  expect(saveFailure('/a/b.png', error)).toMatchObject({ key: `save-failed/${reason}`, cause: error });
});

test('a mistake in the program is no failure of saving', () => {
  const error = new TypeError('no');
  expect(saveFailure('/a/b.png', error)).toBe(error);
});

test('the next copy of a source replaces what a killed one left', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'outside-'));
  const source = join(outside, 'rose.png');
  await sharp({ create: { width: 2, height: 2, channels: 3, background: '#f00' } })
    .png()
    .toFile(source);
  const copy = await copySourceIntoProject(source, destination);
  const sources = join(destination.folder, 'sources');
  const hash = createHash('sha256').update(await readFile(source));
  await writeFile(temporaryPath(sources, `source-${hash.digest('hex').slice(0, 32)}`), 'half');
  await writeFile(copy, ''); // reserved its name
  expect(await copySourceIntoProject(source, destination)).toBe(copy);
  expect(await readdir(sources)).toHaveLength(1);
  expect(await readFile(copy)).toEqual(await readFile(source));
  await rm(outside, { recursive: true });
});

test.each(['with', 'without'])('mixes copy the same source at the same time, %s hard links', async (links) => {
  const outside = await mkdtemp(join(tmpdir(), 'outside-'));
  const source = join(outside, 'rose.png');
  await sharp({ create: { width: 100, height: 100, channels: 3, background: '#f00' } })
    .png({ compressionLevel: 0 })
    .toFile(source);
  if (links === 'without') disk.fail('EPERM', (name) => name === 'link');
  const copies = await Promise.all(Array.from({ length: 20 }, () => copySourceIntoProject(source, destination)));
  expect(await readdir(join(destination.folder, 'sources'))).toHaveLength(1);
  expect(new Set(copies).size).toBe(1);
  const original = await readFile(source);
  for (const copy of copies) expect((await readFile(copy)).equals(original)).toBe(true);
  await rm(outside, { recursive: true });
});
