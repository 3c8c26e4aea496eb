import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/engines/clock.ts';
import { defaultTimeouts } from '../../src/engines/hosted/transport.ts';
import { createSourceReader } from '../../src/images/sourceReader.ts';
import type { JobRequest } from '../../src/jobs/job.ts';
import { type JobEnd, JobRunner } from '../../src/jobs/jobRunner.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { apiKey, HostedBench, png } from './support/hostedBench.ts';
import { onlyHosted, requestOf, workspaceStorage } from './support/jobBench.ts';

/** `CHAOS_JOBS=1000 npx vitest run test/unit/hosted-chaos.test.ts` is the long run, which prints a table of the outcomes. */
const count = Number(process.env.CHAOS_JOBS ?? 40);

/** Failures after which the service may have charged for work whose results can't be fetched. */
const lost = new Set(['interrupted', 'unexpected-response', 'generation-failed', 'result-unavailable']);

test(`ends ${count} jobs in chaos: none is lost or paid twice, and nothing leaks`, {
  timeout: 60_000 + count * 1_000,
}, async () => {
  const handlesBefore = handles();
  await chaos(count); // warms up: modules and compiled code stay in memory
  const heapBefore = heap();
  const table = await chaos(count);
  await expect.poll(handles).toEqual(handlesBefore);
  const growth = () => Math.round((heap() - heapBefore) / 1024);
  await expect.poll(growth).toBeLessThan(1024); // some garbage is only collected later
  if (count > 100) console.table({ ...table, 'heap growth, kB': growth() });
});

/** Runs jobs through every fault of the sandbox until they end, and counts their outcomes. */
async function chaos(count: number): Promise<Record<string, number>> {
  const sandbox = await startSandbox({ key: apiKey, scenarios: ['chaos'], seed: 7 });
  const benches: HostedBench[] = [];
  const files = await HostedBench.start(sandbox.baseUrl);
  const reader = createSourceReader({
    allowPrivateAddresses: () => true, // the other origin of the sandbox is on loopback too
    ownOrigin: () => sandbox.origin,
    maxBytes: 8 * 1024 * 1024,
  });
  const runner = new JobRunner({
    directory: join(files.folder, 'jobs'),
    workspaceStorage,
    isTrusted: () => true,
    // Each run has its own fake clock: with a shared one, every run's sleeps would count toward the others' time-outs.
    engines: onlyHosted(async () => {
      const bench = await HostedBench.start(sandbox.baseUrl, { reader, timeouts: defaultTimeouts });
      benches.push(bench);
      return bench.engine;
    }),
    writer: new ResultWriter(),
    clock: systemClock,
    maxConcurrent: () => 3,
    newId: () => `job-${ids++}`,
    onError: () => {},
    owner: 'window',
  });
  let ids = 0;

  const sources = await Promise.all([0, 1, 2, 3, 4].map((at) => files.file(`rose-${at}.png`, png(`rose ${at}`))));
  const handles = [];
  for (let seed = 0; seed < count; seed++) handles.push(runner.start(requestWith(seed)));
  const results = new Map<string, JobEnd>();
  for (const handle of handles) results.set(handle.id, await handle.finished);
  await sandbox.reset();
  for (let checks = 0; checks < 4; checks++) {
    for (const { record } of runner.jobs()) {
      const again = record.canCheckAgain ? await runner.checkAgain(record.id) : undefined;
      if (again) results.set(again.id, await again.finished);
    }
  }

  const seedOf = ({ record }: JobEnd) => record.request.recipe.seed;
  const paid = new Map<number, number>();
  for (const { seed } of sandbox.generations) paid.set(seed, (paid.get(seed) ?? 0) + 1);
  expect(results.size).toBe(count);
  expect([...paid.values()].filter((times) => times > 1)).toEqual([]);
  const done = [...results.values()].filter(({ status }) => status === 'done');
  expect(done.length).toBeGreaterThan(count / 4);
  for (const result of done) expect(paid.get(seedOf(result))).toBe(1);
  expect((await readdir(join(files.folder, 'mixes'))).sort()).toEqual(
    done.map((result) => `rose-man-${seedOf(result)}-1.png`).sort(),
  );
  const failed = [...results.values()].filter(({ status }) => status === 'failed');
  for (const result of failed) {
    if (paid.has(seedOf(result))) expect(lost).toContain(result.failure?.code);
  }
  await runner.dispose();
  await Promise.all([files, ...benches].map((bench) => bench.close()));
  await sandbox.close();
  return tally([...results.values()]);

  function requestWith(seed: number): JobRequest {
    const service = { baseUrl: sandbox.baseUrl, dialect: 'v5' as const };
    const request = requestOf(join(files.folder, 'mixes'), { service });
    return {
      ...request,
      recipe: { ...request.recipe, seed, width: 64, height: 64 },
      sources: sources.slice(seed % 5, (seed % 5) + 1),
    };
  }
}

/** The number of timers, sockets and servers by kind, and on Linux the number of open files. */
function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (!kind.includes('Req')) counts[kind] = (counts[kind] ?? 0) + 1; // pending requests end by themselves
  }
  if (process.platform === 'linux') counts.files = readdirSync('/proc/self/fd').length;
  return counts;
}

/** Heap bytes in use after garbage collection. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}

function tally(results: readonly JobEnd[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, failure } of results) {
    const name = failure?.key ?? status;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
