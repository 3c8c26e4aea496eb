import { basename } from 'node:path';
import { stripQueries } from '../engines/hosted/redaction.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { JobSnapshot } from '../jobs/jobRunner.ts';
import { MixFailure } from '../mix/failure.ts';
import type { FailureRecord } from '../mix/failureRecord.ts';
import type { Stage } from '../mix/progress.ts';

type Write = (level: 'info' | 'warn' | 'error', line: string) => void;

/** Logs each job: its start, each stage once, and its end. Never a key, a request body or the query of a URL. */
export class JobLog {
  readonly #write: Write;
  /** The stages already logged for each unfinished job, by job id. */
  readonly #open = new Map<string, Set<Stage>>();

  constructor(write: Write) {
    this.#write = write;
  }

  changed({ record, progress }: JobSnapshot): void {
    const logged = this.#open.get(record.id);
    switch (record.state) {
      case 'waiting':
      case 'running':
        if (!logged) this.#begin(record);
        this.#logStage(record, progress.stage);
        break;
      case 'done':
      case 'failed':
      case 'cancelled':
        if (logged) this.#end(record);
        break;
    }
  }

  /** Logs a thrown error, because the job's record keeps neither its stack nor its cause. @param jobId undefined if it is about all. */
  failed(jobId: string | undefined, error: unknown): void {
    const isExpected = error instanceof MixFailure;
    const cause = isExpected ? error.cause : error;
    if (cause === undefined) return;
    this.#write(
      isExpected ? 'warn' : 'error',
      `${jobId === undefined ? 'jobs' : logPrefixOf(jobId)} failed because of ${traceOf(cause)}`,
    );
  }

  #begin({ id, request, engineState, results }: JobRecord): void {
    this.#open.set(id, new Set());
    const verb = engineState === undefined && results.length === 0 ? 'started' : 'resumed';
    const { engine, name, sources, recipe } = request;
    const counts = `images=${sources.length} samples=${recipe.samples}`;
    this.#write('info', `${logPrefixOf(id)} ${verb}: engine=${engine} name=${JSON.stringify(name)} ${counts}`);
  }

  #logStage({ id }: JobRecord, stage: Stage): void {
    const logged = this.#open.get(id);
    if (!logged || logged.has(stage)) return;
    logged.add(stage);
    this.#write('info', `${logPrefixOf(id)} ${stage}`);
  }

  #end({ id, state, failure, results }: JobRecord): void {
    this.#open.delete(id);
    const saved = results.filter(({ written }) => written).map(({ path }) => basename(path));
    const files = saved.length > 0 ? ` files=${JSON.stringify(saved)}` : '';
    if (failure) this.#write('warn', `${logPrefixOf(id)} failed: ${detailsOf(failure)}${files}`);
    else this.#write('info', `${logPrefixOf(id)} ${state}${files}`);
  }
}

/** The start of each log line about a job. */
export function logPrefixOf(jobId: string): string {
  return `job ${jobId.slice(0, 8)}`;
}

/** An error with its stack and its causes, for the log. Queries of URLs are removed, since they may hold signatures. */
export function traceOf(error: unknown): string {
  const trace = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${traceOf(error.cause)}` : '';
  return stripQueries(trace + cause);
}

function detailsOf({ code, reason, args }: FailureRecord): string {
  const values = Object.entries(args).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return stripQueries(`${code}${reason === undefined ? '' : `/${reason}`}${values.join('')}`);
}
