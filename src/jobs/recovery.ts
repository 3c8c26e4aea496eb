import type { JobRecord } from './job.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * What becomes of a job that is found on disk at a start.
 * - `run`: goes on where it was; a failed one that holds paid work is looked up once.
 * - `show`: failed, and its user should still hear of it.
 * - `cancel`: nobody waits for it any more. A local mix costs nothing and takes seconds, so after ten minutes a picture out of the
 *   blue would only surprise; a hosted one that was never ordered would cost money, so it is not ordered after a day.
 * - `remove`: over.
 * @param hasUnsaved whether pictures were made that are not in the project yet: those are always saved.
 */
export function fateAtStart(record: JobRecord, hasUnsaved: boolean, now: number): 'run' | 'show' | 'cancel' | 'remove' {
  const age = now - record.createdAt;
  switch (record.state) {
    case 'done':
    case 'cancelled':
      return 'remove';
    case 'failed':
      if (hasUnsaved) return 'run';
      if (age > day) return 'remove';
      return record.checkable ? 'run' : 'show';
    case 'waiting':
    case 'running': {
      // An engine keeps no state of a job that it has not begun.
      const isBegun = hasUnsaved || (record.engineState !== undefined && record.request.engine === 'hosted');
      const patience = record.request.engine === 'local' ? 10 * minute : day;
      return isBegun || age < patience ? 'run' : 'cancel';
    }
  }
}

/** Whether a job that failed stays on disk: it holds work that can still be had, or its user may have paid for nothing and must know. */
export function outlivesFailure(record: JobRecord): boolean {
  return record.checkable || record.failure?.code === 'interrupted';
}
