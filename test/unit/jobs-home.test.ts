import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { foreignJobDelay } from '../../src/jobs/jobRecovery.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { ManualClock } from './support/clocks.ts';
import { JobBench, killWindow, onlyHosted, type Window, workspaceStorage } from './support/jobBench.ts';

let bench: JobBench;
let clock: ManualClock;
beforeEach(async () => {
  bench = await JobBench.start();
  clock = new ManualClock();
});
afterEach(() => bench.close());

const elsewhere = '/storage/of/another/workspace';
const jobsLeft = async () => (await readdir(bench.jobs)).filter((name) => !name.startsWith('.'));
/** Looks for jobs as often as a window does, for some time. Resolves with the jobs that run again. */
const watch = async ({ runner }: Window, ms: number) => {
  const found = [];
  for (let passed = 0; passed <= ms; passed += 20_000) {
    found.push(...(await runner.resume('later')));
    clock.time += 20_000;
  }
  return found;
};
const webImage = {
  index: 0,
  name: 'rose',
  weight: 1,
  location: { kind: 'url', url: 'https://example.com/a.png' },
} as const;

test('a window of another workspace leaves a job alone while its workspace has a window, and runs it for that workspace afterwards', async () => {
  const a1 = bench.window({ clock });
  const a2 = bench.window({ clock });
  const b = bench.window({ clock, workspaceStorage: elsewhere });
  const request = bench.request({ service: { baseUrl: 'https://a.example/api', dialect: 'v6' } });
  const job = a1.runner.start(request);
  await (await a1.hosted.started()).context.save('paid');
  expect(await a2.runner.resume('later')).toEqual([]); // from now on, it shows that it is open
  await a1.kill();
  expect(await watch(b, 10 * foreignJobDelay)).toEqual([]);
  await a2.kill();

  expect(await watch(b, foreignJobDelay / 2)).toEqual([]);
  const [resumed] = await watch(b, foreignJobDelay);
  const run = await b.hosted.started();
  expect(run.task).toMatchObject({ service: { baseUrl: 'https://a.example/api', dialect: 'v6' }, mayUpload: true });
  expect(run.context.saved).toBe('paid');
  expect(b.runner.jobs()).toHaveLength(1); // shown while it runs
  const removed: string[] = [];
  b.runner.onRemove((id) => removed.push(id));
  await run.deliver(0);
  run.end();
  const { record } = (await resumed?.finished) ?? {};
  expect(record?.request.home.storage).toBe(workspaceStorage);
  expect(record?.results).toMatchObject([{ written: true }]);
  expect(removed).toEqual([job.id]);
  expect(b.runner.jobs()).toEqual([]);
});

test('a failed job of another workspace waits for a window of its own', async () => {
  const a = bench.window({ clock });
  const b = bench.window({ clock, workspaceStorage: elsewhere });
  const job = a.runner.start(bench.request());
  await (await a.hosted.started()).context.save('paid');
  await a.kill();
  await watch(b, 2 * foreignJobDelay);
  (await b.hosted.started()).end(new MixFailure('timeout', { args: { seconds: 600 } }));
  await expect.poll(() => b.runner.jobs()).toEqual([]);
  expect(await jobsLeft()).toEqual([job.id]);
  expect(await watch(b, 2 * foreignJobDelay)).toEqual([]);
  const other = bench.window({ clock, workspaceStorage: elsewhere });
  expect(await other.runner.resume('start')).toEqual([]);

  const a2 = bench.window({ clock });
  expect((await a2.runner.resume('start')).map(({ id }) => id)).toEqual([job.id]);
});

