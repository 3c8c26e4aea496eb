import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Destination } from '../../src/output/outputFolder.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { copySourceIntoProject } from '../../src/output/sourceCopy.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return { ...real, link: vi.fn(real.link) }; // so that a test can simulate a file system without hard links
});

let root: string;
let destination: Destination;
const writer = new ResultWriter();
const result = { name: 'Rose man', seed: 7, index: 0, format: 'png' } as const;
const bytes = new Uint8Array([1, 2, 3]);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mixes-'));
  destination = { folder: join(root, 'a', 'mixes'), root, fileName: '{name}-{seed}-{index}', embedRecipe: true };
});
afterEach(async () => {
  vi.mocked(link).mockReset();
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
  if (links === 'without') vi.mocked(link).mockRejectedValue(Object.assign(new Error('no links'), { code: 'EPERM' }));
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
