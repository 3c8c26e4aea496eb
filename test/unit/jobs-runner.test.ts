import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobSnapshot } from '../../src/jobs/jobRunner.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { temporaryPath } from '../../src/storage/durableFile.ts';
import { ManualClock } from './support/clocks.ts';
import { JobBench, type ManualEngine, onlyHosted, resultOf } from './support/jobBench.ts';

let bench: JobBench;
beforeEach(async () => {
  bench = await JobBench.start();
});
afterEach(() => bench.close());

const jobsLeft = async () => (await readdir(bench.jobs).catch(() => [])).filter((name) => !name.startsWith('.'));
const resultFiles = () => readdir(bench.results).catch(() => []);
const hour = 3_600_000;

test('runs a job to its end and leaves only the result on disk', async () => {
  const { runner, hosted } = bench.window();
  const states: string[] = [];
  runner.onChange(({ record, progress }) => states.push(`${record.state}/${progress.stage}`));
  const job = runner.start(bench.request());
  const run = await hosted.started();
  expect(run.task).toMatchObject({ jobId: job.id, recipe: { prompt: 'rose man', seed: 7 } });
  run.context.progress({ stage: 'mixing', etaSeconds: 3 });
  run.context.notice({ code: 'blank-result', args: { number: 1 } });
  run.context.notice({ code: 'blank-result', args: { number: 1 } });
  await run.deliver(0);
  await run.deliver(0);
  run.end();
  const { status, record } = await job.finished;
  expect(status).toBe('done');
  expect(record.notices).toHaveLength(1);
  expect(record.results).toEqual([{ index: 0, seed: 7, path: join(bench.results, 'rose-man-7-1.png'), written: true }]);
  expect(await resultFiles()).toEqual(['rose-man-7-1.png']);
  expect(await readdir(bench.jobs)).toEqual([]);
  expect(runner.jobs().map(({ record }) => record.state)).toEqual(['done']);
  expect(states).toContain('waiting/waiting');
  expect(states).toContain('running/mixing');
});

test('the recipe of a job names the model that was really used', async () => {
  const { runner, hosted } = bench.window();
  const job = runner.start(bench.request());
  const run = await hosted.started();
  expect(run.task.recipe.model).toBeNull();
  await run.context.deliver({ ...resultOf(0, 'a'), model: 'sub/base.safetensors' });
  run.end();
  expect((await job.finished).record.request.recipe.model).toBe('sub/base.safetensors');
});

test('runs several hosted jobs at once and the rest in order, alongside local ones', async () => {
  const { runner, hosted, local } = bench.window();
  const jobs = [1, 2, 3, 4].map(() => runner.start(bench.request()));
  runner.start(bench.request({ engine: 'local' }));
  runner.start(bench.request({ engine: 'local' }));
  await hosted.started(1);
  await local.started(0);
  const third = jobs[2];
  await runner.cancel(third?.id ?? '');
  expect((await third?.finished)?.status).toBe('cancelled');
  hosted.runs[0]?.end();
  const run = await hosted.started(2);
  expect(run.task.jobId).toBe(jobs[3]?.id);
  expect(hosted.runs).toHaveLength(3);
  expect(local.runs).toHaveLength(1);
  await runner.dispose();
});

test('cancels a running job and keeps what it delivered', async () => {
  const { runner, hosted } = bench.window();
  const job = runner.start(bench.request());
  const run = await hosted.started();
  await run.deliver(0);
  await runner.cancel(job.id);
  const end = await job.finished;
  expect(end.status).toBe('cancelled');
  expect(end.record.results).toHaveLength(1);
  expect(await readdir(bench.jobs)).toEqual([]);
  const early = runner.start(bench.request());
  await runner.cancel(early.id); // before it is on disk
  expect((await early.finished).status).toBe('cancelled');
  expect(hosted.runs).toHaveLength(1);
  expect(await readdir(bench.jobs)).toEqual([]);
});

