import type { EngineName } from '../mix/limits.ts';
import type { JobRecord } from './job.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** The window that recovers jobs. */
export interface RecoveringWindow {
  /** Absolute path of the storage of the workspace that it has open. */
  readonly workspaceStorage: string;
  /** False in Restricted Mode. */
  readonly isTrusted: boolean;
}

/** When jobs are recovered: when a window has just opened, or later, when failed jobs are those of windows that show them. */
export type RecoveryTime = 'start' | 'later';

/** What recovery does with a job; see `recoveryAction`. */
export type RecoveryAction = 'resume' | 'report' | 'cancel' | 'remove';

/** Whether a job belongs to another workspace than the one with this storage. */
export function isForeign({ request }: JobRecord, workspaceStorage: string): boolean {
  return request.home.storage !== workspaceStorage;
}

/** Whether running the job connects to anything. In Restricted Mode, such jobs don't run. */
export function needsNetwork({ request: { engine, sources } }: JobRecord): boolean {
  return engine !== 'local' || sources.some(({ location }) => location.kind === 'url');
}

/**
 * Whether a window may take up a job that no window holds. Failed jobs wait for a window of their own workspace to open.
 * For jobs of another workspace, the caller also has to make sure that no window has that workspace open.
 */
export function mayRecover(record: JobRecord, window: RecoveringWindow, time: RecoveryTime): boolean {
  if (needsNetwork(record) && !record.request.home.isTrusted) return false; // no window of Restricted Mode starts such a job
  if (isForeign(record, window.workspaceStorage)) return window.isTrusted && record.state !== 'failed';
  if (record.state === 'failed' && time === 'later') return false;
  return window.isTrusted || !needsNetwork(record);
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
export function recoveryAction(record: JobRecord, hasUnsaved: boolean, now: number): RecoveryAction {
  const age = now - record.createdAt; // negative if the clock was set back: then the job counts as new
  switch (record.state) {
    case 'done':
    case 'cancelled':
      return 'remove';
    case 'failed':
      return hasUnsaved || (record.canCheckAgain && age < day) ? 'resume' : 'report';
    case 'waiting':
    case 'running':
      return hasUnsaved || mayBePaid(record) || age < maxAge(record.request.engine) ? 'resume' : 'cancel';
  }
}

/** Whether a failed job stays on disk: it may still get results, or the user may have paid for nothing and must be told. */
export function isKeptAfterFailure(record: JobRecord): boolean {
  return record.canCheckAgain || record.failure?.code === 'interrupted';
}

/** The hosted engine first saves its state right before its first paid request. */
function mayBePaid({ request, engineState }: JobRecord): boolean {
  return request.engine === 'hosted' && engineState !== undefined;
}

/** Milliseconds after which nobody expects an unpaid mix anymore. */
function maxAge(engine: EngineName): number {
  switch (engine) {
    case 'local':
      return 10 * minute;
    case 'comfyui':
    case 'hosted':
      return day;
  }
}
