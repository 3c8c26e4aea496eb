import { basename } from 'node:path';
import { withoutQueries } from '../engines/hosted/serviceWords.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { JobSnapshot } from '../jobs/runner.ts';
import { type FailureRecord, MixFailure } from '../mix/failure.ts';
import type { Stage } from '../mix/progress.ts';

type Write = (level: 'info' | 'warn' | 'error', line: string) => void;

/** Tells the log the story of each job: its start, each stage once, and how it ended. No key, body or query of an address. */
export class JobLog {
  readonly #write: Write;
  /** The stages that were told of each job that is under way. */
  readonly #open = new Map<string, Set<Stage>>();

  constructor(write: Write) {
    this.#write = write;
  }

  changed({ record, progress }: JobSnapshot): void {
    const told = this.#open.get(record.id);
    switch (record.state) {
      case 'waiting':
      case 'running':
        if (!told) this.#begin(record);
        this.#tellStage(record, progress.stage);
        break;
      case 'done':
      case 'failed':
      case 'cancelled':
        if (told) this.#end(record);
        break;
    }
  }

  /** What a job failed of, as it was thrown. */
  failed(jobId: string, error: unknown): void {
    const cause = error instanceof MixFailure ? error.cause : error;
    if (cause !== undefined) this.#write('error', `${titleOf(jobId)} failed because of ${traceOf(cause)}`);
  }

  #begin({ id, request, engineState, pictures }: JobRecord): void {
    this.#open.set(id, new Set());
    const begun = engineState === undefined && pictures.length === 0 ? 'started' : 'taken up again';
    const { engine, name, sources, recipe } = request;
    const counts = `images=${sources.length} samples=${recipe.samples}`;
    this.#write('info', `${titleOf(id)} ${begun}: engine=${engine} name=${JSON.stringify(name)} ${counts}`);
  }

  #tellStage({ id }: JobRecord, stage: Stage): void {
    const told = this.#open.get(id);
    if (!told || told.has(stage)) return;
    told.add(stage);
    this.#write('info', `${titleOf(id)} ${stage}`);
  }

  #end({ id, state, failure, pictures }: JobRecord): void {
    this.#open.delete(id);
    const saved = pictures.filter(({ written }) => written).map(({ path }) => basename(path));
    const files = saved.length > 0 ? ` files=${JSON.stringify(saved)}` : '';
    if (failure) this.#write('warn', `${titleOf(id)} failed: ${detailsOf(failure)}${files}`);
    else this.#write('info', `${titleOf(id)} ${state}${files}`);
  }
}

/** How lines about a job begin. */
export function titleOf(jobId: string): string {
  return `job ${jobId.slice(0, 8)}`;
}

/** An error with its stack and those behind it, as the log may show it. */
export function traceOf(error: unknown): string {
  const trace = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${traceOf(error.cause)}` : '';
  return withoutQueries(trace + cause);
}

function detailsOf({ code, reason, args }: FailureRecord): string {
  const values = Object.entries(args).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return withoutQueries(`${code}${reason === undefined ? '' : `/${reason}`}${values.join('')}`);
}
