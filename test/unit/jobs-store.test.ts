import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { goneAfter } from '../../src/jobs/heartbeat.ts';
import { LeaseLost } from '../../src/jobs/jobFolder.ts';
import { JobStore, type LeasedJob } from '../../src/jobs/jobStore.ts';
import { ManualClock } from './support/clocks.ts';
import { recordOf } from './support/jobBench.ts';

let directory: string;
let clock: ManualClock;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'job-store-'));
  clock = new ManualClock();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const storeOf = (owner: string) => new JobStore({ directory, owner, clock });
const leased = (job: LeasedJob | 'held' | 'gone'): LeasedJob => {
  if (typeof job === 'string') throw new Error(job);
  return job;
};
/** Lets time pass without a beat from any window, as if all of them had crashed. */
const passWithoutBeats = (ms: number) => {
  clock.time += ms;
};

test('leases a job to one window at a time, and to the next one once its holder is gone', async () => {
  const a = storeOf('a');
  const b = storeOf('b');
  const c = storeOf('c');
  await a.create(recordOf('job'));
  expect(await b.lease('job')).toBe('held');
  await clock.waitForSleep(5_000);
  clock.advance(goneAfter - 5_000); // a is alive and beats
  await clock.waitForSleep(5_000);
  passWithoutBeats(goneAfter - 1);
  expect(await b.lease('job')).toBe('held');
  passWithoutBeats(2);
  const [first, second] = await Promise.all([b.lease('job'), c.lease('job')]);
  const winners = [first, second].filter((job) => typeof job !== 'string');
  expect(winners).toHaveLength(1);
  expect(leased(winners[0] ?? 'gone').record).toEqual(recordOf('job'));
});

test('knows at once that a window is gone if its process has ended', async () => {
  await storeOf('a').create(recordOf('job'));
  const b = storeOf('b');
  expect(await b.lease('job')).toBe('held');
  const { pid } = spawnSync(process.execPath, ['--version']);
  const beat = join(directory, '.windows', 'a');
  await writeFile(beat, JSON.stringify({ at: clock.time, host: `not-${hostname()}`, pid }));
  expect(await b.lease('job')).toBe('held'); // a process on another machine
  await writeFile(beat, JSON.stringify({ at: clock.time, host: hostname(), pid }));
  expect(leased(await b.lease('job')).record).toEqual(recordOf('job'));
});

test('keeps out a holder that lost its lease unawares', async () => {
  const late = await storeOf('a').create(recordOf('job'));
  await late.save(recordOf('job', { state: 'running' }));
  passWithoutBeats(goneAfter + 1);
  const { folder, record } = leased(await storeOf('b').lease('job'));
  expect(record.state).toBe('running');
  await expect(late.save(recordOf('job', { state: 'failed' }))).rejects.toBeInstanceOf(LeaseLost);
  await expect(late.saveFile('result-0-1.png', new Uint8Array(1))).rejects.toBeInstanceOf(LeaseLost);
  await expect(late.remove()).rejects.toBeInstanceOf(LeaseLost);
  await folder.save(recordOf('job', { state: 'done' }));
  passWithoutBeats(goneAfter + 1);
  expect(leased(await storeOf('c').lease('job')).record.state).toBe('done');
});

test('finds what a holder wrote at the very moment it lost its lease', async () => {
  const late = await storeOf('a').create(recordOf('job'));
  passWithoutBeats(goneAfter + 1);
  const [saved, acquired] = await Promise.allSettled([
    late.save(recordOf('job', { state: 'running' })),
    storeOf('b').lease('job'),
  ]);
  const seen = acquired.status === 'fulfilled' ? leased(acquired.value).record.state : undefined;
  expect(saved.status === 'rejected' || seen === 'running').toBe(true);
});

test('leases a released job at once', async () => {
  const a = storeOf('a');
  const folder = await a.create(recordOf('job'));
  await folder.release();
  expect(leased(await storeOf('b').lease('job')).record.id).toBe('job');
});

test('leaves nothing on disk when all jobs are done', async () => {
  const a = storeOf('a');
  const folder = await a.create(recordOf('job'));
  expect(await a.list()).toEqual(['job']);
  await folder.remove();
  await a.release();
  expect(await readdir(directory)).toEqual([]);
  expect(await a.list()).toEqual([]);
  expect(await new JobStore({ directory: join(directory, 'never'), owner: 'x', clock }).list()).toEqual([]);
});

test('sets aside invalid records and half-made folders', async () => {
  const store = storeOf('a');
  await mkdir(join(directory, 'odd'));
  await writeFile(join(directory, 'odd', 'job-1.json'), '{"version":99}');
  await mkdir(join(directory, 'half'));
  await writeFile(join(directory, 'half', 'job-1.json'), '{"ver');
  await mkdir(join(directory, '.new-unborn'));
  await mkdir(join(directory, 'unleased'));
  await writeFile(join(directory, 'unleased', 'lease-1'), ''); // its window crashed before it wrote its name
  await writeFile(join(directory, 'unleased', 'job-1.json'), JSON.stringify(recordOf('unleased')));
  expect((await store.list()).sort()).toEqual(['half', 'odd', 'unleased']);
  expect(await store.lease('odd')).toBe('gone');
  expect(await store.lease('half')).toBe('gone');
  expect(await store.lease('nothing')).toBe('gone');
  expect(leased(await store.lease('unleased')).record.id).toBe('unleased');
  expect(await store.list()).toEqual(['unleased']);
});
