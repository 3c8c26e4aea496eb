import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Announcement, announceFailure, JobFollowUp, type JobFollowUpOptions } from '../../src/app/jobFollowUp.ts';
import { fixCommandsFor, nameOfJob, viewOfJob } from '../../src/app/jobView.ts';
import { ResultStore } from '../../src/app/resultStore.ts';
import type { JobRecord } from '../../src/jobs/job.ts';
import type { JobSnapshot } from '../../src/jobs/jobRunner.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { recordFailure } from '../../src/mix/failureRecord.ts';
import { makeFolder } from '../../src/storage/folder.ts';
import { AppBench } from './support/appBench.ts';
import { JobBench, recordOf, requestOf } from './support/jobBench.ts';

let bench: AppBench;
let workspaceStorage = '';
const announced: Announcement[] = [];
const warnings: string[] = [];
const errors: unknown[] = [];
let isPanelVisible = false;
let isTrusted = true;
let saved = 0;
beforeEach(async () => {
  bench = await AppBench.start();
  workspaceStorage = join(bench.storage, 'workspace');
  for (const list of [announced, warnings, errors]) list.length = 0;
  isPanelVisible = false;
  isTrusted = true;
  saved = 0;
});
afterEach(() => bench.close());

const snapshotOf = (record: JobRecord): JobSnapshot => ({ record, progress: { stage: 'waiting' } });
const ownRecord = (id: string, changes: Partial<JobRecord> = {}, storage = workspaceStorage): JobRecord =>
  recordOf(id, {
    request: requestOf(bench.file('mixes'), { home: { storage, isTrusted: true, mayUpload: true } }),
    ...changes,
  });

/** A finished job with results at these paths. */
function doneJob(id: string, paths: string[], storage = workspaceStorage): JobRecord {
  const results = paths.map((path, index) => ({ index, seed: 7 + index, path, written: true }));
  return ownRecord(id, { state: 'done', results }, storage);
}

function followUp(changes: Partial<JobFollowUpOptions> = {}): JobFollowUp {
  const { results, balance, servers, messages, services } = bench.app;
  return new JobFollowUp({
    runner: services.runner,
    workspaceStorage,
    results,
    trust: {
      get isTrusted() {
        return isTrusted;
      },
    },
    balance,
    servers,
    messages,
    workspace: {
      firstFolder: () => (bench.hasFolder ? bench.folder : undefined),
      folderOf: (path) => (path.startsWith(bench.folder) ? bench.folder : undefined),
    },
    isPanelVisible: () => isPanelVisible,
    onSaved: () => {
      saved++;
    },
    announce: async (announcement) => void announced.push(announcement),
    warn: (message) => void warnings.push(message),
    onError: (error) => void errors.push(error),
    ...changes,
  });
}

/** Reports a job that runs, and then its end. */
async function runs(following: JobFollowUp, end: JobRecord): Promise<void> {
  await following.jobChanged(snapshotOf({ ...end, state: 'running', results: [] }));
  await following.jobChanged(snapshotOf(end));
}

