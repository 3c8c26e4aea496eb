import { createHash } from 'node:crypto';
import * as z from 'zod';
import { MixFailure } from '../../mix/failure.ts';
import type { Clock } from '../clock.ts';
import type { Service } from './service.ts';
import type { ServiceRecords } from './serviceRecords.ts';

/** A link to a source that the service can fetch. */
export interface SourceLink {
  readonly link: string;
  /** The name of the upload's record; undefined if the source is a URL itself. */
  readonly record?: string;
}

const recordSchema = z.object({ link: z.string(), expiresAt: z.number() });

/** The records of uploads, and the time that they expire by. */
interface LinkContext {
  readonly records: ServiceRecords;
  readonly clock: Clock;
}

/** The name of an upload's record: a hash of its content and the service, because links work with one service only. */
export function uploadRecord({ base, dialect }: Service, bytes: Uint8Array): string {
  const content = createHash('sha256').update(base).update('\0').update(dialect.name).update('\0');
  return `upload-${content.update(bytes).digest('hex')}`;
}

/** The link of an earlier upload; undefined if none is known that is still valid. */
export async function recallLink(
  record: string,
  { dialect }: Service,
  { records, clock }: LinkContext,
): Promise<SourceLink | undefined> {
  const known = recordSchema.safeParse(await records.read(record)).data;
  const left = known ? known.expiresAt - clock.now() : 0;
  // More than a whole lifetime can't be left: the system clock was set back.
  return known && left > 0 && left <= dialect.uploadLifetime ? { link: known.link, record } : undefined;
}

/** Records an upload, and resolves with its link. @param start when it started, in milliseconds since 1970. */
export async function rememberLink(
  upload: Required<SourceLink>,
  start: number,
  { dialect }: Service,
  { records }: LinkContext,
): Promise<SourceLink> {
  await records.write(upload.record, { link: upload.link, expiresAt: start + dialect.uploadLifetime });
  return upload;
}

/**
 * The error of a submission, after forgetting its links if the service can't open them: the next run uploads the images again, which
 * may help.
 */
export async function forgetUnreachable(
  error: unknown,
  links: readonly SourceLink[],
  records: ServiceRecords,
): Promise<unknown> {
  if (!(error instanceof MixFailure) || error.key !== 'invalid-request/image-not-fetched') return error;
  const uploads = links.flatMap(({ record }) => record ?? []);
  for (const record of uploads) await records.remove(record);
  return new MixFailure(error.key, { args: { message: error.args.message ?? '' }, retryable: uploads.length > 0 });
}
