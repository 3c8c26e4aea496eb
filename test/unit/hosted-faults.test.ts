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
import { onlyHosted, requestOf, workspaceStorage } from './support/jobBench.ts';

/** How a mix of one uploaded file ends. */
interface Outcome {
  /** `done`, or the failure's key. */
  readonly end: string;
  /** Mix requests that reached the service. */
  readonly posts: number;
  /** Generations that the service ran and charged for. */
  readonly paid: number;
  /** Why the job stays on disk: `checkAgain` can still fetch paid work, or the user hasn't been told yet that it was interrupted. */
  readonly kept?: 'recoverable' | 'interrupted';
}
const done = (posts = 1): Outcome => ({ end: 'done', posts, paid: 1 });
const unpaid = (end: string, posts = 0): Outcome => ({ end, posts, paid: 0 });
const lost = (reason: string): Outcome => ({ end: `interrupted/${reason}`, posts: 1, paid: 1, kept: 'interrupted' });
const recoverable = (end: string): Outcome => ({ end, posts: 1, paid: 1, kept: 'recoverable' });

// These tests wait for time-outs of real sockets, which the fake clock doesn't shorten.
vi.setConfig({ testTimeout: 20_000 });

/** Each fault at each step, repeated `times` times; if undefined, as often as its scenario says. */
const table: readonly (readonly [scenario: string, times: number | undefined, outcome: Outcome])[] = [
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
  ['mix-wrong-types', undefined, { end: 'unexpected-response/shape', posts: 1, paid: 1 }],
  ['mix-huge', undefined, { end: 'unexpected-response/too-large', posts: 1, paid: 1 }],
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
  ['success-empty', undefined, { end: 'result-unavailable/no-results', posts: 1, paid: 1 }],
  ['processing-messege', undefined, done()],
  ['processing-message', undefined, done()],
  ['processing-other-id', undefined, done()],
  ['processing-other-origin', undefined, done()],
  ['processing-failed', undefined, { end: 'generation-failed', posts: 1, paid: 1 }],
  ['processing-forever', undefined, { end: 'timeout', posts: 1, paid: 1 }],

  ['poll-refused', undefined, done()],
  ['poll-reset', undefined, recoverable('timeout')],
  ['poll-reset-body', 3, done()],
  ['poll-stall', 2, done()],
  ['poll-stall-body', 2, done()],
  ['poll-slow', undefined, done()],
  ['poll-500', undefined, recoverable('timeout')],
  ['poll-502-html', undefined, recoverable('timeout')],
  ['poll-503-then-fine', undefined, done()],
  ['poll-429-then-fine', undefined, done()],
  ['poll-truncated', undefined, recoverable('unexpected-response/cut')],
  ['poll-truncated', 4, done()],
  ['poll-wrong-types', undefined, recoverable('result-unavailable/no-results')],
  ['poll-huge', undefined, recoverable('unexpected-response/too-large')],
  ['poll-redirect', undefined, recoverable('unexpected-response/redirected')],
  ['poll-expired', undefined, recoverable('result-unavailable/not-found')],
  ['poll-error', undefined, recoverable('service-unavailable')],
  ['poll-failed', undefined, recoverable('generation-failed')],
  ['poll-statuses', undefined, done()],

  ['download-refused', undefined, recoverable('result-unavailable/network')],
  ['download-unknown-host', undefined, recoverable('result-unavailable/network')],
  ['download-reset', undefined, recoverable('result-unavailable/network')],
  ['download-reset-body', 2, done()],
  ['download-stall', 1, done()],
  ['download-stall-body', 1, done()],
  ['download-slow', undefined, done()],
  ['download-500', undefined, recoverable('result-unavailable/network')],
  ['download-502-html', undefined, recoverable('result-unavailable/network')],
  ['download-503-then-fine', undefined, done()],
  ['download-429-then-fine', undefined, done()],
  ['download-truncated', undefined, recoverable('result-unavailable/unreadable-image')],
  ['download-wrong-types', undefined, recoverable('result-unavailable/unsupported-image')],
  ['download-huge', undefined, recoverable('result-unavailable/image-too-large')],
  ['download-redirect', undefined, done()],
  ['download-elsewhere', undefined, done()],
  ['download-not-ready-404', undefined, done()],
  ['download-not-ready-403', undefined, done()],
  ['download-text-plain', undefined, done()],
  ['download-expired', undefined, recoverable('result-unavailable/unreadable-image')],
];

/** An engine, a service, and the folders that they write to. */
interface Setup {
  readonly sandbox: Sandbox;
  readonly bench: HostedBench;
  readonly runner: JobRunner;
  /** The folder of the stored jobs. */
  readonly jobs: string;
}