describe('after a job has ended', () => {
  test("it is announced once to users who don't see the panel", async () => {
    const following = followUp();
    const job = doneJob('a', [bench.file('mixes/1.png'), bench.file('mixes/2.png')]);
    await runs(following, job);
    await following.jobChanged(snapshotOf(job));
    expect(announced).toEqual([
      {
        kind: 'saved',
        message: expect.stringMatching(/2 .*1\.png/),
        path: bench.file('mixes/1.png'),
        action: 'reveal',
      },
    ]);
    expect(saved).toBe(1);
    expect(await bench.app.results.all()).toHaveLength(2);
  });

  test('the end of a job that was checked again is announced too', async () => {
    const following = followUp();
    following.markAwaited('a');
    const failure = recordFailure(new MixFailure('timeout', { args: { seconds: 60 } }));
    await runs(following, ownRecord('a', { state: 'failed', failure, canCheckAgain: true }));
    expect(announced).toEqual([]); // the caller got that outcome
    await runs(following, doneJob('a', [bench.file('mixes/1.png')]));
    expect(announced).toMatchObject([{ kind: 'saved', path: bench.file('mixes/1.png') }]);
    expect(saved).toBe(1);
  });

  test("it isn't announced to users who see it, wait for it, or canceled it", async () => {
    const following = followUp();
    await following.jobChanged(snapshotOf(ownRecord('running', { state: 'running' })));
    await runs(following, ownRecord('cancelled', { state: 'cancelled' }));
    following.markAwaited('awaited');
    await runs(following, doneJob('awaited', [bench.file('mixes/1.png')]));
    isPanelVisible = true;
    await runs(following, doneJob('seen', [bench.file('mixes/2.png')]));
    expect(announced).toEqual([]);
  });

  test('without an open folder, Save As is offered even if the panel is visible', async () => {
    const following = followUp();
    bench.hasFolder = false;
    isPanelVisible = true;
    const path = join(workspaceStorage, 'a.png');
    await runs(following, doneJob('a', [path]));
    expect(announced).toMatchObject([{ kind: 'saved', path, action: 'saveAs' }]);
  });

  test('a failure offers the commands that fix it, or the log', async () => {
    const failure = recordFailure(new MixFailure('no-api-key', { args: { origin: 'https://example.com' } }));
    await runs(followUp(), ownRecord('a', { state: 'failed', failure }));
    expect(announced).toMatchObject([{ kind: 'failed', actions: ['setApiKey', 'openAccount'] }]);
    expect(announceFailure('Full.', 'save-failed', 'local').actions).toEqual(['showLog']);
    expect(fixCommandsFor('insufficient-credits', 'hosted')).toEqual(['openAccount']);
    expect(fixCommandsFor('missing-model', 'comfyui')).toEqual(['checkComfyUI']);
    expect(fixCommandsFor('invalid-api-key', 'comfyui')).toEqual(['setComfyUIAuthorization']);
    expect(fixCommandsFor('unexpected-response', 'comfyui')).toContain('setComfyUIAuthorization');
    expect(fixCommandsFor('network', 'hosted')).toEqual([]);
  });

  test('it is announced even if its results cannot be listed, the user is told once, and the next change lists them', async () => {
    const results = bench.app.results;
    let isBroken = true;
    const following = followUp({
      results: {
        addFrom: (record) => (isBroken ? Promise.reject(new Error('EIO: i/o error')) : results.addFrom(record)),
      },
    });
    const running = ownRecord('a', {
      state: 'running',
      results: [{ index: 0, seed: 7, path: bench.file('mixes/1.png'), written: true }],
    });
    for (let times = 0; times < 5; times++) await following.jobChanged(snapshotOf(running)); // progress
    expect(errors).toEqual([new Error('EIO: i/o error')]);
    const done = { ...running, state: 'done' } as const;
    await following.jobChanged(snapshotOf(done));
    expect(warnings).toEqual([expect.stringMatching(/1\.png.*EIO/)]);
    expect(announced).toMatchObject([{ kind: 'saved' }]);
    isBroken = false;
    await runs(followUp(), done);
    expect(await results.all()).toHaveLength(1);
  });

  test('the warning about a list that cannot be read is a sentence', async () => {
    await makeFolder(workspaceStorage);
    await writeFile(join(workspaceStorage, 'results'), 'not a folder');
    await runs(followUp(), doneJob('a', [bench.file('mixes/1.png')]));
    expect(warnings).toEqual([expect.stringMatching(/^1\.png was saved.*ENOTDIR/)]);
    expect(warnings).not.toEqual([expect.stringContaining('result-unavailable')]);
  });
});

