import { pathToFileURL } from 'node:url';
import type { JobEnd } from '../../jobs/jobRunner.ts';
import { MixFailure } from '../../mix/failure.ts';
import { failureTable } from '../../mix/failureTable.ts';
import { type ImageWarning, imageWarningTable, isImageWarningCode } from '../../mix/imageWarning.ts';
import type { EngineName } from '../../mix/limits.ts';
import { type Notice, type NoticeCode, noticeTable } from '../../mix/notice.ts';
import type { Outcome } from '../../mix/outcome.ts';
import type { Progress } from '../../mix/progress.ts';
import { fillPlaceholders, type MessageArgs, type SentenceParameters } from '../../mix/sentence.ts';
import type { Problem } from '../../protocol/contract.ts';
import { type PanelStringId, panelStrings } from '../../protocol/panelStrings.ts';
import { english } from './english.ts';

/** Every sentence of the extension in English: those of this layer and of the panel, failures and notices. */
export const sentences: readonly string[] = [
  ...new Set(
    Object.values<string>(english).concat(
      Object.values(panelStrings),
      Object.values(failureTable),
      Object.values(noticeTable),
      Object.values(imageWarningTable),
    ),
  ),
];

/** Ids of the sentences of this layer and the workbench. */
export type MessageId = keyof typeof english;
/** Ids that are also recipe fields have a label to display. */
const labels: Readonly<Record<string, string>> = english;

/** Turns codes and values into sentences in the display language. */
export class Messages {
  readonly #translate: (sentence: string) => string;
  readonly #onUnexpected: (error: unknown) => void;

  /**
   * @param translate returns the sentence in the display language for an English one, with the same placeholders.
   * @param onUnexpected logs an error that isn't a MixFailure, because its message refers to the log for details.
   */
  constructor(
    translate: (sentence: string) => string = (sentence) => sentence,
    onUnexpected: (error: unknown) => void = () => {},
  ) {
    this.#translate = translate;
    this.#onUnexpected = onUnexpected;
  }

  /** A sentence with its placeholders filled in. */
  say<Id extends MessageId>(id: Id, ...[args]: SentenceParameters<(typeof english)[Id]>): string {
    return this.#fill(english[id], args);
  }

  /** The panel's sentences in the display language, by id, with their placeholders. */
  panelStrings(): Record<string, string> {
    return Object.fromEntries(Object.entries(panelStrings).map(([id, sentence]) => [id, this.#translate(sentence)]));
  }

  /** One of the panel's sentences in the display language. */
  panelString(id: PanelStringId): string {
    return this.#translate(panelStrings[id]);
  }

  /** What happened, to which image or field, and what to do. */
  failure(error: unknown): string {
    if (!(error instanceof MixFailure)) {
      this.#onUnexpected(error);
      return this.say('unexpected', { detail: error instanceof Error ? error.message : String(error) });
    }
    const sentence = this.#fill(failureTable[error.key], error.args);
    return error.imageName === undefined ? sentence : `${error.imageName}: ${sentence}`;
  }

  notice({ code, args }: Notice): string {
    if (isImageWarningCode(code)) return `${args.image}: ${this.imageWarning({ code, args })}`;
    return isNoticeCode(code) ? this.#fill(noticeTable[code], args) : code;
  }

  /** What can't be shown of an image, and what to do. */
  imageWarning({ code, args }: ImageWarning): string {
    return isImageWarningCode(code) ? this.#fill(imageWarningTable[code], args) : code;
  }

  /** How far a job is: the stage, which of how many, how many are before it, and the remaining time. */
  progress({ stage, done, total, etaSeconds, ahead }: Progress): string {
    const parts = [this.stage(stage)];
    if (total !== undefined && total > 1) parts.push(this.say('progress.of', { done: done ?? 0, total }));
    if (ahead !== undefined && ahead > 0) parts.push(this.say('progress.ahead', { count: ahead }));
    if (etaSeconds !== undefined && etaSeconds >= 1) {
      parts.push(this.say('progress.eta', { seconds: Math.ceil(etaSeconds) }));
    }
    return parts.join(' · ');
  }

  stage(stage: Progress['stage']): string {
    return this.panelString(`panel.stage.${stage}`);
  }

  /** The outcome of a finished job, for its caller. */
  outcome({ record, status, failure }: JobEnd): Outcome {
    const saved = record.results.filter(({ written }) => written).sort((a, b) => a.index - b.index);
    return {
      status,
      jobId: record.id,
      engine: record.request.engine,
      files: saved.map(({ path }) => pathToFileURL(path).href),
      seed: record.request.recipe.seed,
      seeds: saved.map(({ seed }) => seed),
      warnings: [...record.request.notices, ...record.notices].map((notice) => this.notice(notice)),
      ...(failure ? { error: this.#error(failure, failure) } : {}),
    };
  }

  /** The outcome of a mix that didn't become a job. */
  failedOutcome(error: unknown, engine: EngineName): Outcome {
    const failure =
      error instanceof MixFailure ? error : new MixFailure('invalid-request/unexpected', { cause: error });
    return {
      status: 'failed',
      jobId: '',
      engine,
      files: [],
      seed: null,
      seeds: [],
      warnings: [],
      error: this.#error(failure, error),
    };
  }

  /** A failure as the panel shows it, with the field that it belongs to. */
  problem(error: unknown): Problem {
    const field = error instanceof MixFailure ? error.field : undefined;
    return {
      code: error instanceof MixFailure ? error.code : 'unexpected',
      message: this.failure(error),
      ...(field === undefined ? {} : { field }),
    };
  }

  #error({ code, retryable }: MixFailure, error: unknown): NonNullable<Outcome['error']> {
    return { code, message: this.failure(error), retryable };
  }

  /** Replaces names of recipe fields among the values by their labels. */
  #fill(sentence: string, args: MessageArgs = {}): string {
    const readable = Object.entries(args).map(([name, value]) => {
      const label = name === 'field' || name === 'part' ? labels[`field.${value}`] : undefined;
      return [name, label === undefined ? value : this.#translate(label)];
    });
    return fillPlaceholders(this.#translate(sentence), Object.fromEntries(readable));
  }
}

function isNoticeCode(code: string): code is NoticeCode {
  return Object.hasOwn(noticeTable, code);
}
