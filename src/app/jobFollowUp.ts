import { basename } from 'node:path';
import { isUnfinished, type JobRecord } from '../jobs/job.ts';
import type { JobRunner, JobSnapshot } from '../jobs/jobRunner.ts';
import { isForeign } from '../jobs/recoveryRules.ts';
import { MixFailure } from '../mix/failure.ts';
import type { FailureRecord } from '../mix/failureRecord.ts';
import { failureFromRecord } from '../mix/failureRecord.ts';
import type { FailureCode } from '../mix/failureTable.ts';
import type { EngineName } from '../mix/limits.ts';
import type { FailureFix } from '../protocol/contract.ts';
import type { AccountBalance } from './accountBalance.ts';
import { fixCommandsFor } from './jobView.ts';
import type { Messages } from './messages/messages.ts';
import type { Workspace } from './ports.ts';
import { ResultStore } from './resultStore.ts';
import type { ServerStates } from './serverStates.ts';
import type { Trust } from './trust.ts';

/** The announcement of a finished job to users who aren't looking at the panel, with what they can do next. */
export type Announcement =
  | { readonly kind: 'saved'; readonly message: string; readonly path: string; readonly action: 'reveal' | 'saveAs' }
  | FailureAnnouncement;

export interface FailureAnnouncement {
  readonly kind: 'failed';
  readonly message: string;
  /** Commands without `imageMixer.`, for buttons. */
  readonly actions: readonly (FailureFix | 'showLog')[];
}

/** The announcement of a failure, with commands that fix it, or else the log. */
export function announceFailure(message: string, code: FailureCode, engine: EngineName): FailureAnnouncement {
  const fixes = fixCommandsFor(code, engine);
  return { kind: 'failed', message, actions: fixes.length > 0 ? fixes : ['showLog'] };
}

export interface JobFollowUpOptions {
  readonly runner: Pick<JobRunner, 'jobs' | 'checkAgain'>;
  /** Absolute path of the storage of this window's workspace. */
  readonly workspaceStorage: string;
  /** The list of this workspace's results. */
  readonly results: Pick<ResultStore, 'addFrom'>;
  readonly trust: Pick<Trust, 'isTrusted'>;
  readonly balance: AccountBalance;
  readonly servers: Pick<ServerStates, 'ask'>;
  readonly messages: Messages;
  readonly workspace: Pick<Workspace, 'firstFolder' | 'folderOf'>;
  readonly isPanelVisible: () => boolean;
  /** Called once when a job has saved its results: some file systems report new files late or never. */
  readonly onSaved: () => void;
  readonly announce: (announcement: Announcement) => Promise<void>;
  /** Shows a warning about a problem that doesn't stop anything. */
  readonly warn: (message: string) => void;
  /** Logs an error. */
  readonly onError: (error: unknown) => void;
}

/**
 * Reacts to changes of jobs: lists their results, and announces the end of each run of this workspace's jobs exactly once. A job that
 * was taken up after its end is only listed.
 */
export class JobFollowUp {
  readonly #options: JobFollowUpOptions;
  /** Jobs whose caller gets the outcome, so their end isn't announced. */
  readonly #awaited = new Set<string>();
  /** Jobs that wait or run. A job that is checked again does so again. */
  readonly #open = new Set<string>();
  /** How many results of each unfinished job were added to a list, or couldn't be. */
  readonly #listed = new Map<string, number>();
  /** The lists of other workspaces, by the path of their storage. */
  readonly #lists = new Map<string, Pick<ResultStore, 'addFrom'>>();

  constructor(options: JobFollowUpOptions) {
    this.#options = options;
  }

  /** Call this for a job whose caller waits for its outcome. */
  markAwaited(jobId: string): void {
    this.#awaited.add(jobId);
  }

