// Drives that can't do everything: what a mix needs of them, they can.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readRecipeFromImage } from '../../src/app/recipeFile.ts';
import { saveImportedCopy } from '../../src/images/importedCopies.ts';
import { makeFolderInside } from '../../src/output/outputFolder.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { replaceFile } from '../../src/storage/durableFile.ts';
import { realPath } from '../../src/storage/realPath.ts';
import { AppBench, smallRecipe } from './support/appBench.ts';
import { disk } from './support/unreliableDisk.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, ...(await import('./support/unreliableDisk.ts')).disk.wrap(real) };
});

let folder: string;
const bytes = new Uint8Array([1, 2, 3]);
beforeEach(async () => {
  folder = await realPath(await mkdtemp(join(tmpdir(), 'drive-')));
});
afterEach(async () => {
  disk.heal();
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const refusals = ['EACCES', 'EBADF', 'EINVAL', 'EISDIR', 'ENOSYS', 'ENOTSUP', 'ENOTTY', 'EOPNOTSUPP', 'EPERM', 'EROFS'];
const drives: [string, string, readonly string[]][] = [
  ...refusals.map((code): [string, string, string[]] => [`refuses to flush (${code})`, code, ['sync']]),
  ...['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EMLINK', 'EXDEV'].map(
    (code): [string, string, string[]] => [`has no hard links (${code})`, code, ['link']],
  ),
  ...['EPERM', 'EACCES', 'ENOSYS'].map((code): [string, string, string[]] => [
    `sets no times (${code})`,
    code,
    ['utimes'],
  ]),
  ...['EISDIR', 'UNKNOWN', 'ENOSYS'].map((code): [string, string, string[]] => [
    `doesn't resolve links (${code})`,
    code,
    ['realpath'],
  ]),
  ['can do none of these', 'ENOTSUP', ['sync', 'link', 'utimes', 'realpath']],
];

describe.each(drives)('a drive that %s', (_, code, calls) => {
  beforeEach(() => disk.fail(code, (name) => calls.includes(name)));

  test('gets results, copies and state, completely and without leftovers', async () => {
    const writer = new ResultWriter();
    const destination = { folder: join(folder, 'mixes'), root: folder, fileName: '{name}', embedRecipe: true };
    const path = await writer.choosePath(destination, { name: 'rose', seed: 1, index: 0, format: 'png' });
    expect(await writer.write(path, bytes, { owner: 'job-0', root: folder })).toBe('written');
    expect(await writer.write(path, bytes, { owner: 'job-0', root: folder })).toBe('already-there');
    await expect(writer.write(path, new Uint8Array([4]), { root: folder })).rejects.toMatchObject({
      key: 'save-failed/exists',
    });
    expect(await readdir(destination.folder)).toEqual(['rose.png']);
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    for (const text of ['old', 'new']) await replaceFile(join(folder, 'state.json'), text);
    expect(await readFile(join(folder, 'state.json'), 'utf8')).toBe('new');
    const copy = await saveImportedCopy(join(folder, 'sources'), 'a.png', bytes, () => false);
    expect(new Uint8Array(await readFile(copy))).toEqual(bytes);
    expect((await readdir(folder)).sort()).toEqual(['mixes', 'sources', 'state.json']);
  });

  test('gets nothing outside of the project', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'outside-'));
    await symlink(outside, join(folder, 'way-out'));
    await expect(makeFolderInside(join(folder, 'way-out', 'mixes'), folder)).rejects.toMatchObject({
      key: 'save-failed/folder-outside',
    });
    expect(await readdir(outside)).toEqual([]);
    await rm(outside, { recursive: true });
  });
});

test.each([
  ['EPERM', ['sync', 'link', 'utimes']],
  ['ENOTSUP', ['sync', 'link', 'utimes', 'realpath']],
])('a project and its storage on a drive that answers %s get a whole mix', async (code, calls) => {
  const bench = await AppBench.start();
  await copyFile(bench.file('red.png'), join(bench.root, 'outside.png'));
  disk.fail(code, (name) => calls.includes(name));
  const images = [...smallRecipe.images, { source: '../outside.png', weight: 0.5 }];
  const outcome = await bench.recipes().run({ json: { ...smallRecipe, images, samples: 2 } }, () => ({}));
  expect(outcome).toMatchObject({ status: 'done', seeds: [7, 8] });
  for (const file of outcome.files) {
    expect((await readRecipeFromImage(fileURLToPath(file), '')).prompt).toBe(smallRecipe.prompt);
  }
  const names = await readdir(bench.file('mixes'), { recursive: true });
  expect(names.filter((name) => name.includes('image-mixer'))).toEqual([]);
  expect(names).toHaveLength(4); // two results, and the folder of sources with one
  await bench.close();
});

test.each(['EIO', 'ENOSPC', 'EDQUOT', 'ESTALE', 'ETIMEDOUT'])(
  'a drive that flushes but answers %s has an error, and the result is not there',
  async (code) => {
    disk.fail(code, (name) => name === 'sync');
    await expect(replaceFile(join(folder, 'state.json'), 'new')).rejects.toMatchObject({ code });
    await expect(new ResultWriter().write(join(folder, 'rose.png'), bytes)).rejects.toMatchObject({
      code: 'save-failed',
    });
    expect(await readdir(folder)).toEqual([]);
  },
);

test('without hard links, a result whose reserved name a virus scanner holds on Windows is saved a moment later', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
  const count = (call: string) => disk.calls.filter((name) => name === call).length;
  disk.fail('EPERM', (name) => name === 'link' || (name === 'rename' && count('rename') < 3));
  expect(await new ResultWriter().write(join(folder, 'rose.png'), bytes)).toBe('written');
  expect(await readdir(folder)).toEqual(['rose.png']);
});

test("an imported copy is there although older ones can't be cleaned up", async () => {
  for (let number = 0; number < 301; number++) await mkdir(join(folder, `old-${number}`));
  await writeFile(join(folder, 'old-0', 'a.png'), '');
  disk.fail('EBUSY', (name) => name === 'rm');
  expect(await readFile(await saveImportedCopy(folder, 'a.png', bytes, () => false))).toHaveLength(3);
});
