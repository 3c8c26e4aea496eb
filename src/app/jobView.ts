import { basename } from 'node:path';
import { parseComfyuiState } from '../engines/comfyui/comfyuiState.ts';
import { mayHaveSubmitted } from '../engines/hosted/hostedState.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { JobSnapshot } from '../jobs/jobRunner.ts';
import { isForeign } from '../jobs/recoveryRules.ts';
import { failureFromRecord } from '../mix/failureRecord.ts';
import type { FailureCode } from '../mix/failureTable.ts';
import type { EngineName } from '../mix/limits.ts';
import type { FailureFix, JobPreview, JobView } from '../protocol/contract.ts';
import { usesService } from './engineChoice.ts';
import type { Messages } from './messages/messages.ts';
import { serverNameOf } from './serverName.ts';
import { uriOf } from './sourceLocation.ts';

/** What a job is called. One of another workspace is named with its folder. @param workspaceStorage the storage of this window's workspace. */
export function nameOfJob(record: JobRecord, workspaceStorage: string, messages: Messages): string {
  const { name, destination } = record.request;
  return isForeign(record, workspaceStorage)
    ? messages.say('job.elsewhere', { name, folder: basename(destination.root) })
    : name;
}

/** A job as the panel shows it. @param workspaceStorage the storage of this window's workspace. */
export function viewOfJob({ record, progress }: JobSnapshot, workspaceStorage: string, messages: Messages): JobView {
  const failure = record.failure ? failureFromRecord(record.failure) : undefined;
  const [first] = record.request.sources;
  const message = failure ? messages.failure(failure) : endMessage(record, messages);
  return {
    id: record.id,
    name: nameOfJob(record, workspaceStorage, messages),
    engine: record.request.engine,
    ...(first ? { source: uriOf(first.location) } : {}),
    state: record.state,
    progress,
    ...serverOf(record),
    ...(message === undefined ? {} : { message }),
    ...(failure?.field === undefined ? {} : { field: failure.field }),
    fixes: failure ? fixCommandsFor(failure.code, record.request.engine) : [],
    canCheckAgain: record.canCheckAgain,
  };
}

/** What a running job's unfinished result looks like; undefined if that isn't known. */
export function previewOfJob({ record, preview }: JobSnapshot): JobPreview | undefined {
  return preview && record.state === 'running' ? { jobId: record.id, ...preview } : undefined;
}

function serverOf({ request, engineState }: JobRecord): { server?: string } {
  const state = request.engine === 'comfyui' ? parseComfyuiState(engineState) : undefined;
  const server = state && serverNameOf(state.server);
  return server === undefined ? {} : { server };
}

function endMessage({ state, request, notices, engineState }: JobRecord, messages: Messages): string | undefined {
  switch (state) {
    case 'cancelled': {
      const left = notices.find(({ code }) => code === 'not-canceled');
      if (left) return messages.notice(left);
      // The service can't be told to stop, so the user should know that it may still charge for the work.
      return usesService(request.engine) && mayHaveSubmitted(engineState)
        ? messages.say('job.cancelledHosted')
        : undefined;
    }
    case 'done': {
      // The panel already shows at each field whether the engine ignores it.
      const shown = [...request.notices, ...notices].filter(({ code }) => code !== 'ignored');
      return shown.length > 0 ? shown.map((notice) => messages.notice(notice)).join(' ') : undefined;
    }
    case 'waiting':
    case 'running':
    case 'failed': // its failure says how it ended
      return undefined;
  }
}

/** The commands, without `imageMixer.`, that fix failures that no change to the mix can fix. */
export function fixCommandsFor(code: FailureCode, engine: EngineName): FailureFix[] {
  return engine === 'comfyui' ? comfyuiFixesFor(code) : serviceFixesFor(code);
}

function serviceFixesFor(code: FailureCode): FailureFix[] {
  switch (code) {
    case 'no-api-key':
    case 'invalid-api-key':
      return ['setApiKey', 'openAccount'];
    case 'insufficient-credits':
    case 'plan-required':
      return ['openAccount'];
    default:
      return [];
  }
}

function comfyuiFixesFor(code: FailureCode): FailureFix[] {
  switch (code) {
    case 'missing-model':
    case 'network':
    case 'service-unavailable':
      return ['checkComfyUI'];
    case 'invalid-api-key':
      return ['setComfyUIAuthorization'];
    case 'unexpected-response': // such as the page of a sign-in
      return ['setComfyUIAuthorization', 'checkComfyUI'];
    default:
      return [];
  }
}
