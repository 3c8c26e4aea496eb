import { basename } from 'node:path';
import type { JobRunner, JobSnapshot } from '../jobs/jobRunner.ts';
import { failureFromRecord } from '../mix/failureRecord.ts';
import type { FailureCode } from '../mix/failureTable.ts';
import type { AccountBalance } from './accountBalance.ts';
import { fixCommandsFor } from './jobView.ts';
import type { Messages } from './messages/messages.ts';
import type { Workspace } from './ports.ts';
import type { ResultStore } from './resultStore.ts';

/** The announcement of a finished job to users who aren't looking at the panel, with what they can do next. */
export type Announcement =
  | { readonly kind: 'saved'; readonly message: string; readonly path: string; readonly action: 'reveal' | 'saveAs' }
  | FailureAnnouncement;

export interface FailureAnnouncement {
  readonly kind: 'failed';
  readonly message: string;
  /** Commands without `imageMixer.`, for buttons. */
  readonly actions: readonly ('setApiKey' | 'openAccount' | 'showLog')[];
}

/** The announcement of a failure, with commands that fix it, or else the log. */
export function announceFailure(message: string, code: FailureCode): FailureAnnouncement {
  const fixes = fixCommandsFor(code);
  return { kind: 'failed', message, actions: fixes.length > 0 ? fixes : ['showLog'] };
}

export interface JobFollowUpOptions {
  readonly runner: JobRunner;
  readonly results: ResultStore;
  readonly balance: AccountBalance;
  readonly messages: Messages;
  readonly workspace: Pick<Workspace, 'firstFolder' | 'folderOf'>;
  readonly isPanelVisible: () => boolean;
  /** Called once when a job has saved its results: some file systems report new files late or never. */
  readonly onSaved: () => void;
  readonly announce: (announcement: Announcement) => Promise<void>;
}

/** Reacts to changes of jobs: lists their results, and announces the end of each job exactly once. */
export class JobFollowUp {
  readonly #options: JobFollowUpOptions;
  /** Jobs whose caller gets the outcome, so their end isn't announced. */
  readonly #awaited = new Set<string>();
  readonly #ended = new Set<string>();

  constructor(options: JobFollowUpOptions) {
    this.#options = options;
  }

  /** Call this for a job whose caller waits for its outcome. */
  markAwaited(jobId: string): void {
    this.#awaited.add(jobId);
  }

  async jobChanged(job: JobSnapshot): Promise<void> {
    const { results, balance, workspace, isPanelVisible, onSaved, announce } = this.#options;
    const { record } = job;
    await results.addFrom(record);
    if (record.state === 'waiting' || record.state === 'running' || this.#ended.has(record.id)) return;
    this.#ended.add(record.id);
    if (record.state === 'done') onSaved();
    if (isPanelVisible() && record.request.engine === 'hosted') void balance.refresh();
    // Without an open folder, the result is in storage, where it's hard to find, so saving it elsewhere is always offered.
    const isSeen = isPanelVisible() && workspace.firstFolder() !== undefined;
    const announcement = isSeen || this.#awaited.has(record.id) ? undefined : this.#announcementOf(job);
    if (announcement) await announce(announcement);
  }

  /** Resumes the jobs with paid work that stopped because the right key was missing. */
  async keyChanged(): Promise<void> {
    const { runner } = this.#options;
    for (const { record } of runner.jobs()) {
      const code = record.failure?.code;
      if (code === 'no-api-key' || code === 'invalid-api-key') await runner.checkAgain(record.id);
    }
  }

  #announcementOf({ record }: JobSnapshot): Announcement | undefined {
    const { messages, workspace } = this.#options;
    if (record.failure) {
      return announceFailure(messages.failure(failureFromRecord(record.failure)), record.failure.code);
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
