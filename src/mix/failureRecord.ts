import * as z from 'zod';
import { MixFailure } from './failure.ts';
import { type FailureKey, failureCodes, isFailureKey } from './failureTable.ts';

/** A failure as plain data, for jobs on disk, worker messages and the panel. */
export const failureRecordSchema = z.object({
  code: z.enum(failureCodes),
  /** What follows the code in the key. */
  reason: z.string().optional(),
  args: z.record(z.string(), z.union([z.string(), z.number()])),
  field: z.string().optional(),
  image: z.number().optional(),
  imageName: z.string().optional(),
  retryable: z.boolean(),
});
export type FailureRecord = z.infer<typeof failureRecordSchema>;

/** Plain data of a failure. Its cause is left out, because it may contain secrets or paths. */
export function recordFailure({ key, code, args, field, image, imageName, retryable }: MixFailure): FailureRecord {
  return {
    code,
    args: { ...args },
    retryable,
    ...(key === code ? {} : { reason: key.slice(code.length + 1) }),
    ...(field === undefined ? {} : { field }),
    ...(image === undefined ? {} : { image }),
    ...(imageName === undefined ? {} : { imageName }),
  };
}

/** The recorded failure. If this version doesn't know the reason, only the code is kept. */
export function failureFromRecord({ code, reason, ...details }: FailureRecord): MixFailure {
  const key = `${code}/${reason}`;
  return new MixFailure<FailureKey>(isFailureKey(key) ? key : code, details);
}