test('in Restricted Mode, no job runs that needs the network, until the workspace is trusted', async () => {
  let isTrusted = true;
  const a = bench.window({ clock });
  const paid = a.runner.start(bench.request());
  const local = a.runner.start(bench.request({ engine: 'local' }));
  const web = a.runner.start(bench.request({ engine: 'local', sources: [webImage] }));
  await (await a.hosted.started()).context.save('paid');
  await a.local.started();
  await a.runner.dispose();

  isTrusted = false;
  const b = bench.window({ clock, isTrusted: () => isTrusted });
  expect((await b.runner.resume('start')).map(({ id }) => id)).toEqual([local.id]);
  (await b.local.started()).end();
  const stranger = bench.window({ clock, workspaceStorage: elsewhere, isTrusted: () => false });
  expect(await watch(stranger, 2 * foreignJobDelay)).toEqual([]);
  isTrusted = true;
  expect((await b.runner.resume('start')).map(({ id }) => id)).toEqual([paid.id, web.id]);

  (await b.hosted.started()).end(new MixFailure('timeout', { args: { seconds: 600 } }));
  await expect.poll(() => b.runner.jobs()[1]?.record.state).toBe('failed');
  isTrusted = false;
  await expect(b.runner.checkAgain(paid.id)).rejects.toMatchObject({ code: 'untrusted-workspace' });
  expect(b.hosted.runs).toHaveLength(1);
  isTrusted = true;
  await b.runner.checkAgain(paid.id);
  await b.hosted.started(1);
});

test('checking again says why it does nothing', async () => {
  const a = bench.window({ clock });
  const job = a.runner.start(bench.request());
  const run = await a.hosted.started();
  await expect(a.runner.checkAgain(job.id)).rejects.toMatchObject({ key: 'result-unavailable/nothing-to-check' });
  await run.context.save('paid');
  run.end(new MixFailure('timeout', { args: { seconds: 600 } }));
  await job.finished;
  const b = bench.window({ clock });
  expect(await b.runner.resume('start')).toHaveLength(1); // opened later, it shows the job now
  const removed: string[] = [];
  a.runner.onRemove((id) => removed.push(id));
  await expect(a.runner.checkAgain(job.id)).rejects.toMatchObject({ key: 'result-unavailable/elsewhere' });
  expect(removed).toEqual([job.id]);
});

test('a job that another window has taken up leaves the list', async () => {
  const a = bench.window({ clock });
  const job = a.runner.start(bench.request());
  const run = await a.hosted.started();
  await a.kill(); // it was stopped for so long that it seemed to have ended
  const b = bench.window({ clock });
  await b.runner.resume('later');
  const removed: string[] = [];
  a.runner.onRemove((id) => removed.push(id));
  await run.context.save('late').catch((error: unknown) => run.end(error));
  expect((await job.finished).status).toBe('cancelled');
  expect(removed).toEqual([job.id]);
  expect(a.runner.jobs()).toEqual([]);
});

test('an error with one job on disk keeps neither the others nor a new one from running', async () => {
  const a = bench.window({ clock });
  const job = a.runner.start(bench.request());
  await a.hosted.started();
  await a.kill();
  await writeFile(join(bench.jobs, 'a-file'), 'not a job');
  await writeFile(join(bench.jobs, job.id, 'lease-9'), 'window-of-nobody'); // and no window of that name
  const b = bench.window({ clock });
  expect((await b.runner.resume('start')).map(({ id }) => id)).toEqual([job.id]);
});

test('a canceled job ends even if its engine never does', async () => {
  const stuck = {
    name: 'hosted',
    canCheckAgain: () => false,
    run: () => new Promise<void>(() => {}),
  } as const;
  const a = bench.window({ clock, engines: onlyHosted(async () => stuck) });
  const job = a.runner.start(bench.request());
  await expect.poll(() => a.runner.jobs()[0]?.record.state).toBe('running');
  await a.runner.cancel(job.id);
  await clock.waitForSleep(10_000);
  clock.advance(10_000);
  expect((await job.finished).status).toBe('cancelled');
  await a.runner.dispose();
  expect(await jobsLeft()).toEqual([]);
});

test('a window that was closed leaves its jobs to the next one, with everything that it knew', async () => {
  const a = bench.window({ clock });
  const job = a.runner.start(bench.request());
  const run = await a.hosted.started();
  await run.context.save('paid');
  run.end(new MixFailure('timeout', { args: { seconds: 600 } }));
  await job.finished;
  await a.runner.dispose();
  await killWindow(bench.jobs, 'window-1').catch(() => {}); // it is gone from the disk
  const b = bench.window({ clock });
  expect((await b.runner.resume('start')).map(({ id }) => id)).toEqual([job.id]);
  expect((await b.hosted.started()).context.saved).toBe('paid');
});
