import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MixFailure } from '../../src/mix/failure.ts';
import { ManualClock } from './support/clocks.ts';
import { closeAbandonedFiles, systemError, withDisk } from './support/faultyDisk.ts';
import { JobBench, killWindow } from './support/jobBench.ts';

vi.mock('node:fs/promises', async (importOriginal) => {
  const { plannedFileSystem } = await import('./support/faultyDisk.ts');
  return plannedFileSystem(await importOriginal());
});

let bench: JobBench;
let clock: ManualClock;
beforeEach(async () => {
  bench = await JobBench.start();
  clock = new ManualClock();
});
afterEach(async () => {
  await closeAbandonedFiles();
  await bench.close();
});

const jobsLeft = async () => (await readdir(bench.jobs)).filter((name) => !name.startsWith('.'));
const timeout = () => new MixFailure('timeout', { args: { seconds: 600 } });

/** A window that shows a failed job with paid work. */
async function windowWithFailedJob() {
  const window = bench.window({ clock });
  const job = window.runner.start(bench.request());
  const run = await window.hosted.started();
  await run.context.save('paid');
  run.end(timeout());
  await job.finished;
  return { window, job };
}

test('checking a job again twice at once runs it once', async () => {
  const { window, job } = await windowWithFailedJob();
  const [first, second] = await Promise.all([window.runner.checkAgain(job.id), window.runner.checkAgain(job.id)]);
  expect(second).toBe(first);
  const run = await window.hosted.started(1);
  await run.deliver(0);
  run.end();
  expect((await first.finished).status).toBe('done');
  expect(window.hosted.runs).toHaveLength(2);
});

test('a job that is dismissed while it is about to be checked again stays away', async () => {
  const { window, job } = await windowWithFailedJob();
  const again = expect(window.runner.checkAgain(job.id)).rejects.toMatchObject({
    key: 'result-unavailable/nothing-to-check',
  });
  await window.runner.remove(job.id);
  await again;
  expect(window.runner.jobs()).toEqual([]);
});

test('a job that is being checked again is not taken by a window that opens meanwhile and saw it failed', async () => {
  const { window: a, job } = await windowWithFailedJob();
  const b = bench.window({ clock });
  const stopped = Promise.withResolvers<void>();
  const continued = Promise.withResolvers<void>();
  // The window is stopped at the last moment before it takes the lease.
  const before = async (_: number, name: string) => {
    if (name !== 'open' || !isTaking()) return;
    stopped.resolve();
    await continued.promise;
  };
  let opens = 0;
  const isTaking = () => ++opens === 2; // the first one shows the window
  const recovering = withDisk({ before }, () => b.runner.resume('start'));
  await stopped.promise;
  const again = await a.runner.checkAgain(job.id);
  const run = await a.hosted.started(1);
  await run.context.save('posting');
  continued.resolve();
  expect(await recovering).toEqual([]);
  await run.context.save('paid'); // the service has responded
  await run.deliver(0);
  run.end();
  expect((await again.finished).status).toBe('done');
});

test('a canceled job does not run again although the disk refuses to forget it', async () => {
  let isBroken = false;
  const before = (_: number, name: string) => {
    if (isBroken && name === 'rename') throw systemError('EIO');
  };
  const a = bench.window({ clock });
  await withDisk({ before }, async () => {
    const job = a.runner.start(bench.request());
    await (await a.hosted.started()).context.save('new');
    isBroken = true;
    await a.runner.cancel(job.id);
    expect((await job.finished).status).toBe('cancelled');
    await a.runner.resume('later').catch(() => []); // it can't remove it yet
    isBroken = false;
  });
  expect(await a.runner.resume('later')).toEqual([]);
  expect(a.hosted.runs).toHaveLength(1);
  expect(await jobsLeft()).toEqual([]);
});

test('a job that was told as not started does not start later', async () => {
  const a = bench.window({ clock });
  let isRenamed = false;
  const plan = {
    before: (_: number, name: string) => {
      if (isRenamed && name === 'open') throw systemError('EIO');
    },
    after: (count: number, name: string) => {
      if (name === 'rename') renames.push(count);
      isRenamed = renames.length >= 3;
    },
  };
  const renames: number[] = []; // the window's mark, the record, the folder
  const job = withDisk(plan, () => a.runner.start(bench.request()));
  expect(await job.finished).toMatchObject({ status: 'failed', failure: { code: 'save-failed' } });
  expect(await a.runner.resume('later')).toEqual([]);
  expect(a.hosted.runs).toEqual([]);
  expect(await jobsLeft()).toEqual([]);
});

test('what a closed window left and cannot be deleted does not hold up the jobs', async () => {
  const a = bench.window({ clock });
  const job = a.runner.start(bench.request());
  await a.hosted.started();
  await a.kill();
  const b = bench.window({ clock });
  const before = (_: number, name: string) => {
    if (name === 'rm') throw systemError('EACCES');
  };
  const resumed = await withDisk({ before }, () => b.runner.resume('start'));
  expect(resumed.map(({ id }) => id)).toEqual([job.id]);
  expect(b.errors).not.toEqual([]);
});

test('a failed job that cannot be read when its window opens is shown at the next look', async () => {
  const { window: a, job } = await windowWithFailedJob();
  await a.runner.dispose();
  await killWindow(bench.jobs, 'window-1').catch(() => {}); // it has withdrawn
  const b = bench.window({ clock });
  const before = (_: number, name: string) => {
    if (name === 'readFile') throw systemError('EMFILE');
  };
  expect(await withDisk({ before }, () => b.runner.resume('start'))).toEqual([]);
  expect((await b.runner.resume('later')).map(({ id }) => id)).toEqual([job.id]);
});

test('a job stays on disk until its results are listed, also while its window closes', async () => {
  const a = bench.window({ clock });
  const listed: string[] = [];
  const listing = Promise.withResolvers<void>();
  a.runner.onSaved = async ({ id }) => {
    await listing.promise;
    listed.push(id);
  };
  const job = a.runner.start(bench.request());
  const run = await a.hosted.started();
  await run.deliver(0);
  run.end();
  await expect.poll(() => a.runner.jobs()[0]?.record.state).toBe('done');
  const closing = a.runner.dispose();
  expect(await jobsLeft()).toEqual([job.id]);
  listing.resolve();
  await closing;
  expect(listed).toEqual([job.id]);
  expect(await readdir(bench.jobs)).toEqual([]);
});

test('a list that cannot be written keeps no job from ending', async () => {
  const a = bench.window({ clock });
  a.runner.onSaved = () => Promise.reject(systemError('ENOSPC'));
  const job = a.runner.start(bench.request());
  const run = await a.hosted.started();
  await run.deliver(0);
  run.end();
  expect((await job.finished).status).toBe('done');
  expect(a.errors).toMatchObject([{ code: 'ENOSPC' }]);
  expect(await jobsLeft()).toEqual([]);
});
