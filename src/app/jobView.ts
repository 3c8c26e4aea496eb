import { pathToFileURL } from 'node:url';
import { mayHaveOrdered } from '../engines/hosted/state.ts';
import type { SourceLocation } from '../images/source.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { JobSnapshot } from '../jobs/runner.ts';
import { failureFromRecord } from '../mix/failure.ts';
import type { JobView } from '../protocol/contract.ts';
import { mendingOf } from './failureFix.ts';
import type { Words } from './messages/messages.ts';

/** A job as the panel shows it. */
export function viewOfJob({ record, progress }: JobSnapshot, words: Words): JobView {
  const failure = record.failure ? failureFromRecord(record.failure) : undefined;
  const [first] = record.request.sources;
  const message = failure ? words.failure(failure) : endWords(record, words);
  return {
    id: record.id,
    name: record.request.name,
    engine: record.request.engine,
    ...(first ? { source: addressOf(first.location) } : {}),
    state: record.state,
    progress,
    ...(message === undefined ? {} : { message }),
    ...(failure?.field === undefined ? {} : { field: failure.field }),
    mending: failure ? mendingOf(failure.code) : [],
    canCheckAgain: record.checkable,
  };
}

function addressOf(location: SourceLocation): string {
  return location.kind === 'url' ? location.url : pathToFileURL(location.path).href;
}

function endWords({ state, request, notices, engineState }: JobRecord, words: Words): string | undefined {
  switch (state) {
    case 'cancelled':
      // There is no way to call the service's work back: people should know that it may still be charged.
      return request.engine === 'hosted' && mayHaveOrdered(engineState) ? words.say('job.cancelledHosted') : undefined;
    case 'done': {
      // What an engine ignores is said in the panel before, at the field.
      const told = [...request.notices, ...notices].filter(({ code }) => code !== 'ignored');
      return told.length > 0 ? told.map((notice) => words.notice(notice)).join(' ') : undefined;
    }
    default:
      return undefined;
  }
}
