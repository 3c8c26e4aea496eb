import { expect, test } from 'vitest';
import * as z from 'zod';
import type { ComfyuiEngine, ComfyuiLogEvent } from '../../src/engines/comfyui/comfyuiEngine.ts';
import { JobSuspended, type MixResult, type MixTask } from '../../src/engines/engine.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import type { ComfyUIServer, Fault } from '../comfyui/server.ts';
import { randomFrom } from '../random.ts';
import { FastClock } from './support/clocks.ts';
import { comfyuiTask, expectedPixels, JobContext, pixelsOf, startEngine } from './support/comfyuiJobs.ts';

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

/** A job, the windows that it ran in, and how it ended. */
interface ChaosJob {
  readonly task: MixTask;
  readonly weights: Readonly<Record<string, number>>;
  readonly results: MixResult[];
  /** The prompts that hadn't ended when the job was canceled. */
  leftover: readonly string[];
  outcome: string;
}

test(`ends ${count} jobs on three servers in chaos, among strangers: every result comes once, none is lost`, {
  timeout: 60_000 + count * 1_000,
}, async () => {
  const random = randomFrom(seed);
  const pick = <T>(from: readonly T[]): T => {
    const one = from[Math.floor(random() * from.length)];
    if (one === undefined) throw new Error('Nothing to pick from');
    return one;
  };
  const clock = new FastClock(60);
  const { engine, servers, log, again } = await startEngine(
    [{ stepMs: 2 }, { stepMs: 2, scenarios: ['new-version'] }, { stepMs: 2, previews: true }],
    { clock },
  );
  const windows = [engine, again()];
  const injected: string[] = [];
  const strangers: string[] = [];
  const outages: Promise<void>[] = [];
  const stop = new Error('canceled');
  const promptsOf = ({ task: { jobId } }: ChaosJob) =>
    log.flatMap(({ jobId: id, event, args }) => (id === jobId && event === 'submitted' ? [String(args.prompt)] : []));
  const endings = () => new Map(servers.flatMap((server) => server.endings.map((one) => [one.promptId, one.outcome])));

  /** Ends a server's process, and starts it again after some seconds. */
  const breakDown = async (server: ComfyUIServer): Promise<void> => {
    await server.stop();
    await clock.sleep(10_000);
    await server.start();
  };

  /** Runs a job in one window after another, until it ends. */
  const run = async (job: ChaosJob): Promise<void> => {
    let saved: string | undefined;
    for (let lives = 1; ; lives++) {
      if (random() < 0.5) {
        const [fault, failure = ''] = pick(faults);
        pick(servers).configure({ fault });
        injected.push(failure);
      }
      if (random() < 0.6) {
        const client = random() < 0.5 ? {} : { clientId: 'other' };
        strangers.push(pick(servers).queueStranger({ ...client, steps: 10 }));
      }
      if (random() < 0.03) {
        injected.push('generation-failed/comfyui-lost');
        outages.push(breakDown(pick(servers)));
      }
      const context = new JobContext(
        saved,
        job.results.map(({ index }) => index),
      );
      const reason = random() < 0.1 ? stop : lives < 3 && random() < 0.3 ? new JobSuspended() : undefined;
      const moment = Math.floor(random() * 12);
      const endsBehindOthers = random() < 0.5;
      context.onProgress = () => {
        const isBehind = (context.progresses.at(-1)?.ahead ?? 0) > 0;
        const isNow = context.progresses.length === moment || (endsBehindOthers && isBehind);
        if (isNow && reason) context.controller.abort(reason);
      };
      const error = await end(pick(windows), job.task, context);
      job.results.push(...context.results);
      saved = context.lastState ?? saved;
      if (error instanceof JobSuspended) continue;
      if (error !== undefined && error !== stop && !(error instanceof MixFailure)) throw error;
      job.outcome = error instanceof MixFailure ? error.key : error === stop ? 'canceled' : 'done';
      if (error === stop) job.leftover = promptsOf(job).filter((prompt) => !endings().has(prompt));
      return;
    }
  };

  const jobs = Array.from({ length: count }, (_, at): ChaosJob => {
    const weights = { red: pick([0.2, 0.4, 1]), blue: pick([0.3, 0.7]) };
    return { task: taskOf(at, random() < 0.2 ? 2 : 1, weights), weights, results: [], leftover: [], outcome: '' };
  });
  const waiting = [...jobs];
  const worker = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) await run(job);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  await Promise.all(outages);
  await Promise.all(servers.map((server) => server.idle()));

  expect(servers.flatMap(({ queue }) => queue)).toEqual([]);
  const sent = promptsBySeed(servers);
  const outcomes: Record<string, number> = {};
  for (const { task, weights, results, outcome } of jobs) {
    const { jobId, recipe } = task;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    const delivered = new Set(results.map(({ index }) => index));
    expect(delivered.size).toBe(results.length);
    if (outcome === 'done') expect(results).toHaveLength(recipe.samples);
    for (const { bytes, seed } of results) {
      const isExpected = (await pixelsOf(bytes)).equals(expectedPixels(weights, { seed }));
      expect(isExpected, `${jobId}, seed ${seed}`).toBe(true);
    }
    const lines = log.filter((one) => one.jobId === jobId);
    const lastLife = lines.findLastIndex(({ event }) => event === 'server-chosen');
    // A window that closes while other samples run leaves a failed one to the next window, which mixes it again.
    const replaced = lines.filter((one, at) => isReplacement(one) || (at < lastLife && isFailedPrompt(one)));
    for (let index = 0; index < recipe.samples; index++) {
      const times = sent.get(recipe.seed + index) ?? 0;
      if (delivered.has(index)) expect(times).toBeGreaterThan(0);
      const story = lines.map(({ event, args }) => `${event} ${JSON.stringify(args)}`);
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

  const ended = endings();
  // Strangers lose their prompts only when the whole server does.
  const strangersOutcomes = new Set(strangers.map((prompt) => ended.get(prompt)));
  expect(strangersOutcomes).toContain('success');
  expect([...strangersOutcomes].filter((one) => one !== 'success' && one !== 'lost')).toEqual([]);
  const canceled = jobs.flatMap(({ leftover }) => leftover);
  expect(canceled.map((prompt) => ended.get(prompt))).not.toContain('success');
});

/** How many prompts arrived with each seed. The cache of nodes hides it if one is drawn twice. */
function promptsBySeed(servers: readonly ComfyUIServer[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { method, path, body } of servers.flatMap(({ requests }) => requests)) {
    if (method !== 'POST' || path !== '/api/prompt') continue;
    const { seed } = promptSchema.parse(body).prompt.sampler.inputs;
    counts.set(seed, (counts.get(seed) ?? 0) + 1);
  }
  return counts;
}

const promptSchema = z.object({
  prompt: z.object({ sampler: z.object({ inputs: z.object({ seed: z.number() }) }) }),
});

/** Whether a prompt is replaced by another one, because the server doesn't have it or its result any more. */
function isReplacement({ event, args }: ComfyuiLogEvent): boolean {
  return event === 'prompt-lost' || event === 'result-removed' || (event === 'answer-lost' && args.place === 'absent');
}

function isFailedPrompt({ event, args }: ComfyuiLogEvent): boolean {
  return event === 'finished' && args.outcome !== 'success';
}

function taskOf(at: number, samples: number, weights: Readonly<Record<string, number>>): MixTask {
  return comfyuiTask({ seed: 10 * at, samples, steps: 2 }, { jobId: `job-${at}`, weights });
}

/** What a run ends with; undefined if it succeeds. */
function end(engine: ComfyuiEngine, task: MixTask, context: JobContext): Promise<unknown> {
  return engine.run(task, context).then(
    () => undefined,
    (error: unknown) => error,
  );
}
