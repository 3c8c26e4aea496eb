import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/engines/clock.ts';
import { type JobEnd, JobRunner } from '../../src/jobs/jobRunner.ts';
import { isKeptAfterFailure } from '../../src/jobs/recoveryRules.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { closeAbandonedFiles, type DiskPlan, systemError, withDisk } from './support/faultyDisk.ts';
import { HostedBench, png } from './support/hostedBench.ts';
import { killWindow, onlyHosted, requestOf, workspaceStorage } from './support/jobBench.ts';
import { json, raw, ScriptedService, type Step } from './support/scriptedService.ts';

vi.mock('node:fs/promises', async (importOriginal) => {
  const { plannedFileSystem } = await import('./support/faultyDisk.ts');
  return plannedFileSystem(await importOriginal());
});

/**
 * What happens at one disk call of a paid job. `once`: the call fails. `until-repaired`: it and all later ones fail, until the job has
 * ended. `killed`: the process ends before or after the call. `stopped`: it stops, and continues after another window has checked for jobs.
 * `clock`: the system clock is set, by hours. The last three also happen while the service holds a response.
 */
type Fault =
  | { readonly kind: 'once' | 'until-repaired'; readonly code: 'ENOSPC' | 'EIO' | 'EMFILE' | 'EACCES' }
  | { readonly kind: 'killed'; readonly when: 'before' | 'after' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'clock'; readonly hours: 1 | -1 };

/** A request whose response the service holds. */
type Purpose = keyof typeof responses;
const codes = ['ENOSPC', 'EIO', 'EMFILE', 'EACCES'] as const;
const faults: readonly Fault[] = [
  ...codes.flatMap((code) => [{ kind: 'once', code } as const, { kind: 'until-repaired', code } as const]),
  { kind: 'killed', when: 'before' },
  { kind: 'killed', when: 'after' },
  { kind: 'stopped' },
  { kind: 'clock', hours: 1 },
  { kind: 'clock', hours: -1 },
];
/** `FAULTS=all npx vitest run test/unit/job-faults.test.ts` puts each fault at each call; otherwise, a call is chosen for each fault. */
const isWhole = process.env.FAULTS === 'all';
const shortCases = 6;

let root: string;
let service: ScriptedService;
/** The first request for this purpose is held: `onHeld` is called, and once its promise resolves, the service responds. */
let hold: { readonly purpose: Purpose; readonly onHeld: () => Promise<void> } | undefined;
/** Whether the service accepts no order but the first one of a job. */
let isRefusing = false;
const firstSeed = 7;
const responses = {
  upload: (response) =>
    json({ status: 'success', messege: 'image uploaded', link: `${service.origin}/out/source` })(response),
  mix: (response, { body }) => {
    const isRefused = isRefusing && Number(body.seed) !== firstSeed;
    if (isRefused) return json({ status: 'error', message: 'Insufficient credits' })(response);
    json({ status: 'processing', eta: 1, id: Number(body.seed) })(response);
  },
  fetch: (response, { path }) =>
    json({ status: 'success', output: [service.resultUrl(`${path.split('/').at(-1)}.png`)] })(response),
  result: (response, { path }) => raw(png(`<${/\d+/.exec(path)?.[0]}>`))(response),
} as const satisfies Record<string, Extract<Step, (...args: never[]) => unknown>>;
const purposes = ['upload', 'mix', 'fetch', 'result'] as const satisfies readonly Purpose[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'faults-'));
  service = await ScriptedService.start();
  for (const purpose of purposes) {
    service.script(purpose, (response, request) => {
      const respond = () => responses[purpose](response, request);
      if (hold?.purpose !== purpose) return respond();
      const { onHeld } = hold;
      hold = undefined;
      void onHeld().then(respond);
    });
  }
});
afterAll(async () => {
  await closeAbandonedFiles();
  await service.close();
  await rm(root, { recursive: true, force: true, maxRetries: 5 }); // windows that were stopped may still show themselves
});

/** A service, a folder and a clock that two windows share, one after the other. */
class Setup {
  readonly folder: string;
  readonly jobs: string;
  readonly mixes: string;
  /** How far the system clock was set, in milliseconds. */
  offset = 0;
  readonly #samples: number;
  readonly #benches: HostedBench[] = [];
  readonly runners: JobRunner[] = [];
  #first = service.requests.length;

