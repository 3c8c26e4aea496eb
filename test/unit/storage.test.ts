import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { removeAbandoned, replaceFile, temporaryPath, writeNewFile } from '../../src/storage/durableFile.ts';
import { makeFolder } from '../../src/storage/folder.ts';
import { ignore, ignoreSystemError, systemCode } from '../../src/storage/systemError.ts';
import { disk } from './support/unreliableDisk.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, ...(await import('./support/unreliableDisk.ts')).disk.wrap(real) };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'storage-'));
});
afterEach(async () => {
  disk.heal();
  await rm(folder, { recursive: true });
});

const codes = ['ENOSPC', 'EIO', 'EMFILE', 'EACCES', 'EROFS', 'ENOENT', 'EINVAL', 'EBUSY'];
const old = 'old'.repeat(1000);
const fresh = 'new'.repeat(2000);

/** Replaces a file while some calls fail. Resolves with how that ended and what is in the folder then. */
async function replaceWith(code: string, isFaulty: (at: number) => boolean) {
  const path = join(folder, 'file.json');
  await Promise.all((await readdir(folder)).map((name) => rm(join(folder, name))));
  await writeFile(path, old);
  disk.fail(code, (_, at) => isFaulty(at));
  const [outcome] = await Promise.allSettled([replaceFile(path, fresh)]);
  const calls = disk.calls.length;
  disk.heal();
  return { outcome, calls, names: await readdir(folder), content: await readFile(path, 'utf8') };
}

test.each(codes)(
  'a file is replaced completely or not at all, and nothing else stays, if one call fails with %s',
  async (code) => {
    for (let fault = 1, calls = fault; calls >= fault; fault++) {
      const replaced = await replaceWith(code, (at) => at === fault);
      calls = replaced.calls;
      expect([old, fresh]).toContain(replaced.content);
      expect(replaced.names).toEqual(['file.json']);
      if (replaced.outcome.status === 'fulfilled') expect(replaced.content).toBe(fresh);
      else expect(replaced.outcome.reason).toMatchObject({ code });
    }
  },
);

test.each(codes)(
  'a file is replaced completely or not at all if the disk fails with %s from some call on',
  async (code) => {
    for (let fault = 1, calls = fault; calls >= fault; fault++) {
      const replaced = await replaceWith(code, (at) => at >= fault);
      calls = replaced.calls;
      expect([old, fresh]).toContain(replaced.content);
      if (replaced.outcome.status === 'fulfilled') expect(replaced.content).toBe(fresh);
      else expect(replaced.outcome.reason).toMatchObject({ code });
    }
  },
);

test('a file is replaced although another process took the temporary one for abandoned', async () => {
  const path = join(folder, 'file.json');
  disk.fail('ENOENT', (name) => name === 'rename' && disk.calls.filter((call) => call === name).length === 1);
  await replaceFile(path, fresh);
  expect(await readFile(path, 'utf8')).toBe(fresh);
  expect(await readdir(folder)).toEqual(['file.json']);
});

test('a folder that is gone ends the attempts', async () => {
  await expect(replaceFile(join(folder, 'gone', 'file.json'), '')).rejects.toMatchObject({ code: 'ENOENT' });
});

test.each(['EINVAL', 'ENOTSUP', 'ENOSYS'])(
  'a file system that answers fsync with %s still gets its files',
  async (code) => {
    disk.fail(code, (name) => name === 'sync');
    await replaceFile(join(folder, 'file.json'), fresh);
    expect(await readFile(join(folder, 'file.json'), 'utf8')).toBe(fresh);
  },
);

test('a new file never replaces another', async () => {
  await writeFile(join(folder, 'file'), old);
  await expect(writeNewFile(join(folder, 'file'), fresh)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe(old);
});

const hour = 3_600_000;
async function temporary(owner?: string, age = 0): Promise<string> {
  const path = temporaryPath(folder, owner);
  await writeFile(path, '');
  const time = new Date(Date.now() - age);
  await utimes(path, time, time);
  return path.slice(folder.length + 1);
}

test('temporary files of killed processes are removed after a while, those of an owner at once', async () => {
  await temporary(undefined, hour);
  await temporary('job-1-0', hour);
  await temporary('job-1-1', -hour); // from a time when the clock was ahead
  await temporary('job-1-0');
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'rose.png'), '');
  await writeFile(join(folder, '.image-mixer-mine.tmp'), '');
  const kept = ['sub', 'rose.png', '.image-mixer-mine.tmp'];
  for (const owner of [undefined, 'job-1-1', 'job-1', '1-0', '0']) kept.push(await temporary(owner));
  await removeAbandoned(folder, { owner: 'job-1-0' });
  expect((await readdir(folder)).sort()).toEqual(kept.sort());
});