test('suspends jobs when the window closes, and another window resumes them at once', async () => {
  const a = bench.window({ maxConcurrent: () => 1 });
  const jobs = [a.runner.start(bench.request()), a.runner.start(bench.request())];
  await (await a.hosted.started()).context.save({ step: 1 });
  await a.runner.dispose();
  expect((await jobs[0]?.finished)?.record).toMatchObject({ state: 'running', engineState: { step: 1 } });

  const b = bench.window();
  const resumed = await b.runner.resume('start');
  expect(resumed.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
  await b.hosted.started(1);
  const savedOf = (id?: string) => b.hosted.runs.find(({ task }) => task.jobId === id)?.context.saved;
  expect(savedOf(jobs[0]?.id)).toEqual({ step: 1 });
  expect(savedOf(jobs[1]?.id)).toBeUndefined();
  for (const [at, run] of b.hosted.runs.entries()) {
    await run.deliver(0, `window b, ${at}`);
    run.end();
  }
  for (const job of resumed) expect((await job.finished).status).toBe('done');
  expect(await resultFiles()).toHaveLength(2);
  expect(await readdir(bench.jobs)).toEqual([]);
});

test('what a job left to a server is taken back if it is canceled before it runs again', async () => {
  const a = bench.window();
  const [first, second] = [a.runner.start(bench.request()), a.runner.start(bench.request())];
  await (await a.hosted.started()).context.save({ step: 1 });
  await (await a.hosted.started(1)).context.save({ step: 2 });
  await a.runner.dispose();
  const b = bench.window({ maxConcurrent: () => 1 });
  await b.runner.resume('start');
  await b.hosted.started();
  await b.runner.cancel(second.id);
  expect(b.hosted.discarded).toEqual([{ step: 2 }]);
  const left = b.runner.jobs().find(({ record }) => record.id === second.id);
  expect(left?.record).toMatchObject({ state: 'cancelled', notices: [{ code: 'not-canceled' }] });
  await b.runner.cancel(first.id); // a run takes back its own work
  expect(b.hosted.discarded).toHaveLength(1);
  await b.runner.dispose();
  expect(await readdir(bench.jobs)).toEqual([]);
});

test('recovers the jobs of a window that is gone, and never those of a live one', async () => {
  const clock = new ManualClock();
  const a = bench.window({ clock });
  a.runner.start(bench.request());
  const lost = await a.hosted.started();
  const b = bench.window({ clock });
  expect(await b.runner.resume('start')).toEqual([]);
  await a.kill();
  expect(await b.runner.resume('later')).toHaveLength(1);
  const run = await b.hosted.started();
  // The first window wakes up: what it writes now must not count.
  await expect(lost.context.save({ late: true })).rejects.toThrow();
  await expect(lost.deliver(0, 'twice')).rejects.toThrow();
  await run.deliver(0);
  run.end();
  await b.runner.dispose();
  expect(await resultFiles()).toHaveLength(1);
});

test('leaves a failed job to the window that ran it, until another one starts', async () => {
  const a = bench.window();
  const b = bench.window();
  expect(await b.runner.resume('start')).toEqual([]);
  const job = a.runner.start(bench.request());
  const run = await a.hosted.started();
  await run.context.save('paid');
  run.end(new MixFailure('timeout', { args: { seconds: 600 } }));
  await job.finished;
  expect(await b.runner.resume('later')).toEqual([]);
  const c = bench.window();
  expect(await c.runner.resume('start')).toHaveLength(1);
  const removed: string[] = [];
  a.runner.onRemove((id) => removed.push(id));
  await a.runner.resume('later');
  expect(removed).toEqual([job.id]);
  expect(a.runner.jobs()).toEqual([]);
  await c.runner.dispose();
});

/** A writer that stops forever at one step, as if the process had died there. */
class CrashingWriter extends ResultWriter {
  readonly #at: 'choose' | 'before-write' | 'after-write';
  readonly crashed: Promise<void>;
  #reportCrash = () => {};

  constructor(at: 'choose' | 'before-write' | 'after-write') {
    super();
    this.#at = at;
    this.crashed = new Promise((resolve) => {
      this.#reportCrash = resolve;
    });
  }

  override async choosePath(...args: Parameters<ResultWriter['choosePath']>): Promise<string> {
    if (this.#at === 'choose') await this.#crash();
    return super.choosePath(...args);
  }

  override async write(path: string, bytes: Uint8Array): Promise<'written' | 'already-there'> {
    if (this.#at === 'before-write') await this.#crash();
    const outcome = await super.write(path, bytes);
    await this.#crash();
    return outcome;
  }

  #crash(): Promise<never> {
    this.#reportCrash();
    return new Promise(() => {});
  }
}

test.each(['choose', 'before-write', 'after-write'] as const)(
  'saves a result exactly once if the process dies at %s',
  async (at) => {
    const clock = new ManualClock();
    const writer = new CrashingWriter(at);
    const a = bench.window({ clock, writer });
    const { id } = a.runner.start(bench.request({ recipe: { ...bench.request().recipe, samples: 2 } }));
    void (await a.hosted.started()).deliver(0, 'the only copy');
    await writer.crashed;
    await mkdir(bench.results, { recursive: true });
    await writeFile(temporaryPath(bench.results, `${id}-0`), 'the only'); // as if it had died while writing
    await a.kill();

    const b = bench.window({ clock });
    const [job] = await b.runner.resume('start');
    const run = await b.hosted.started();
    expect(run.context.delivered).toEqual(new Set([0]));
    await run.deliver(1);
    run.end();
    expect((await job?.finished)?.record.results).toMatchObject([{ index: 0, seed: 7, written: true }, { index: 1 }]);
    expect(await resultFiles()).toEqual(['rose-man-7-1.png', 'rose-man-8-2.png']);
    expect(await readFile(join(bench.results, 'rose-man-7-1.png'), 'latin1')).toContain('the only copy');
    expect(await readdir(bench.jobs)).toEqual([]);
  },
);

test('needs no engine for a job whose results were all delivered', async () => {
  const clock = new ManualClock();
  const writer = new CrashingWriter('before-write');
  const a = bench.window({ clock, writer });
  a.runner.start(bench.request());
  void (await a.hosted.started()).deliver(0);
  await writer.crashed;
  await a.kill();
  clock.time += 48 * hour; // the service has purged it long ago
  const b = bench.window({ clock });
  const [job] = await b.runner.resume('start');
  expect((await job?.finished)?.status).toBe('done');
  expect(b.hosted.runs).toEqual([]);
  expect(await resultFiles()).toHaveLength(1);
});

test('chooses another name if a file appears under the chosen one', async () => {
  class RacingWriter extends ResultWriter {
    override async write(path: string, bytes: Uint8Array): Promise<'written' | 'already-there'> {
      if (path.endsWith('-1.png')) await writeFile(path, 'someone else');
      return super.write(path, bytes);
    }
  }
  const { runner, hosted } = bench.window({ writer: new RacingWriter() });
  const job = runner.start(bench.request());
  const run = await hosted.started();
  await run.deliver(0);
  run.end();
  await job.finished;
  expect(await resultFiles()).toEqual(['rose-man-7-1-2.png', 'rose-man-7-1.png']);
});

test('keeps a failed job that holds paid work, checks it at each start, and only shows it after a day', async () => {
  const clock = new ManualClock();
  const fail = async (engine: ManualEngine, at = 0) => {
    const run = await engine.started(at);
    await run.context.save('paid');
    run.end(new MixFailure('timeout', { args: { seconds: 600 } }));
  };
  const a = bench.window({ clock });
  const job = a.runner.start(bench.request());
  await fail(a.hosted);
  expect(await job.finished).toMatchObject({
    status: 'failed',
    failure: { code: 'timeout' },
    record: { canCheckAgain: true },
  });
  expect(await jobsLeft()).toEqual([job.id]);

  const again = a.runner.checkAgain(job.id);
  expect((await a.hosted.started(1)).context.saved).toBe('paid');
  expect(a.runner.jobs()).toMatchObject([{ record: { state: 'running' } }]);
  expect(a.runner.jobs()[0]?.record.failure).toBeUndefined();
  await fail(a.hosted, 1);
  expect((await (await again)?.finished)?.status).toBe('failed');

  clock.time += 23 * hour;
  const b = bench.window({ clock });
  const [resumed] = await b.runner.resume('start');
  await fail(b.hosted);
  await resumed?.finished;

  clock.time += 48 * hour;
  const c = bench.window({ clock });
  expect(await c.runner.resume('start')).toEqual([]);
  expect(c.runner.jobs()).toMatchObject([{ record: { state: 'failed', canCheckAgain: true } }]);
  await c.runner.remove(job.id);
  expect(await jobsLeft()).toEqual([]);
});

test('removes other failed jobs at once, except that an interrupted one is reported again after a restart', async () => {
  const a = bench.window();
  const jobs = [a.runner.start(bench.request()), a.runner.start(bench.request())];
  await a.hosted.started(1);
  for (const { task, end } of a.hosted.runs) {
    const isFirst = task.jobId === jobs[0]?.id;
    end(
      isFirst
        ? new MixFailure('invalid-api-key', { args: { origin: 'https://example.com' } })
        : new MixFailure('interrupted'),
    );
  }
  for (const job of jobs) expect((await job.finished).record.canCheckAgain).toBe(false);
  expect(await jobsLeft()).toEqual([jobs[1]?.id]);

  const b = bench.window();
  const told: JobSnapshot[] = [];
  b.runner.onChange((job) => told.push(job));
  expect(await b.runner.resume('start')).toEqual([]);
  expect(b.runner.jobs()).toMatchObject([{ record: { id: jobs[1]?.id, failure: { code: 'interrupted' } } }]);
  expect(told).toEqual(b.runner.jobs()); // a panel that is already open shows it
  await b.runner.remove(jobs[1]?.id ?? '');
  expect(b.runner.jobs()).toEqual([]);
  expect(await jobsLeft()).toEqual([]);
});

test("keeps the bytes of a result that can't be saved, until it can", async () => {
  await writeFile(bench.results, 'blocks the folder');
  const { runner, hosted } = bench.window();
  const job = runner.start(bench.request());
  const run = await hosted.started();
  await run.deliver(0).catch((error: unknown) => run.end(error));
  expect(await job.finished).toMatchObject({
    status: 'failed',
    failure: { code: 'save-failed' },
    record: { canCheckAgain: true },
  });
  await rm(bench.results);
  const again = await runner.checkAgain(job.id);
  expect((await again?.finished)?.status).toBe('done');
  expect(hosted.runs).toHaveLength(1);
  expect(await resultFiles()).toHaveLength(1);
});

test("cancels yesterday's jobs unless they may be paid for", async () => {
  const clock = new ManualClock();
  const a = bench.window({ clock, maxConcurrent: () => 1 });
  const jobs = ['local', 'hosted', 'hosted'].map((engine) =>
    a.runner.start(bench.request({ engine: engine === 'local' ? 'local' : 'hosted' })),
  );
  await a.local.started();
  await (await a.hosted.started()).context.save({ step: 1 });
  await a.runner.dispose();
  clock.time += 25 * hour;
  const b = bench.window({ clock });
  const resumed = await b.runner.resume('start');
  expect(resumed.map(({ id }) => id)).toEqual([jobs[1]?.id]); // submitted and maybe paid for; the third never was
  expect(b.runner.jobs().map(({ record }) => record.state)).toEqual(['cancelled', 'running', 'cancelled']);
  await b.runner.dispose();
});

test('resumes a local job that a reload cut off', async () => {
  const a = bench.window();
  a.runner.start(bench.request({ engine: 'local' }));
  await a.local.started();
  await a.runner.dispose();
  const b = bench.window();
  const [job] = await b.runner.resume('start');
  const run = await b.local.started();
  await run.deliver(0);
  run.end();
  expect((await job?.finished)?.status).toBe('done');
});

test("fails a job that can't be written to disk, or whose engine can't be loaded", async () => {
  await mkdir(join(bench.jobs, '..'), { recursive: true });
  await writeFile(bench.jobs, 'blocks the folder');
  const { runner } = bench.window();
  expect(await runner.start(bench.request()).finished).toMatchObject({
    status: 'failed',
    failure: { key: 'save-failed/storage' },
  });
  await rm(bench.jobs);

  const broken = bench.window({
    engines: onlyHosted(() => Promise.reject(new Error('no module'))),
  });
  expect(await broken.runner.start(bench.request()).finished).toMatchObject({
    status: 'failed',
    failure: { key: 'generation-failed/internal', args: { detail: 'no module' } },
  });
});

test('embeds the recipe in the result if the destination asks for it', async () => {
  const { runner, hosted } = bench.window();
  const request = bench.request();
  const job = runner.start({ ...request, destination: { ...request.destination, embedRecipe: true } });
  const run = await hosted.started();
  await run.context.deliver({ ...resultOf(0, ''), serviceId: '349' });
  run.end();
  const { record } = await job.finished;
  const bytes = await readFile(record.results[0]?.path ?? '', 'latin1');
  expect(bytes).toContain('image-mixer');
  expect(bytes).toContain('"id":"349"');
});
