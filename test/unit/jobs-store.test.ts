import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LeaseLost } from '../../src/jobs/jobFolder.ts';
import { JobStore, type LeasedJob } from '../../src/jobs/jobStore.ts';
import { goneAfter } from '../../src/jobs/windowPresence.ts';
import { temporaryPath } from '../../src/storage/durableFile.ts';
import { ManualClock } from './support/clocks.ts';
import { killWindow, recordOf, workspaceStorage } from './support/jobBench.ts';

let directory: string;
let clock: ManualClock;
let errors: unknown[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'job-store-'));
  clock = new ManualClock();
  errors = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const storeOf = (owner: string, itsWorkspace = workspaceStorage) =>
  new JobStore({ directory, owner, workspaceStorage: itsWorkspace, clock, onError: (_, error) => errors.push(error) });
const leased = (job: LeasedJob | 'held' | 'gone'): LeasedJob => {
  if (typeof job === 'string') throw new Error(job);
  return job;
};
const hour = 3_600_000;
/** A store of a live window looks at another one as often as recovery does, for some time of silence. */
const watch = async (store: JobStore, ms: number) => {
  for (let passed = 0; passed < ms; passed += 20_000) {
    await store.lease('job');
    clock.time += 20_000;
  }
};

test('leases a job to one window at a time, and to the next one once its holder is gone', async () => {
  const a = storeOf('a');
  const b = storeOf('b');
  const c = storeOf('c');
  await a.create(recordOf('job'));
  expect(await b.lease('job')).toBe('held');
  await killWindow(directory, 'a');
  const [first, second] = await Promise.all([b.lease('job'), c.lease('job')]);
  const winners = [first, second].filter((job) => typeof job !== 'string');
  expect(winners).toHaveLength(1);
  expect(leased(winners[0] ?? 'gone').record).toEqual(recordOf('job'));
});

test('a window whose process lives is alive, whatever the clocks say, until it was silent for ten minutes', async () => {
  await storeOf('a').create(recordOf('job'));
  const b = storeOf('b');
  for (const jump of [hour, -2 * hour]) {
    clock.offset += jump;
    expect(await b.lease('job')).toBe('held');
  }
  clock.time += 8 * hour; // this machine slept: all windows wake up together
  expect(await b.lease('job')).toBe('held');
  await watch(b, goneAfter.thisMachine);
  expect(leased(await b.lease('job')).record).toEqual(recordOf('job')); // another process got the id of the one that ended
});

test('a window of another machine is gone after a minute of silence', async () => {
  await storeOf('a').create(recordOf('job'));
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(
    join(directory, '.windows', 'a'),
    JSON.stringify({ workspaceStorage, host: `not-${hostname()}`, pid, beat: 1 }),
  );
  const b = storeOf('b');
  expect(await b.lease('job')).toBe('held');
  clock.time += 8 * hour;
  expect(await b.lease('job')).toBe('held');
  await watch(b, goneAfter.otherMachine);
  expect(leased(await b.lease('job')).record.id).toBe('job');
});

test('knows at once that a process has ended, and that one that was stopped has not', async () => {
  const program = "process.send('ready'); setInterval(() => {}, 1000)";
  const file = join(directory, '..', `window-${process.pid}.cjs`);
  await writeFile(file, program);
  const child = fork(file);
  try {
    await once(child, 'message');
    await storeOf('a').create(recordOf('job'));
    const mark = { workspaceStorage, host: hostname(), pid: child.pid, beat: 1 };
    await writeFile(join(directory, '.windows', 'a'), JSON.stringify(mark));
    child.kill('SIGSTOP');
    const b = storeOf('b');
    await watch(b, 300_000);
    expect(await b.lease('job')).toBe('held');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(leased(await b.lease('job')).record).toEqual(recordOf('job'));
  } finally {
    child.kill('SIGKILL');
    await rm(file);
  }
});

test('knows which workspaces have an open window', async () => {
  const a = storeOf('a', '/storage/of/a');
  const b = storeOf('b');
  expect(await b.list()).toEqual([]);
  expect(await b.hasOpenWindow('/storage/of/a')).toBe(false);
  const folder = await storeOf('c').create(recordOf('job'));
  await a.list(); // there are jobs, so it shows that it is open
  expect(await b.hasOpenWindow('/storage/of/a')).toBe(true);
  await folder.remove();
  await a.list();
  expect(await b.hasOpenWindow('/storage/of/a')).toBe(false);
});

test('keeps out a holder that lost its lease unawares', async () => {
  const late = await storeOf('a').create(recordOf('job'));
  await late.save(recordOf('job', { state: 'running' }));
  await killWindow(directory, 'a');
  const { folder, record } = leased(await storeOf('b').lease('job'));
  expect(record.state).toBe('running');
  await expect(late.save(recordOf('job', { state: 'failed' }))).rejects.toBeInstanceOf(LeaseLost);
  await expect(late.saveFile('result-0-1.png', new Uint8Array(1))).rejects.toBeInstanceOf(LeaseLost);
  await expect(late.remove()).rejects.toBeInstanceOf(LeaseLost);
  await folder.save(recordOf('job', { state: 'done' }));
  await killWindow(directory, 'b');
  expect(leased(await storeOf('c').lease('job')).record.state).toBe('done');
});

test('finds what a holder wrote at the very moment it lost its lease', async () => {
  const late = await storeOf('a').create(recordOf('job'));
  await killWindow(directory, 'a');
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
  await a.remove(folder);
  expect(await readdir(directory)).toEqual([]);
  expect(await a.list()).toEqual([]);
  await rm(directory, { recursive: true });
  expect(await storeOf('x').list()).toEqual([]);
});

test('removes what a killed write left in a folder when the job is leased', async () => {
  const a = storeOf('a');
  const folder = await a.create(recordOf('job'));
  const leftover = temporaryPath(folder.path);
  await writeFile(leftover, 'half a result');
  await utimes(leftover, 0, 0);
  await a.release(folder);
  leased(await storeOf('b').lease('job'));
  expect((await readdir(folder.path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
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
  expect(errors).toHaveLength(2); // both are logged
});