test('a temporary file that stays keeps no other one', async () => {
  for (let count = 0; count < 3; count++) await temporary(undefined, hour);
  disk.fail('EBUSY', (name) => name === 'rm' && disk.calls.filter((call) => call === 'rm').length === 2);
  await expect(removeAbandoned(folder)).rejects.toMatchObject({ code: 'EBUSY' });
  expect(await readdir(folder)).toHaveLength(1);
  await removeAbandoned(folder);
  expect(await readdir(folder)).toEqual([]);
});

test.each(['EPERM', 'EACCES', 'EBUSY'])(
  'on Windows, a file that a virus scanner holds (%s) is replaced later',
  async (code) => {
    const path = join(folder, 'file.json');
    await writeFile(path, old);
    const isFirst = (name: string) => name === 'rename' && disk.calls.filter((call) => call === name).length < 3;
    const platform = vi.spyOn(process, 'platform', 'get');
    disk.fail(code, isFirst);
    await expect(replaceFile(path, fresh)).rejects.toMatchObject({ code });
    platform.mockReturnValue('win32');
    disk.fail(code, isFirst);
    await replaceFile(path, fresh);
    expect(await readFile(path, 'utf8')).toBe(fresh);
    disk.fail(code, (name) => name === 'rename');
    await expect(replaceFile(path, old)).rejects.toMatchObject({ code });
    platform.mockRestore();
  },
);

test('a folder that is missing or a file has no temporary files', async () => {
  await removeAbandoned(join(folder, 'missing'));
  await writeFile(join(folder, 'file'), '');
  await removeAbandoned(join(folder, 'file'));
});

test('a folder is created with its parents, and may exist', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await makeFolder(path, 0o700);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
  if (process.platform !== 'win32') expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o700);
  await writeFile(join(folder, 'file'), '');
  await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(folder, 'file', 'a', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test.each(codes)('creating a folder ends with %s at any call', async (code) => {
  for (let fault = 1, calls = fault; calls >= fault; fault++) {
    const path = join(folder, String(fault), 'b', 'c');
    disk.fail(code, (_, at) => at === fault);
    const [outcome] = await Promise.allSettled([makeFolder(path)]);
    calls = disk.calls.length;
    disk.heal();
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code });
    else expect((await stat(path)).isDirectory()).toBe(true);
  }
});

test.runIf(process.platform === 'linux')('creating a folder in a virtual file system ends with an error', async () => {
  for (const path of ['/proc/image-mixer', '/proc/image-mixer/a/b', '/proc/self/fd/a/b']) {
    await expect(makeFolder(path)).rejects.toMatchObject({ code: expect.stringMatching(/^E(NOENT|ACCES|PERM)$/) });
  }
});

test('processes create the same folders at the same time', async () => {
  await Promise.all(Array.from({ length: 30 }, () => makeFolder(join(folder, 'a', 'b', 'c', 'd'))));
  const script = `
    import { makeFolder } from ${JSON.stringify(new URL('../../src/storage/folder.ts', import.meta.url))};
    process.stdin.once('data', async () => {
      for (let i = 0; i < 200; i++) await makeFolder(process.argv[1] + '/' + i + '/b/c/d');
      process.exit();
    });
    console.log('ready');`;
  const children = [1, 2].map(() => {
    const running = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script, folder]);
    const ready = new Promise((resolve) => running.child.stdout?.once('data', resolve));
    return { running, ready };
  });
  await Promise.all(children.map(({ ready }) => ready));
  for (const { running } of children) running.child.stdin?.write('go');
  await Promise.all(children.map(({ running }) => running)); // rejects if a process fails
  expect(await readdir(join(folder, '199', 'b', 'c'))).toEqual(['d']);
});

test('only errors of the system have a code', () => {
  const withCode = (code: string) => Object.assign(new Error('no'), { code });
  for (const code of ['ENOENT', 'E2BIG', 'UNKNOWN']) expect(systemCode(withCode(code))).toBe(code);
  for (const code of ['ERR_INVALID_ARG_TYPE', 'ABORT_ERR', '']) expect(systemCode(withCode(code))).toBe('');
  expect(systemCode(new TypeError('no'))).toBe('');
  expect(systemCode('ENOENT')).toBe('');
  expect(ignore('ENOENT')(withCode('ENOENT'))).toBeUndefined();
  expect(() => ignore('ENOENT')(withCode('EIO'))).toThrow();
  expect(ignoreSystemError(withCode('EIO'))).toBeUndefined();
  expect(() => ignoreSystemError(withCode('ERR_INVALID_ARG_TYPE'))).toThrow();
});
