import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { saveImportedCopy } from '../../src/images/importedCopies.ts';
import { endFaults, faults } from './support/pathFaults.ts';

vi.mock('node:fs/promises', async (importOriginal) =>
  (await import('./support/pathFaults.ts')).faultyFileSystem(await importOriginal()),
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imported-'));
});
afterEach(async () => {
  endFaults();
  await rm(folder, { recursive: true });
});

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

test('a damaged copy is replaced completely or not at all', async () => {
  const path = await saveImportedCopy(folder, 'a.png', bytes(1), () => false);
  await writeFile(path, 'imag');
  faults.codeOf = (call) => (call === 'rename' ? 'EIO' : undefined);
  await expect(saveImportedCopy(folder, 'a.png', bytes(1), () => false)).rejects.toThrow('EIO');
  expect(await readFile(path, 'utf8')).toBe('imag');
  expect(await readdir(dirname(path))).toEqual(['a.png']);
  endFaults();
  expect(await saveImportedCopy(folder, 'a.png', bytes(1), () => false)).toBe(path);
  expect(await readFile(path, 'utf8')).toBe('image 1');
});

test("a copy that another window deletes meanwhile doesn't matter", async () => {
  for (let number = 0; number < 300; number++) await saveImportedCopy(folder, 'image.png', bytes(number), () => false);
  const [gone] = await readdir(folder);
  faults.codeOf = (call, path) => (call === 'stat' && path === join(folder, gone ?? '') ? 'ENOENT' : undefined);
  const path = await saveImportedCopy(folder, 'image.png', bytes(300), () => false);
  expect(await readFile(path, 'utf8')).toBe('image 300');
});

test("a drive that doesn't let us set times still gets the copy", async () => {
  const refused: string[] = [];
  faults.codeOf = (call, path) => {
    if (call !== 'utimes') return undefined;
    refused.push(path);
    return 'EPERM';
  };
  const path = await saveImportedCopy(folder, 'a.png', bytes(1), () => false);
  expect(await readFile(path, 'utf8')).toBe('image 1');
  expect(refused).toEqual([dirname(path)]);
});
