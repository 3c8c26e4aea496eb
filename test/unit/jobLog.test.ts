import { afterEach, beforeEach, expect, test } from 'vitest';
import { JobLog } from '../../src/app/jobLog.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { JobBench } from './support/jobBench.ts';

let bench: JobBench;
const lines: string[] = [];
const log = new JobLog((level, line) => void lines.push(`${level} ${line}`));
beforeEach(async () => {
  bench = await JobBench.start();
  lines.length = 0;
});
afterEach(() => bench.close());

function loggedWindow() {
  const window = bench.window({ onError: (jobId, error) => log.failed(jobId, error) });
  window.runner.onChange((job) => log.changed(job));
  return window;
}

test('logs the start of a job, each stage once, and its end', async () => {
  const { runner, local } = loggedWindow();
  const job = runner.start(bench.request({ engine: 'local' }));
  const run = await local.started();
  for (const fraction of [0.1, 0.5]) run.context.progress({ stage: 'mixing', fraction });
  await run.deliver(0);
  run.end();
  await job.finished;
  expect(lines).toEqual([
    `info job job-1 started: engine=local name="rose man" images=0 samples=1`,
    'info job job-1 waiting',
    'info job job-1 mixing',
    'info job job-1 saving',
    'info job job-1 done files=["rose-man-7-1.png"]',
  ]);
});

test('logs a failure by its code and its cause, and that a job is resumed', async () => {
  const { runner, hosted } = loggedWindow();
  const job = runner.start(bench.request());
  const run = await hosted.started();
  await run.context.save('paid');
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const args = { link: 'https://example.com/a.png?signature=s3cret' };
  run.end(new MixFailure('result-unavailable/network', { args, cause }));
  await job.finished;
  expect(lines.slice(-2)).toEqual([
    expect.stringMatching(/^warn job job-1 failed because of Error: connect ECONNREFUSED\n +at /),
    'warn job job-1 failed: result-unavailable/network link="https://example.com/a.png"',
  ]);
  const again = await runner.checkAgain(job.id);
  expect(lines).toContain('info job job-1 resumed: engine=hosted name="rose man" images=0 samples=1');
  await runner.cancel(job.id);
  await again?.finished;
  expect(lines.at(-1)).toBe('info job job-1 cancelled');
});

test('logs an unexpected error with its stack and its causes, without the query of a URL', async () => {
  const { runner, hosted } = loggedWindow();
  const job = runner.start(bench.request());
  const run = await hosted.started();
  run.end(new TypeError('no image at https://example.com/a.png?key=s3cret', { cause: new RangeError('too far') }));
  const { failure } = await job.finished;
  expect(failure).toMatchObject({ key: 'generation-failed/internal' });
  expect(lines.join('\n')).toMatch(
    /TypeError: no image at https:\/\/example\.com\/a\.png\n +at .*jobLog\.test\.ts[\s\S]*caused by RangeError: too far\n +at /,
  );
  expect(lines.join('\n')).not.toContain('s3cret');
});