  constructor(folder: string, samples: number) {
    this.folder = folder;
    this.jobs = join(folder, 'jobs');
    this.mixes = join(folder, 'mixes');
    this.#samples = samples;
  }

  /** Opens a window. */
  async open(): Promise<JobRunner> {
    const bench = await HostedBench.start(service.baseUrl);
    this.#benches.push(bench);
    const { clock } = bench;
    const base = clock.now.bind(clock);
    clock.now = () => base() + this.offset;
    const clockOfJobs: Clock = { ...systemClock, now: () => Date.now() + this.offset };
    const owner = `window-${this.runners.length + 1}`;
    const runner = new JobRunner({
      directory: this.jobs,
      workspaceStorage,
      isTrusted: () => true,
      engines: onlyHosted(async () => bench.engine),
      writer: new ResultWriter(),
      clock: clockOfJobs,
      maxConcurrent: () => 3,
      newId: () => 'job',
      onError: () => {},
      owner,
    });
    this.runners.push(runner);
    return runner;
  }

  async request() {
    const path = join(this.folder, 'rose.png');
    await writeFile(path, png());
    const request = requestOf(this.mixes, { service: { baseUrl: service.baseUrl, dialect: 'v6' } });
    return {
      ...request,
      recipe: { ...request.recipe, samples: this.#samples },
      sources: [{ index: 0, name: 'rose.png', weight: 1, location: { kind: 'file' as const, path } }],
    };
  }

  /** Counts only the orders from now on. */
  forgetOrders(): void {
    this.#first = service.requests.length;
  }

  /** The seeds that were ordered since the start, in order. */
  orders(): number[] {
    return service.requests
      .slice(this.#first)
      .flatMap(({ purpose, body }) => (purpose === 'mix' ? [Number(body.seed)] : []));
  }

  /** The seeds of the results in the project. */
  async saved(): Promise<number[]> {
    const names = (await readdir(this.mixes).catch(() => [])).filter((name) => !name.startsWith('.'));
    const seeds = names.map(async (name) => {
      const text = await readFile(join(this.mixes, name), 'latin1');
      return Number(/<(\d+)>$/.exec(text)?.[1]);
    });
    return (await Promise.all(seeds)).sort();
  }

  async close(): Promise<void> {
    for (const bench of this.#benches) await bench.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Runs a job in a window whose disk follows a plan, and then whatever is needed to get its results. Checks what must hold in any case. */
type Play = (
  plan: DiskPlan,
  fate: 'lives' | 'killed' | 'stopped',
  options?: { onSetup?: (setup: Setup) => void; stop?: Promise<void>; repair?: () => void },
) => Promise<unknown>;

/** The number of disk calls of a job without faults. */
async function countCalls(run: Play): Promise<number> {
  let calls = 0;
  const before = (count: number) => {
    calls = count;
  };
  await run({ before }, 'lives');
  return calls;
}

/** A new job. */
async function play(
  samples: number,
  ...[plan, fate, { onSetup, stop, repair } = {}]: Parameters<Play>
): Promise<JobEnd['status'] | undefined> {
  const setup = new Setup(await mkdtemp(join(root, 'case-')), samples);
  onSetup?.(setup);
  const request = await setup.request();
  const first = await setup.open();
  const job = withDisk(plan, () => first.start(request));
  let end: JobEnd | undefined;
  if (fate === 'killed') {
    await Promise.race([stop, job.finished]);
    await killWindow(setup.jobs, 'window-1').catch(() => {}); // it may have been killed before it showed itself
    const second = await setup.open();
    for (const { finished } of await second.resume('start')) end = await finished;
  } else {
    if (fate === 'stopped') {
      await Promise.race([stop, job.finished]);
      const second = await setup.open();
      expect(await second.resume('start')).toEqual([]);
      await second.dispose();
      repair?.();
    }
    end = await job.finished;
    repair?.();
    if (end.record.canCheckAgain) end = await (await first.checkAgain(job.id)).finished;
    expect(await first.resume('later'), 'what has ended runs again').toEqual([]);
    const isKept = first.jobs().some(({ record }) => record.state === 'failed' && isKeptAfterFailure(record));
    const left = (await readdir(setup.jobs).catch(() => [])).filter((name) => !name.startsWith('.'));
    expect(left, 'left on disk').toEqual(isKept ? [job.id] : []);
  }
  const last = setup.runners.at(fate === 'killed' ? -1 : 0);
  const orders = setup.orders();
  const [shown] = last?.jobs() ?? [];
  const isInterrupted = shown?.record.failure?.code === 'interrupted';

  expect(new Set(orders).size, 'an order was posted twice').toBe(orders.length);
  const saved = await setup.saved();
  expect(new Set(saved).size, 'a result was saved twice').toBe(saved.length);
  if (!isInterrupted) expect(saved, 'a paid result is lost').toEqual([...orders].sort());
  if (isInterrupted) expect(fate, 'told as interrupted').toBe('killed');
  for (const runner of fate === 'killed' ? [last] : setup.runners) {
    for (const { record } of runner?.jobs() ?? []) expect(['done', 'failed', 'cancelled']).toContain(record.state);
  }
  if (end?.status === 'done') expect(saved).toHaveLength(samples);
  if (fate !== 'killed') await first.dispose();
  await setup.close();
  return end?.status;
}

/** A failed job of four samples that is checked again: one result is paid for and saved, the other orders weren't accepted yet. */
const playAgain: Play = async (plan, fate, { onSetup, stop, repair } = {}) => {
  const setup = new Setup(await mkdtemp(join(root, 'case-')), 4);
  onSetup?.(setup);
  const request = await setup.request();
  const first = await setup.open();
  isRefusing = true;
  const job = first.start(request);
  expect(await job.finished).toMatchObject({
    failure: { code: 'insufficient-credits' },
    record: { canCheckAgain: true },
  });
  isRefusing = false;
  setup.forgetOrders();

  const again = withDisk(plan, () => first.checkAgain(job.id)).then(
    ({ finished }) => finished,
    (error: unknown) => error,
  );
  if (fate !== 'lives') {
    await Promise.race([stop, again]);
    if (fate === 'killed') await killWindow(setup.jobs, 'window-1').catch(() => {}); // it may have ended before
    const second = await setup.open();
    for (const { finished } of await second.resume('start')) await finished;
    repair?.();
  }
  if (fate !== 'killed') {
    await again;
    repair?.();
    if (first.jobs()[0]?.record.canCheckAgain) await (await first.checkAgain(job.id)).finished;
    expect(await first.resume('later'), 'what has ended runs again').toEqual([]);
  }
  const orders = setup.orders();
  expect(new Set(orders).size, 'an order was posted twice').toBe(orders.length);
  const saved = await setup.saved();
  const isInterrupted = setup.runners.some((runner) => runner.jobs()[0]?.record.failure?.code === 'interrupted');
  if (isInterrupted) expect(fate, 'told as interrupted').toBe('killed');
  else expect(saved, 'a result is lost').toEqual([7, 8, 9, 10].sort());
  if (fate !== 'killed') await first.dispose();
  await setup.close();
};

/** Lets something happen at a disk call. */
async function inject(fault: Fault, at: number, run: Play): Promise<unknown> {
  switch (fault.kind) {
    case 'once':
    case 'until-repaired': {
      let isRepaired = false;
      const fails = (count: number) => (fault.kind === 'once' ? count === at : count >= at && !isRepaired);
      const before = (count: number) => {
        if (fails(count)) throw systemError(fault.code);
      };
      const repair = () => {
        isRepaired = true;
      };
      return run({ before }, 'lives', { repair });
    }
    case 'killed': {
      const { promise, resolve } = Promise.withResolvers<void>();
      const freeze = (count: number): void | Promise<void> => {
        if (count < at) return undefined;
        resolve();
        return new Promise(() => {});
      };
      const plan: DiskPlan =
        fault.when === 'before'
          ? { before: freeze }
          : { before: (count) => (count > at ? freeze(count) : undefined), after: freeze };
      return run(plan, 'killed', { stop: promise });
    }
    case 'stopped': {
      const stopped = Promise.withResolvers<void>();
      const resumed = Promise.withResolvers<void>();
      const before = async (count: number) => {
        if (count < at) return;
        stopped.resolve();
        await resumed.promise;
      };
      return run({ before }, 'stopped', { stop: stopped.promise, repair: () => resumed.resolve() });
    }
    case 'clock': {
      let setup: Setup | undefined;
      const before = (count: number) => {
        if (count === at && setup) setup.offset += fault.hours * 3_600_000;
      };
      const onSetup = (created: Setup) => {
        setup = created;
      };
      return run({ before }, 'lives', { onSetup });
    }
  }
}

/** Lets something happen while the service holds the first response for a purpose. */
async function injectWhileHeld(fault: Fault, purpose: Purpose, samples: number): Promise<unknown> {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  hold = {
    purpose,
    onHeld: () => {
      held.resolve();
      return released.promise;
    },
  };
  switch (fault.kind) {
    case 'killed': {
      let isKilled = false;
      const stop = held.promise.then(() => {
        isKilled = true;
        if (fault.when === 'after') released.resolve(); // the response comes too late
      });
      const before = () => (isKilled ? new Promise<void>(() => {}) : undefined);
      return play(samples, { before }, 'killed', { stop }).finally(released.resolve);
    }
    case 'stopped':
      return play(samples, { before: () => {} }, 'stopped', { stop: held.promise, repair: released.resolve });
    case 'clock': {
      const onSetup = (setup: Setup) => {
        void held.promise.then(() => {
          setup.offset += fault.hours * 3_600_000;
          released.resolve();
        });
      };
      return play(samples, { before: () => {} }, 'lives', { onSetup });
    }
    default:
      throw new Error(`${fault.kind} is a fault of the disk`);
  }
}

/** Rejects after some milliseconds, which a case takes only if it hangs. */
async function failAfter(ms: number): Promise<never> {
  await systemClock.sleep(ms);
  throw new Error('it never ends');
}

function nameOf(fault: Fault): string {
  switch (fault.kind) {
    case 'once':
    case 'until-repaired':
      return `${fault.code} ${fault.kind}`;
    case 'killed':
      return `killed ${fault.when}`;
    case 'stopped':
      return 'stopped and continued';
    case 'clock':
      return `clock set by ${fault.hours} h`;
  }
}

/** Puts a fault at each disk call of a job, or at some of them. */
async function injectEverywhere(fault: Fault, row: number, run: Play): Promise<void> {
  const calls = await countCalls(run);
  expect(calls).toBeGreaterThan(20);
  const all = Array.from({ length: calls }, (_, at) => at + 1);
  // Other calls for each fault, so that together they cover the job.
  const chosen = isWhole
    ? all
    : all.filter((at) => at % Math.ceil(calls / shortCases) === row % Math.ceil(calls / shortCases));
  const failed: string[] = [];
  for (const at of chosen) {
    try {
      await Promise.race([inject(fault, at, run), failAfter(10_000)]);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const text = error instanceof MixFailure ? error.key : error.message.split('\n').slice(0, 12).join(' ');
      failed.push(`call ${at}: ${text}`);
    }
  }
  expect(failed).toEqual([]);
}

for (const samples of [1, 4]) {
  for (const [row, fault] of faults.entries()) {
    test(
      `${nameOf(fault)}, at a disk call of a job with ${samples} samples: nothing is lost or paid twice`,
      {
        timeout: 600_000,
      },
      () => injectEverywhere(fault, row, (...args) => play(samples, ...args)),
    );
  }
  for (const fault of faults.filter(({ kind }) => kind === 'killed' || kind === 'stopped' || kind === 'clock')) {
    test.each(purposes)(
      `${nameOf(fault)}, while the service holds the response to '%s' of a job with ${samples} samples: nothing is lost or paid twice`,
      async (purpose) => {
        await injectWhileHeld(fault, purpose, samples);
        expect(hold, 'nothing was held').toBeUndefined();
      },
    );
  }
}

for (const [row, fault] of faults.entries()) {
  test(
    `${nameOf(fault)}, at a disk call of a job that is checked again: nothing is lost or paid twice`,
    {
      timeout: 600_000,
    },
    () => injectEverywhere(fault, row, playAgain),
  );
}
