import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { saveImportedCopy } from '../../src/images/importedCopies.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imported-'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = (number: number) => new TextEncoder().encode(`image ${number}`);

test('each image is saved once; beyond 300 copies, the oldest unused ones are deleted', async () => {
  const used = await saveImportedCopy(folder, 'used.png', bytes(-1), () => false);
  const old = await saveImportedCopy(folder, 'old.png', bytes(-2), () => false);
  const renewed = await saveImportedCopy(folder, 'renewed.png', bytes(-3), () => false);
  for (const [age, path] of [used, old, renewed].entries()) await utimes(dirname(path), age, age);
  expect(await saveImportedCopy(folder, 'renewed.png', bytes(-3), () => false)).toBe(renewed);
  expect(await readdir(folder)).toHaveLength(3);
  for (let number = 0; number < 298; number++) {
    await saveImportedCopy(folder, 'image.png', bytes(number), (path) => path === dirname(used));
  }
  const left = await readdir(folder);
  expect(left).toHaveLength(300);
  expect(await readFile(used, 'utf8')).toBe('image -1');
  expect(await readFile(renewed, 'utf8')).toBe('image -3');
  await expect(readFile(old)).rejects.toThrow('ENOENT');
});
