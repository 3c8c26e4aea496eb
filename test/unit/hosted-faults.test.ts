import { randomInt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/engines/clock.ts';
import { createSourceReader } from '../../src/images/sourceReader.ts';
import { type JobEnd, JobRunner } from '../../src/jobs/jobRunner.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { apiKey, HostedBench, png } from './support/hostedBench.ts';
import { requestOf } from './support/jobBench.ts';

/** What becomes of a mix of one uploaded file. */
interface Fate {
  /** `done`, or the failure's code and reason. */
  readonly ends: string;
  /** Mix requests that reached the service. */
  readonly posts: number;
  /** Pieces of work that the service did and charges for. */
  readonly paid: number;
  /** What is left of the job: `found` is paid work that another look brings in, `told` is an interrupted one that its user must still hear of. */
  readonly left?: 'found' | 'told';
}
const done = (posts = 1): Fate => ({ ends: 'done', posts, paid: 1 });
const unpaid = (ends: string, posts = 0): Fate => ({ ends, posts, paid: 0 });
const lost = (reason: string): Fate => ({ ends: `interrupted/${reason}`, posts: 1, paid: 1, left: 'told' });
const found = (ends: string): Fate => ({ ends, posts: 1, paid: 1, left: 'found' });

// Each of these waits out real sockets' time-outs, however the clock leaps.
vi.setConfig({ testTimeout: 20_000 });

/** Each fault at each step, as often as its scenario says or `times` times. */
const table: readonly (readonly [scenario: string, times: number | undefined, fate: Fate])[] = [
  ['upload-refused', undefined, unpaid('network/refused')],
  ['upload-reset', undefined, unpaid('network/connection')],
  ['upload-reset', 2, done()],
  ['upload-reset-body', undefined, unpaid('network/connection')],
  ['upload-stall', undefined, unpaid('network/timeout')],
  ['upload-stall-body', 1, done()],
  ['upload-slow', undefined, done()],
  ['upload-500', undefined, unpaid('service-unavailable')],
  ['upload-502-html', undefined, unpaid('service-unavailable')],
  ['upload-502-html', 3, done()],
  ['upload-503-then-fine', undefined, done()],
  ['upload-429-then-fine', undefined, done()],
  ['upload-truncated', undefined, unpaid('unexpected-response/cut')],
  ['upload-wrong-types', undefined, unpaid('unexpected-response/no-link')],
  ['upload-huge', undefined, unpaid('unexpected-response/too-large')],
  ['upload-redirect', undefined, unpaid('unexpected-response/redirected')],
  ['upload-expired', undefined, unpaid('invalid-request/image-not-fetched', 1)],

  ['mix-refused', undefined, unpaid('network/refused')],
  ['mix-reset', undefined, lost('connection-lost')],
  ['mix-reset-body', undefined, lost('answer-cut')],
  ['mix-stall', undefined, lost('no-answer')],
  ['mix-stall-body', undefined, lost('no-answer')],
  ['mix-slow', undefined, done()],
  ['mix-500', undefined, unpaid('service-unavailable', 1)],
  ['mix-502-html', undefined, lost('gateway-error')],
  ['mix-503-then-fine', undefined, done(2)],
  ['mix-429-then-fine', undefined, done(2)],
  ['mix-truncated', undefined, lost('answer-cut')],
  ['mix-wrong-types', undefined, { ends: 'unexpected-response/shape', posts: 1, paid: 1 }],
  ['mix-huge', undefined, { ends: 'unexpected-response/too-large', posts: 1, paid: 1 }],
  ['mix-redirect', undefined, unpaid('unexpected-response/redirected', 1)],
  ['mix-expired', undefined, unpaid('invalid-request/image-not-fetched', 1)],
  ['invalid-key', undefined, unpaid('invalid-api-key', 1)],
  ['invalid-key-401', undefined, unpaid('invalid-api-key', 1)],
  ['invalid-request-400', undefined, unpaid('invalid-request', 1)],
  ['validation', undefined, unpaid('invalid-request', 1)],
  ['source-unreachable', undefined, unpaid('invalid-request/image-not-fetched', 1)],
  ['duplicate', undefined, done(2)],
  ['queue-full', undefined, done(2)],
  ['no-credits', undefined, unpaid('insufficient-credits', 1)],
  ['plan-required-403', undefined, unpaid('plan-required', 1)],
  ['unavailable', undefined, unpaid('service-unavailable', 1)],
  ['failed', undefined, unpaid('generation-failed', 1)],
  ['success-as-500', undefined, done()],
  ['success-single-string', undefined, done()],
  ['success-escaped', undefined, done()],
  ['success-empty-then-fine', undefined, done()],
  ['success-empty', undefined, { ends: 'result-unavailable/no-pictures', posts: 1, paid: 1 }],
  ['processing-messege', undefined, done()],
  ['processing-message', undefined, done()],
  ['processing-other-id', undefined, done()],
  ['processing-other-origin', undefined, done()],
  ['processing-failed', undefined, { ends: 'generation-failed', posts: 1, paid: 1 }],
  ['processing-forever', undefined, { ends: 'timeout', posts: 1, paid: 1 }],

  ['poll-refused', undefined, done()],
  ['poll-reset', undefined, found('timeout')],
  ['poll-reset-body', 3, done()],
  ['poll-stall', 2, done()],
  ['poll-stall-body', 2, done()],
  ['poll-slow', undefined, done()],
  ['poll-500', undefined, found('timeout')],
  ['poll-502-html', undefined, found('timeout')],
  ['poll-503-then-fine', undefined, done()],
  ['poll-429-then-fine', undefined, done()],
  ['poll-truncated', undefined, found('unexpected-response/cut')],
  ['poll-truncated', 4, done()],
  ['poll-wrong-types', undefined, found('result-unavailable/no-pictures')],
  ['poll-huge', undefined, found('unexpected-response/too-large')],
  ['poll-redirect', undefined, found('unexpected-response/redirected')],
  ['poll-expired', undefined, found('result-unavailable/not-found')],
  ['poll-error', undefined, found('service-unavailable')],
  ['poll-failed', undefined, found('generation-failed')],
  ['poll-statuses', undefined, done()],

  ['download-refused', undefined, found('result-unavailable/network')],
  ['download-unknown-host', undefined, found('result-unavailable/network')],
  ['download-reset', undefined, found('result-unavailable/network')],
  ['download-reset-body', 2, done()],
  ['download-stall', 1, done()],
  ['download-stall-body', 1, done()],
  ['download-slow', undefined, done()],
  ['download-500', undefined, found('result-unavailable/network')],
  ['download-502-html', undefined, found('result-unavailable/network')],
  ['download-503-then-fine', undefined, done()],
  ['download-429-then-fine', undefined, done()],
  ['download-truncated', undefined, found('result-unavailable/unreadable-image')],
  ['download-wrong-types', undefined, found('result-unavailable/unsupported-image')],
  ['download-huge', undefined, found('result-unavailable/image-too-large')],
  ['download-redirect', undefined, done()],
  ['download-elsewhere', undefined, done()],
  ['download-not-ready-404', undefined, done()],
  ['download-not-ready-403', undefined, done()],
  ['download-text-plain', undefined, done()],
  ['download-expired', undefined, found('result-unavailable/unreadable-image')],
];

/** A client and a service, with what they leave behind. */
interface Stage {
  readonly sandbox: Sandbox;
  readonly bench: HostedBench;
  readonly runner: JobRunner;
  /** The folder of the journal. */
  readonly jobs: string;
}

/** A free port that nobody is given by chance while the sandbox does not listen at it: one below those that systems hand out. */
async function lastingPort(): Promise<number> {
  const port = randomInt(10_240, 32_768);
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!isFree) return lastingPort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function withStage(act: (stage: Stage) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox({ key: apiKey, port: await lastingPort() });
  const bench = await HostedBench.start(sandbox.baseUrl, {
    reader: createSourceReader({
      allowPrivateAddresses: () => true, // the other origin of the sandbox is on loopback too
      ownOrigin: () => sandbox.origin,
      maxBytes: 8 * 1024 * 1024,
      times: { connect: 500, silence: 300, whole: 2_000 },
    }),
  });
  const jobs = join(bench.folder, 'jobs');
  const runner = new JobRunner({
    directory: jobs,
    engines: { hosted: async () => bench.engine, local: () => Promise.reject(new Error('never the local engine')) },
    writer: new ResultWriter(),
    clock: systemClock,
    maxConcurrent: () => 3,
    newId: () => 'job',
    onError: () => {},
    owner: 'window',
  });
  try {
    await act({ sandbox, bench, runner, jobs });
  } finally {
    await runner.dispose();
    await bench.close();
    await sandbox.close();
  }
}

// At the same time, since most of the time is spent waiting for sockets to time out.
describe.concurrent('a mix of one file', () => {
  test.each(table)('%s, %s times', (scenario, times, fate) =>
    withStage(async (stage) => {
      const { sandbox, runner, jobs } = stage;
      await sandbox.scenario(scenario, times === undefined ? {} : { times });
      if (scenario === 'poll-refused') comeBackAfter(30, stage);
      const job = runner.start(await order(stage));
      const result = await job.finished;
      const { left, ...expected } = fate;
      expect({ ends: endOf(result), posts: posts(stage), paid: sandbox.generations.length }).toEqual(expected);
      const pictures = fate.ends === 'done' ? 1 : 0;
      expect(await picturesSaved(stage)).toHaveLength(pictures);
      await expectNoKey(result, stage);

      const jobsLeft = await readdir(jobs).catch(() => []);
      if (left === 'told') expect([jobsLeft.length, result.record.canCheckAgain]).toEqual([1, false]);
      else if (left === 'found') await expectFound(stage);
      else if (pictures === 1) expect(jobsLeft).toEqual([]);
    }),
  );
});

/** Once the trouble is over, another look brings the picture in, and no further order goes out. */
async function expectFound(stage: Stage): Promise<void> {
  const before = posts(stage);
  await stage.sandbox.reset();
  let end = '';
  // The work may still be going on at the first look.
  for (let looks = 0; looks < 3 && end !== 'done'; looks++) {
    const again = await stage.runner.checkAgain('job');
    end = again ? endOf(await again.finished) : 'nothing to look for';
  }
  expect(end).toBe('done');
  expect(posts(stage)).toBe(before);
  expect(await picturesSaved(stage)).toHaveLength(1);
  expect(await readdir(stage.jobs)).toEqual([]);
}

async function order({ bench }: Stage) {
  const source = await bench.file('rose.png', png());
  const request = requestOf(join(bench.folder, 'mixes'));
  return {
    ...request,
    recipe: { ...request.recipe, width: 64, height: 64 },
    sources: [{ index: 0, name: source.name, weight: 1, location: source.location }],
  };
}

function endOf({ status, failure }: JobEnd): string {
  return failure?.key ?? status;
}

function posts({ sandbox }: Stage): number {
  return sandbox.requests.filter(({ stage, toService }) => stage === 'mix' && toService).length;
}

function picturesSaved({ bench }: Stage): Promise<string[]> {
  return readdir(join(bench.folder, 'mixes')).catch(() => []);
}

/** The key goes into the bodies of requests to the service, and nowhere else. */
async function expectNoKey(result: JobEnd, { sandbox, bench }: Stage): Promise<void> {
  for (const { toService, headers, path, body } of sandbox.requests) {
    expect(JSON.stringify([headers, path, toService ? '' : body])).not.toContain(apiKey);
  }
  const files = await readdir(bench.folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    expect(await readFile(join(file.parentPath, file.name), 'latin1')).not.toContain(apiKey);
  }
  expect(JSON.stringify([bench.log, result])).not.toContain(apiKey);
}

/** The service is back after so many pauses of the client. */
function comeBackAfter(pauses: number, { bench, sandbox }: Stage): void {
  const sleep = bench.clock.sleep.bind(bench.clock);
  bench.clock.sleep = async (ms, signal) => {
    await sleep(ms, signal);
    if (bench.clock.sleeps.length === pauses) await sandbox.reset();
  };
}
