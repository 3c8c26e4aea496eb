import * as z from 'zod';

/** Every way a mix can fail, as callers and scripts see it. The list is fixed: scripts compare against it. */
export const failureCodes = [
  'invalid-recipe',
  'unsupported-image',
  'unreadable-image',
  'image-too-large',
  'blocked-address',
  'untrusted-workspace',
  'upload-not-allowed',
  'no-api-key',
  'invalid-api-key',
  'invalid-request',
  'insufficient-credits',
  'plan-required',
  'rate-limited',
  'service-unavailable',
  'generation-failed',
  'result-unavailable',
  'unexpected-response',
  'interrupted',
  'timeout',
  'network',
  'save-failed',
] as const;
export type FailureCode = (typeof failureCodes)[number];

const retryableCodes: ReadonlySet<FailureCode> = new Set([
  'rate-limited',
  'service-unavailable',
  'generation-failed',
  'result-unavailable',
  'timeout',
  'network',
  'save-failed',
]);

/** Values that fill the placeholders of a message: `{name}` in the words is `args.name`. */
export type MessageArgs = Readonly<Record<string, string | number>>;

export interface FailureDetails {
  /** Which of several sentences of the code fits; the bare code's sentence when absent. */
  readonly reason?: string;
  readonly args?: MessageArgs;
  /** The recipe field at fault, as a path: `width`, `images.2.weight`. */
  readonly field?: string;
  /** Position in `recipe.images` of the image at fault. */
  readonly image?: number;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** A typed failure of the lower rooms. It carries a code and arguments, never sentences: the workbench puts it into words. */
export class MixFailure extends Error {
  override readonly name = 'MixFailure';
  readonly code: FailureCode;
  readonly reason: string | undefined;
  readonly args: MessageArgs;
  readonly field: string | undefined;
  readonly image: number | undefined;
  readonly retryable: boolean;

  constructor(code: FailureCode, details: FailureDetails = {}) {
    super(details.reason ? `${code}/${details.reason}` : code, { cause: details.cause });
    this.code = code;
    this.reason = details.reason;
    this.args = details.args ?? {};
    this.field = details.field;
    this.image = details.image;
    this.retryable = details.retryable ?? retryableCodes.has(code);
  }

  /** The same failure, blamed on the image at `index` of the recipe and called `name` in the message. */
  forImage(index: number, name: string): MixFailure {
    return new MixFailure(this.code, {
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      args: { ...this.args, image: name },
      field: `images.${index}`,
      image: index,
      retryable: this.retryable,
      cause: this.cause,
    });
  }
}

/** A failure as plain data, for the journal, worker messages and the panel. */
export const failureRecordSchema = z.object({
  code: z.enum(failureCodes),
  reason: z.string().optional(),
  args: z.record(z.string(), z.union([z.string(), z.number()])),
  field: z.string().optional(),
  image: z.number().optional(),
  retryable: z.boolean(),
});
export type FailureRecord = z.infer<typeof failureRecordSchema>;

/** Plain data of a failure; its cause stays behind, since it may hold secrets or paths. */
export function recordFailure(failure: MixFailure): FailureRecord {
  const { code, reason, args, field, image, retryable } = failure;
  return {
    code,
    args: { ...args },
    retryable,
    ...(reason === undefined ? {} : { reason }),
    ...(field === undefined ? {} : { field }),
    ...(image === undefined ? {} : { image }),
  };
}

/** The failure that a record tells of. */
export function failureFromRecord(record: FailureRecord): MixFailure {
  const { code, reason, args, field, image, retryable } = record;
  return new MixFailure(code, {
    args,
    retryable,
    ...(reason === undefined ? {} : { reason }),
    ...(field === undefined ? {} : { field }),
    ...(image === undefined ? {} : { image }),
  });
}

/** Something worth knowing that stops nothing: a code with arguments, put into words by the workbench. */
export const noticeSchema = z.object({
  code: z.string(),
  args: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Notice = z.infer<typeof noticeSchema>;
