import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '../../src/storage/folder.ts';
import { LeftoverWatch } from '../../src/workbench/leftoverWatch.ts';

let root = '';
let folder = '';
let isLoaded = false;
let watch: LeftoverWatch | undefined;
const resumed: string[] = [];
const errors: unknown[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'watch-'));
  folder = join(root, 'jobs');
  isLoaded = false;
  resumed.length = 0;
  errors.length = 0;
});
afterEach(async () => {
  watch?.dispose();
  await rm(root, { recursive: true, force: true });
});

function open(resume: (time: string) => Promise<void> = async () => {}): LeftoverWatch {
  watch = new LeftoverWatch({
    folder,
    isLoaded: () => isLoaded,
    resume: async (time) => {
      resumed.push(time);
      await resume(time);
    },
    onError: (error) => void errors.push(error),
  });
  return watch;
}

test('jobs are resumed at the start, and later if another window leaves some', async () => {
  await makeFolder(join(folder, 'a'));
  const watching = open();
  await watching.check();
  await watching.check();
  expect(resumed).toEqual(['start', 'later']);
});

test('a window whose first look finds nothing has started all the same', async () => {
  const watching = open();
  await watching.check(); // the folder doesn't exist
  await makeFolder(join(folder, '.windows'));
  await watching.check();
  expect(resumed).toEqual([]); // and nothing was loaded
  await makeFolder(join(folder, 'a'));
  await watching.check();
  expect(resumed).toEqual(['later']);
});

test('the loaded workbench looks itself', async () => {
  isLoaded = true;
  await open().check();
  expect(resumed).toEqual(['start']);
});

test('errors are logged, and the next look tries again', async () => {
  await writeFile(folder, 'not a folder');
  const watching = open(async (time) => {
    if (time === 'later' || resumed.length === 1) throw new Error('EIO');
  });
  await watching.check();
  expect(errors).toMatchObject([{ code: 'ENOTDIR' }]);
  await rm(folder);
  await makeFolder(join(folder, 'a'));
  for (let look = 0; look < 4; look++) await watching.check();
  expect(resumed).toEqual(['start', 'start', 'later', 'later']); // a look that failed wasn't the start
  expect(errors.slice(1)).toEqual([new Error('EIO'), new Error('EIO'), new Error('EIO')]);
});

test('looks do not overlap', async () => {
  await makeFolder(join(folder, 'a'));
  let finish: () => void = () => {};
  const resuming = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const watching = open(() => resuming);
  await expect.poll(() => resumed).toEqual(['start']);
  const second = watching.check();
  finish();
  await second;
  expect(resumed).toEqual(['start']);
});
