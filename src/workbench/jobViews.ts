import type { JobSnapshot } from '../jobs/runner.ts';
import { failureFromRecord } from '../mix/failure.ts';
import type { JobView } from '../protocol/contract.ts';
import { mendingOf } from './mending.ts';
import type { Words } from './words.ts';

/** A job as the panel shows it. */
export function viewOfJob({ record, progress }: JobSnapshot, words: Words): JobView {
  const failure = record.failure ? failureFromRecord(record.failure) : undefined;
  const message = failure ? words.failure(failure) : endWords(record.state, record.request.engine, words);
  return {
    id: record.id,
    name: record.request.name,
    engine: record.request.engine,
    state: record.state,
    progress,
    ...(message === undefined ? {} : { message }),
    ...(failure?.field === undefined ? {} : { field: failure.field }),
    mending: failure ? mendingOf(failure.code) : [],
    canCheckAgain: record.checkable,
  };
}

function endWords(state: JobView['state'], engine: JobView['engine'], words: Words): string | undefined {
  if (state !== 'cancelled') return undefined;
  // There is no way to call the service's work back: people should know that it may still be charged.
  return engine === 'hosted' ? words.say('job.cancelledHosted') : words.say('job.cancelled');
}