describe('a job of another workspace', () => {
  const elsewhere = () => join(bench.storage, 'other');

  test('is listed there when it is done, and not announced here', async () => {
    const following = followUp();
    const job = doneJob('a', [bench.file('mixes/1.png')], elsewhere());
    await following.jobChanged(snapshotOf({ ...job, state: 'running' }));
    await following.jobChanged(snapshotOf(job));
    expect(await bench.app.results.all()).toEqual([]);
    expect(await new ResultStore(elsewhere()).all()).toMatchObject([{ path: bench.file('mixes/1.png') }]);
    expect(announced).toEqual([]);
    expect(saved).toBe(0);
  });

  test("doesn't disturb anyone if its results can't be listed there", async () => {
    await writeFile(join(bench.root, 'file'), '');
    const job = doneJob('a', [bench.file('mixes/1.png')], join(bench.root, 'file'));
    await runs(followUp(), job);
    expect(errors).not.toEqual([]);
    expect(warnings).toEqual([]);
    expect(announced).toEqual([]);
  });

  test('is named with its folder', () => {
    const { messages } = bench.app;
    const job = ownRecord('a', { state: 'running' }, elsewhere());
    expect(nameOfJob(job, workspaceStorage, messages)).toBe('rose man (from mixes)');
    expect(viewOfJob(snapshotOf(job), workspaceStorage, messages).name).toBe('rose man (from mixes)');
    expect(viewOfJob(snapshotOf(job), elsewhere(), messages).name).toBe('rose man');
  });
});

describe('a new key', () => {
  const invalidKey = () => new MixFailure('invalid-api-key', { args: { origin: 'https://example.com' } });

  /** Jobs with paid work that failed with these failures, in a window with a panel. */
  async function failedJobs(...failures: MixFailure[]) {
    const jobs = await JobBench.start();
    const window = jobs.window({ isTrusted: () => isTrusted });
    for (const [at, failure] of failures.entries()) {
      const job = window.runner.start(jobs.request());
      const run = await window.hosted.started(at);
      await run.context.save('paid');
      run.end(failure);
      await job.finished;
    }
    return { ...window, close: () => window.runner.dispose().then(() => jobs.close()) };
  }

  test('resumes the jobs with paid work that failed without it', async () => {
    const { runner, hosted, close } = await failedJobs(invalidKey(), new MixFailure('generation-failed'));
    await followUp({ runner }).secretChanged();
    const resumed = await hosted.started(2);
    expect(resumed.task.jobId).toBe('job-1');
    resumed.end();
    await close();
    expect(hosted.runs).toHaveLength(3);
  });

  test('for a server resumes the jobs that it asked to sign in', async () => {
    const signIn = new MixFailure('unexpected-response/sign-in', { args: { server: 'a.example', status: 401 } });
    const { runner, hosted, close } = await failedJobs(signIn);
    await followUp({ runner }).secretChanged();
    (await hosted.started(1)).end();
    await close();
  });

  test('resumes the others if one of them cannot be resumed', async () => {
    const { runner, hosted, close } = await failedJobs(invalidKey(), invalidKey());
    const [first] = runner.jobs();
    const checkAgain = (id: string) =>
      id === first?.record.id ? Promise.reject(new MixFailure('result-unavailable/elsewhere')) : runner.checkAgain(id);
    await followUp({ runner: { jobs: () => runner.jobs(), checkAgain } }).secretChanged();
    expect((await hosted.started(2)).task.jobId).toBe('job-2');
    expect(errors).toMatchObject([{ key: 'result-unavailable/elsewhere' }]);
    await close();
  });

  test('resumes nothing in Restricted Mode, where checking again says why it cannot', async () => {
    const { runner, hosted, close } = await failedJobs(invalidKey());
    isTrusted = false;
    await followUp({ runner }).secretChanged();
    await expect(runner.checkAgain('job-1')).rejects.toMatchObject({ key: 'untrusted-workspace' });
    expect(hosted.runs).toHaveLength(1);
    expect(errors).toEqual([]);
    await close();
  });
});
