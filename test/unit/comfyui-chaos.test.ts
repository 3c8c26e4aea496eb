import { expect, test } from 'vitest';
import type { ComfyuiEngine, ComfyuiLogEvent } from '../../src/engines/comfyui/comfyuiEngine.ts';
import { JobSuspended, type MixTask } from '../../src/engines/engine.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import type { Fault } from '../comfyui/server.ts';
import { FastClock } from './support/clocks.ts';
import { comfyuiTask, drawnBy, JobContext, startEngine } from './support/comfyuiJobs.ts';

/** `CHAOS_JOBS=1000 CHAOS_SEED=2 npx vitest run test/unit/comfyui-chaos.test.ts` is a long run, which prints the outcomes. */
const count = Number(process.env.CHAOS_JOBS ?? 200);
const seed = Number(process.env.CHAOS_SEED ?? 1);

const outOfMemory = {
  kind: 'raise',
  classType: 'KSampler',
  type: 'torch.OutOfMemoryError',
  message: 'out of memory',
} as const;
/** Everything that can happen to a prompt, and the failure that it may end in. */
const faults: readonly (readonly [fault: Fault, failure?: string])[] = [
  [{ kind: 'restart', step: 1 }, 'generation-failed/comfyui-lost'],
  [{ kind: 'restart', step: 2 }, 'generation-failed/comfyui-lost'],
  [{ kind: 'restart-on-arrival' }, 'generation-failed/comfyui-lost'],
  [{ kind: 'drop-sockets', step: 1 }],
  [{ kind: 'silence-sockets', step: 1 }],
  [{ kind: 'interrupt', step: 1 }, 'generation-failed/comfyui-interrupted'],
  [outOfMemory, 'generation-failed/comfyui-memory'],
  [{ kind: 'delete-pending' }, 'generation-failed/comfyui-removed'],
  [{ kind: 'forget-history' }],
  [{ kind: 'remove-outputs' }],
  [{ kind: 'lose-reply' }],
];

/** Mulberry32: from 0 to 1. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A job, the windows that it ran in, and how it ended. */
interface ChaosJob {
  readonly task: MixTask;
  readonly delivered: number[];
  outcome: string;
}

test(`ends ${count} jobs on three servers in chaos: every result comes once, and none is lost`, {
  timeout: 60_000 + count * 1_000,
}, async () => {
  const random = randomFrom(seed);
  const pick = <T>(from: readonly T[]): T => {
    const one = from[Math.floor(random() * from.length)];
    if (one === undefined) throw new Error('Nothing to pick from');
    return one;
  };
  const { engine, servers, log, again } = await startEngine([{}, { scenarios: ['new-version'] }, { previews: true }], {
    clock: new FastClock(60),
  });
  const windows = [engine, again()];
  const injected: string[] = [];
  const stop = new Error('canceled');

  /** Runs a job in one window after another, until it ends. */
  const run = async (job: ChaosJob): Promise<void> => {
    let saved: string | undefined;
    for (let lives = 1; ; lives++) {
      if (random() < 0.5) {
        const [fault, failure = ''] = pick(faults);
        pick(servers).configure({ fault });
        injected.push(failure);
      }
      const context = new JobContext(saved, job.delivered);
      const reason = random() < 0.1 ? stop : lives < 3 && random() < 0.3 ? new JobSuspended() : undefined;
      const moment = Math.floor(random() * 12);
      context.onProgress = () => {
        if (context.progresses.length === moment && reason) context.controller.abort(reason);
      };
      const error = await end(pick(windows), job.task, context);
      job.delivered.push(...context.results.map(({ index }) => index));
      saved = context.lastState ?? saved;
      if (error instanceof JobSuspended) continue;
      if (error !== undefined && error !== stop && !(error instanceof MixFailure)) throw error;
      job.outcome = error instanceof MixFailure ? error.key : error === stop ? 'canceled' : 'done';
      return;
    }
  };

  const jobs = Array.from({ length: count }, (_, at): ChaosJob => {
    const samples = random() < 0.2 ? 2 : 1;
    return { task: taskOf(at, samples), delivered: [], outcome: '' };
  });
  const waiting = [...jobs];
  const worker = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await run(job);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  await Promise.all(servers.map((server) => server.idle()));

  expect(servers.flatMap(({ queue }) => queue)).toEqual([]);
  const drawn = new Map<unknown, number>();
  for (const { inputs } of servers.flatMap(({ runs }) => runs.filter(drawnBy))) {
    drawn.set(inputs.seed, (drawn.get(inputs.seed) ?? 0) + 1);
  }
  const outcomes: Record<string, number> = {};
  for (const { task, delivered, outcome } of jobs) {
    const { jobId, recipe } = task;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    expect(new Set(delivered).size).toBe(delivered.length);
    if (outcome === 'done') expect(delivered).toHaveLength(recipe.samples);
    const replaced = log.filter((one) => one.jobId === jobId && isReplacement(one));
    for (let index = 0; index < recipe.samples; index++) {
      const times = drawn.get(recipe.seed + index) ?? 0;
      if (delivered.includes(index)) expect(times).toBeGreaterThan(0);
      const story = log
        .filter((one) => one.jobId === jobId)
        .map(({ event, args }) => `${event} ${JSON.stringify(args)}`);
      expect(times, story.join('\n')).toBeLessThanOrEqual(1 + replaced.length);
    }
  }
  if (process.env.CHAOS_JOBS) console.table(outcomes);
  for (const [outcome, times] of Object.entries(outcomes)) {
    if (outcome === 'done' || outcome === 'canceled') continue;
    expect(injected).toContain(outcome);
    expect(times).toBeLessThanOrEqual(injected.filter((failure) => failure === outcome).length);
  }
  expect(outcomes.done).toBeGreaterThan(count / 2);
});

/** Whether a prompt is replaced by another one, because the server doesn't have it or its result any more. */
function isReplacement({ event, args }: ComfyuiLogEvent): boolean {
  return event === 'prompt-lost' || event === 'result-removed' || (event === 'answer-lost' && args.place === 'absent');
}

function taskOf(at: number, samples: number): MixTask {
  return comfyuiTask({ seed: 10 * at, samples, steps: 2 }, { jobId: `job-${at}` });
}

/** What a run ends with; undefined if it succeeds. */
function end(engine: ComfyuiEngine, task: MixTask, context: JobContext): Promise<unknown> {
  return engine.run(task, context).then(
    () => undefined,
    (error: unknown) => error,
  );
}