/** A free port below the ephemeral range, so that no other socket gets it while the sandbox is closed. */
async function unusedPort(): Promise<number> {
  const port = randomInt(10_240, 32_768);
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!isFree) return unusedPort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function withSetup(scenario: string, run: (setup: Setup) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox({ key: apiKey, port: await unusedPort() });
  // The setting also limits the wait for the response to a submission, in real time.
  const timeoutSeconds = scenario === 'mix-stall' ? 0.3 : 600;
  const whole = scenario.endsWith('-slow') ? 5_000 : 300;
  const bench = await HostedBench.start(sandbox.baseUrl, {
    settings: () => ({ baseUrl: sandbox.baseUrl, dialect: 'v5', timeoutSeconds }),
    timeouts: { upload: whole, call: whole, body: 300 },
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
    workspaceStorage,
    isTrusted: () => true,
    engines: onlyHosted(async () => bench.engine),
    writer: new ResultWriter(),
    clock: systemClock,
    maxConcurrent: () => 3,
    newId: () => 'job',
    onError: () => {},
    owner: 'window',
  });
  try {
    await run({ sandbox, bench, runner, jobs });
  } finally {
    await runner.dispose();
    await bench.close();
    await sandbox.close();
  }
}

// Concurrently, because most of the time is spent waiting for sockets to time out.
describe.concurrent('a mix of one file', () => {
  test.each(table)('%s, %s times', (scenario, times, outcome) =>
    withSetup(scenario, async (setup) => {
      const { sandbox, runner, jobs } = setup;
      await sandbox.scenario(scenario, times === undefined ? {} : { times });
      if (scenario === 'poll-refused') restoreServiceAfter(30, setup);
      const job = runner.start(await requestFor(setup));
      const result = await job.finished;
      const { kept, ...expected } = outcome;
      expect({ end: endOf(result), posts: posts(setup), paid: sandbox.generations.length }).toEqual(expected);
      const results = outcome.end === 'done' ? 1 : 0;
      expect(await savedResults(setup)).toHaveLength(results);
      await expectNoKey(result, setup);

      const storedJobs = await jobFolders(jobs);
      if (kept === 'interrupted') expect([storedJobs.length, result.record.canCheckAgain]).toEqual([1, false]);
      else if (kept === 'recoverable') await expectRecoverable(setup);
      else if (results === 1) expect(storedJobs).toEqual([]);
    }),
  );
});

/** Expects that `checkAgain` fetches the result once the service works again, without another submission. */
async function expectRecoverable(setup: Setup): Promise<void> {
  const before = posts(setup);
  await setup.sandbox.reset();
  let end = '';
  // The first check may find the work unfinished.
  for (let checks = 0; checks < 3 && end !== 'done'; checks++) {
    const again = await setup.runner.checkAgain('job');
    end = endOf(await again.finished);
  }
  expect(end).toBe('done');
  expect(posts(setup)).toBe(before);
  expect(await savedResults(setup)).toHaveLength(1);
  expect(await jobFolders(setup.jobs)).toEqual([]);
}

/** The jobs on disk. */
async function jobFolders(path: string): Promise<string[]> {
  return (await readdir(path)).filter((name) => !name.startsWith('.'));
}

async function requestFor({ bench, sandbox }: Setup) {
  const source = await bench.file('rose.png', png());
  const request = requestOf(join(bench.folder, 'mixes'), { service: { baseUrl: sandbox.baseUrl, dialect: 'v5' } });
  return {
    ...request,
    recipe: { ...request.recipe, width: 64, height: 64 },
    sources: [{ index: 0, name: source.name, weight: 1, location: source.location }],
  };
}

function endOf({ status, failure }: JobEnd): string {
  return failure?.key ?? status;
}

function posts({ sandbox }: Setup): number {
  return sandbox.requests.filter(({ stage, toService }) => stage === 'mix' && toService).length;
}

function savedResults({ bench }: Setup): Promise<string[]> {
  return readdir(join(bench.folder, 'mixes')).catch(() => []);
}

/** Expects the key only in the bodies of requests to the service. */
async function expectNoKey(result: JobEnd, { sandbox, bench }: Setup): Promise<void> {
  for (const { toService, headers, path, body } of sandbox.requests) {
    expect(JSON.stringify([headers, path, toService ? '' : body])).not.toContain(apiKey);
  }
  const files = await readdir(bench.folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    expect(await readFile(join(file.parentPath, file.name), 'latin1')).not.toContain(apiKey);
  }
  expect(JSON.stringify([bench.log, result])).not.toContain(apiKey);
}

/** Makes the service work again after the client's `count`th sleep. */
function restoreServiceAfter(count: number, { bench, sandbox }: Setup): void {
  const sleep = bench.clock.sleep.bind(bench.clock);
  bench.clock.sleep = async (ms, signal) => {
    await sleep(ms, signal);
    if (bench.clock.sleeps.length === count) await sandbox.reset();
  };
}
