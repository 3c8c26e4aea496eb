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
  directory = await mkdtemp(join(tmpdir(), 'journal-'));
  clock = new ManualClock();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const journalOf = (owner: string) => new JobStore({ directory, owner, clock });
const owned = (job: LeasedJob | 'held' | 'gone'): LeasedJob => {
  if (typeof job === 'string') throw new Error(job);
  return job;
};
/** Lets the beat of every window stop for good, as when all of them crashed. */
const pass = (ms: number) => {
  clock.time += ms;
};

test('gives a job to one window at a time, and to the next one once its owner is gone', async () => {
  const a = journalOf('a');
  const b = journalOf('b');
  const c = journalOf('c');
  await a.create(recordOf('job'));
  expect(await b.lease('job')).toBe('held');
  await clock.asleep(5_000);
  clock.advance(goneAfter - 5_000); // a is alive: it beats
  await clock.asleep(5_000);
  pass(goneAfter - 1);
  expect(await b.lease('job')).toBe('held');
  pass(2);
  const [first, second] = await Promise.all([b.lease('job'), c.lease('job')]);
  const winners = [first, second].filter((job) => typeof job !== 'string');
  expect(winners).toHaveLength(1);
  expect(owned(winners[0] ?? 'gone').record).toEqual(recordOf('job'));
});

test('knows at once that a window is gone whose process has ended', async () => {
  await journalOf('a').create(recordOf('job'));
  const b = journalOf('b');
  expect(await b.lease('job')).toBe('held');
  const { pid } = spawnSync(process.execPath, ['--version']);
  const beat = join(directory, '.windows', 'a');
  await writeFile(beat, JSON.stringify({ at: clock.time, host: `not-${hostname()}`, pid }));
  expect(await b.lease('job')).toBe('held'); // a process of another machine
  await writeFile(beat, JSON.stringify({ at: clock.time, host: hostname(), pid }));
  expect(owned(await b.lease('job')).record).toEqual(recordOf('job'));
});

test('shuts out an owner that was superseded without knowing', async () => {
  const late = await journalOf('a').create(recordOf('job'));
  await late.save(recordOf('job', { state: 'running' }));
  pass(goneAfter + 1);
  const { folder, record } = owned(await journalOf('b').lease('job'));
  expect(record.state).toBe('running');
  await expect(late.save(recordOf('job', { state: 'failed' }))).rejects.toBeInstanceOf(LeaseLost);
  await expect(late.saveFile('result-0-1.png', new Uint8Array(1))).rejects.toBeInstanceOf(LeaseLost);
  await expect(late.remove()).rejects.toBeInstanceOf(LeaseLost);
  await folder.save(recordOf('job', { state: 'done' }));
  pass(goneAfter + 1);
  expect(owned(await journalOf('c').lease('job')).record.state).toBe('done');
});

test('finds what an owner wrote in the very moment it was superseded', async () => {
  const late = await journalOf('a').create(recordOf('job'));
  pass(goneAfter + 1);
  const [saved, claimed] = await Promise.allSettled([
    late.save(recordOf('job', { state: 'running' })),
    journalOf('b').lease('job'),
  ]);
  const seen = claimed.status === 'fulfilled' ? owned(claimed.value).record.state : undefined;
  expect(saved.status === 'rejected' || seen === 'running').toBe(true);
});

test('passes a released job on at once', async () => {
  const a = journalOf('a');
  const folder = await a.create(recordOf('job'));
  await folder.release();
  expect(owned(await journalOf('b').lease('job')).record.id).toBe('job');
});

test('leaves nothing behind when all jobs are done', async () => {
  const a = journalOf('a');
  const folder = await a.create(recordOf('job'));
  expect(await a.list()).toEqual(['job']);
  await folder.remove();
  await a.release();
  expect(await readdir(directory)).toEqual([]);
  expect(await a.list()).toEqual([]);
  expect(await new JobStore({ directory: join(directory, 'never'), owner: 'x', clock }).list()).toEqual([]);
});

test('sets aside what it can not understand, and what was left half made', async () => {
  const journal = journalOf('a');
  await mkdir(join(directory, 'odd'));
  await writeFile(join(directory, 'odd', 'job-1.json'), '{"version":99}');
  await mkdir(join(directory, 'half'));
  await writeFile(join(directory, 'half', 'job-1.json'), '{"ver');
  await mkdir(join(directory, '.new-unborn'));
  await mkdir(join(directory, 'unclaimed'));
  await writeFile(join(directory, 'unclaimed', 'lease-1'), ''); // a window stopped before it wrote its name
  await writeFile(join(directory, 'unclaimed', 'job-1.json'), JSON.stringify(recordOf('unclaimed')));
  expect((await journal.list()).sort()).toEqual(['half', 'odd', 'unclaimed']);
  expect(await journal.lease('odd')).toBe('gone');
  expect(await journal.lease('half')).toBe('gone');
  expect(await journal.lease('nothing')).toBe('gone');
  expect(owned(await journal.lease('unclaimed')).record.id).toBe('unclaimed');
  expect(await journal.list()).toEqual(['unclaimed']);
});
