import type { Application } from '../app/application.ts';
import { isUnfinished } from '../jobs/job.ts';
import type { JobHandle } from '../jobs/jobRunner.ts';
import type { MixFailure } from '../mix/failure.ts';
import { failureFromRecord } from '../mix/failureRecord.ts';
import { within } from './processEnd.ts';

/** The longest that a run waits for jobs of earlier runs, in milliseconds: a hosted mix may take ten minutes by its own time-out. */
const patience = 11 * 60_000;

/**
 * Finishes the jobs that earlier runs couldn't wait for: their work may be paid for. Leaves them to the next run if the signal aborts or
 * if they take too long. Never rejects.
 * @param ownId the job of this run, which has ended.
 */
export async function finishLeftovers(
  { services: { runner }, messages, background }: Pick<Application, 'services' | 'messages' | 'background'>,
  ownId: string,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<void> {
  const finish = async () => {
    const jobs = await runner.resume('start');
    // A job that runs again may have failed already, and the next run needs it.
    const others = new Set([ownId, ...jobs.map(({ id }) => id)]);
    for (const { record } of runner.jobs()) {
      if (!record.failure || isUnfinished(record) || others.has(record.id)) continue;
      tellFailure(failureFromRecord(record.failure));
      await runner.remove(record.id); // told once: nobody can dismiss it here
    }
    if (jobs.length === 0 || signal.aborted) return;
    const what = jobs.length === 1 ? 'a mix' : `${jobs.length} mixes`;
    tell(`Finishing ${what} of earlier runs. Press Ctrl+C to leave that to the next run.`);
    await Promise.all(jobs.map(tellEnd));
  };
  const tellEnd = async ({ finished }: JobHandle) => {
    const { record, failure } = await finished;
    for (const { path, written } of record.results) if (written) tell(`Saved by an earlier run: ${path}`);
    if (failure) tellFailure(failure);
  };
  const tellFailure = (failure: MixFailure) => tell(`A mix of an earlier run failed. ${messages.failure(failure)}`);
  const finishing = finish();
  background(finishing);
  await within(patience, finishing, signal);
}
