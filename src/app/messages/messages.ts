import { pathToFileURL } from 'node:url';
import type { JobResult } from '../../jobs/runner.ts';
import { type MessageArgs, MixFailure, type Notice } from '../../mix/failure.ts';
import type { EngineName } from '../../mix/limits.ts';
import type { Outcome } from '../../mix/outcome.ts';
import { fill } from '../../mix/displayNames.ts';
import type { Problem } from '../../protocol/contract.ts';
import { english } from './english.ts';

/** Every sentence of the extension by its id, in one language. */
export type Strings = Readonly<Record<string, string>>;

/** Turns codes and arguments of the lower rooms into sentences. */
export class Words {
  readonly strings: Strings;
  readonly #onUnexpected: (error: unknown) => void;

  /**
   * @param translate gives the sentence of the display language for an English one; placeholders stay as they are.
   * @param onUnexpected writes down an error that no sentence tells exactly: people are told that the log has more.
   */
  constructor(
    translate: (sentence: string) => string = (sentence) => sentence,
    onUnexpected: (error: unknown) => void = () => {},
  ) {
    this.#onUnexpected = onUnexpected;
    this.strings = Object.fromEntries(Object.entries(english).map(([id, sentence]) => [id, translate(sentence)]));
  }

  /** The sentence of an id, its placeholders filled. */
  say(id: keyof typeof english, args?: MessageArgs): string {
    return fill(this.strings[id] ?? id, args);
  }

  /** What happened, to which image or field, and what to do. Anything but a MixFailure is told as an unexpected error. */
  failure(error: unknown): string {
    if (!(error instanceof MixFailure)) {
      this.#onUnexpected(error);
      return this.say('unexpected', { detail: error instanceof Error ? error.message : String(error) });
    }
    const exact = this.strings[`failure.${error.code}/${error.reason}`];
    const sentence = fill(exact ?? this.strings[`failure.${error.code}`] ?? error.code, this.#readable(error.args));
    return error.args.image === undefined ? sentence : `${error.args.image}: ${sentence}`;
  }

  notice({ code, args }: Notice): string {
    return fill(this.strings[`notice.${code}`] ?? code, this.#readable(args));
  }

  /** The result of a job as its caller sees it. */
  outcome(result: JobResult): Outcome {
    const { record } = result;
    const pictures = [...record.pictures].filter((picture) => picture.written).sort((a, b) => a.index - b.index);
    return {
      status: result.status,
      jobId: record.id,
      engine: record.request.engine,
      files: pictures.map((picture) => pathToFileURL(picture.path).href),
      seed: record.request.recipe.seed,
      seeds: pictures.map((picture) => picture.seed),
      warnings: [...record.request.notices, ...record.notices].map((notice) => this.notice(notice)),
      ...(result.failure ? { error: this.error(result.failure) } : {}),
    };
  }

  /** The outcome of a run that never became a job. */
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
      error: { ...this.error(failure), message: this.failure(error) },
    };
  }

  /** A failure as the panel shows it; `field` where the message belongs to one. */
  problem(error: unknown): Problem {
    const field = error instanceof MixFailure ? error.field : undefined;
    return {
      code: error instanceof MixFailure ? error.code : 'unexpected',
      message: this.failure(error),
      ...(field === undefined ? {} : { field }),
    };
  }

  error(failure: MixFailure): NonNullable<Outcome['error']> {
    return { code: failure.code, message: this.failure(failure), retryable: failure.retryable };
  }

  /** Field keys become the labels that people see. */
  #readable(args: MessageArgs): MessageArgs {
    const label = (value: string | number | undefined) => this.strings[`field.${value}`];
    return {
      ...args,
      ...(label(args.field) ? { field: label(args.field) ?? '' } : {}),
      ...(label(args.part) ? { part: label(args.part) ?? '' } : {}),
    };
  }
}