  async jobChanged(job: JobSnapshot): Promise<void> {
    const { workspaceStorage, workspace, isPanelVisible, onSaved, announce, onError } = this.#options;
    const { record } = job;
    const hasEnded = this.#noteEnd(record);
    await this.#list(record, hasEnded);
    if (!hasEnded || isForeign(record, workspaceStorage)) return;
    if (record.state === 'done') onSaved();
    if (isPanelVisible()) this.#refresh(record.request.engine).catch(onError);
    // Without an open folder, the result is in storage, where it's hard to find, so saving it elsewhere is always offered.
    const isSeen = isPanelVisible() && workspace.firstFolder() !== undefined;
    const isAwaited = this.#awaited.delete(record.id);
    const announcement = isSeen || isAwaited ? undefined : this.#announcementOf(job);
    if (announcement) await announce(announcement);
  }

  /** Lists the results of an ended job that aren't listed yet. @throws the error of the list. */
  async listSaved(record: JobRecord): Promise<void> {
    await this.#listOf(record).addFrom(record);
  }

  /** Resumes the jobs with work elsewhere that stopped because the right secret was missing. In Restricted Mode they wait for trust. */
  async secretChanged(): Promise<void> {
    const { runner, trust, onError } = this.#options;
    if (!trust.isTrusted) return;
    for (const { record } of runner.jobs()) {
      if (!record.canCheckAgain || !record.failure || !lacksSecret(record.failure)) continue;
      await runner.checkAgain(record.id).catch(onError); // one job doesn't hold up the others
    }
  }

  /** Asks for what a mix has changed where it ran. */
  async #refresh(engine: EngineName): Promise<void> {
    switch (engine) {
      case 'hosted':
        return this.#options.balance.refresh();
      case 'comfyui':
        return this.#options.servers.ask();
      case 'local':
        return;
    }
  }

  /** Whether a run of the job has ended with this change. */
  #noteEnd(record: JobRecord): boolean {
    if (!isUnfinished(record)) return this.#open.delete(record.id);
    this.#open.add(record.id);
    return false;
  }

  /** Adds the saved results of a job to the list of its workspace. If that fails, the files are still in the project. */
  async #list(record: JobRecord, isLastTime: boolean): Promise<void> {
    const { workspaceStorage, messages, warn, onError } = this.#options;
    const saved = record.results.filter(({ written }) => written);
    const [first] = saved;
    if (!first || (this.#listed.get(record.id) === saved.length && !isLastTime)) return;
    this.#listed.set(record.id, saved.length);
    try {
      await this.#listOf(record).addFrom(record);
    } catch (error) {
      onError(error);
      if (!isLastTime || isForeign(record, workspaceStorage)) return;
      const detail = detailOf(error);
      warn(messages.say('results.notListed', { name: basename(first.path), detail }));
    }
  }

  #listOf(record: JobRecord): Pick<ResultStore, 'addFrom'> {
    const { workspaceStorage, results } = this.#options;
    if (!isForeign(record, workspaceStorage)) return results;
    const { storage } = record.request.home;
    const list = this.#lists.get(storage) ?? new ResultStore(storage);
    this.#lists.set(storage, list);
    return list;
  }

  #announcementOf({ record }: JobSnapshot): Announcement | undefined {
    const { messages, workspace } = this.#options;
    if (record.failure) {
      const message = messages.failure(failureFromRecord(record.failure));
      return announceFailure(message, record.failure.code, record.request.engine);
    }
    const saved = record.results.filter(({ written }) => written);
    const [first] = saved;
    if (record.state !== 'done' || !first) return undefined;
    const name = basename(first.path);
    return {
      kind: 'saved',
      message:
        saved.length > 1
          ? messages.say('announce.doneMany', { name, count: saved.length })
          : messages.say('announce.done', { name }),
      path: first.path,
      action: workspace.folderOf(first.path) === undefined ? 'saveAs' : 'reveal',
    };
  }
}

/** The system's own words. A MixFailure has a sentence of its own around them. */
function detailOf(error: unknown): string {
  const cause = error instanceof MixFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(error);
}

/** Whether a job stopped because a key or an authorization was missing, wrong, or couldn't be read. */
function lacksSecret({ code, reason }: FailureRecord): boolean {
  return code === 'no-api-key' || code === 'invalid-api-key' || reason === 'sign-in';
}
