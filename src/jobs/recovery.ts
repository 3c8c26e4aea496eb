import type { JobRecord } from './job.ts';
import type { JobStore, LeasedJob } from './jobStore.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * Leases the jobs that other windows left behind, oldest first.
 * @param isOpenHere skips the jobs that this window waits for or runs.
 * @param onlyOpen leaves out jobs that have ended.
 */
export async function leaseLeftovers(
  store: JobStore,
  isOpenHere: (id: string) => boolean,
  onlyOpen: boolean,
): Promise<LeasedJob[]> {
  const leased: LeasedJob[] = [];
  for (const id of await store.list()) {
    if (isOpenHere(id)) continue;
    if (onlyOpen && !(await store.isOpen(id))) continue;
    // An unreadable folder isn't a job, or belongs to another user. It must not block the others.
    const job = await store.lease(id).catch(() => 'gone' as const);
    if (typeof job !== 'string') leased.push(job);
  }
  return leased.sort((a, b) => a.record.createdAt - b.record.createdAt);
}

/**
 * What to do with a job that another window left on disk.
 * - `resume`: continues from where it stopped. A failed job that holds paid work is checked once.
 * - `report`: failed, and the user must be told.
 * - `cancel`: nobody expects it anymore. A local mix is free and takes seconds, so after ten minutes its result would only be a
 *   surprise. A hosted one that was never submitted would cost money, so after a day it isn't submitted.
 * - `remove`: over.
 * @param hasUnsaved whether the job's folder holds results that aren't in the project yet. Those are always saved.
 * @param now milliseconds since 1970.
 */
export function recoveryAction(
  record: JobRecord,
  hasUnsaved: boolean,
  now: number,
): 'resume' | 'report' | 'cancel' | 'remove' {
  const age = now - record.createdAt;
  switch (record.state) {
    case 'done':
    case 'cancelled':
      return 'remove';
    case 'failed':
      if (hasUnsaved) return 'resume';
      if (age > day) return 'remove';
      return record.canCheckAgain ? 'resume' : 'report';
    case 'waiting':
    case 'running': {
      // The hosted engine first saves its state right before its first paid request.
      const isBegun = hasUnsaved || (record.engineState !== undefined && record.request.engine === 'hosted');
      const maxAge = record.request.engine === 'local' ? 10 * minute : day;
      return isBegun || age < maxAge ? 'resume' : 'cancel';
    }
  }
}

/** Whether a failed job stays on disk: it may still get results, or the user may have paid for nothing and must be told. */
export function isKeptAfterFailure(record: JobRecord): boolean {
  return record.canCheckAgain || record.failure?.code === 'interrupted';
}
