import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import { limits } from '../../mix/limits.ts';
import { RequestError } from '../../network/requestError.ts';
import type { Clock } from '../clock.ts';
import type { TaskSource } from '../engine.ts';
import type { ServiceClient } from './client.ts';
import { refusalFailure, requestFailure, unreadableResponseFailure } from './serviceFailure.ts';
import type { SharedStore } from './sharedStore.ts';
import type { ServiceResponse } from './wire.ts';

/**
 * What goes up: no larger than the largest mix, whatever size this one has, so that one upload serves every mix. The service takes
 * 5 MB; kept to that as text too, where each 3 bytes are 4 characters.
 */
const uploadBounds = { maxSide: limits.side.max, maxBytes: 3_700_000 };
const maxTries = 4;

/** What uploading needs besides the source. */
export interface UploadContext {
  readonly client: ServiceClient;
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onRetry(why: string): void;
}

const uploadSchema = z.object({ link: z.string(), expiresAt: z.number() });

/** A link to a source that the service can fetch, and the name of its upload's record. */
export interface SourceLink {
  readonly link: string;
  /** Undefined for a source that was a link from the start. */
  readonly record?: string;
}

/**
 * Makes a source ready to be sent; resolves with what gets its link: its own where it is on the web, else that of an upload of this
 * content, made unless one is alive. Both steps are apart so that one source can be made ready while another is on its way.
 * @throws MixFailure blamed on the image, or the signal's reason; so does the second step.
 */
export async function prepareSource(source: TaskSource, uploading: UploadContext): Promise<() => Promise<SourceLink>> {
  const { location } = source;
  if (location.kind === 'url') return async () => ({ link: new URL(location.url).href });
  const { client, codec, reader, store, clock, signal } = uploading;
  return blaming(source, async () => {
    const bytes = await reader.read(location, signal);
    const record = recordName(client, bytes);
    const known = uploadSchema.safeParse(await store.read(record)).data;
    if (known && known.expiresAt > clock.now()) return async () => ({ link: known.link, record });
    const copy = await codec.uploadCopy(bytes, uploadBounds, signal);
    return () =>
      blaming(source, async () => {
        const begun = clock.now();
        const dataUri = `data:${copy.mime};base64,${Buffer.from(copy.bytes).toString('base64')}`;
        const link = await upload(dataUri, uploading);
        await store.write(record, { link, expiresAt: begun + client.service.dialect.uploadLifetime });
        return { link, record };
      });
  });
}

async function blaming<T>({ index, name }: TaskSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof MixFailure && concernsImage(error) ? error.forImage(index, name) : error;
  }
}

/** Whether a failure is about this image, and not about key, credits or connection. */
function concernsImage({ code }: MixFailure): boolean {
  switch (code) {
    case 'unsupported-image':
    case 'unreadable-image':
    case 'image-too-large':
    case 'invalid-request':
      return true;
    default:
      return false;
  }
}

/** Uploads and repeats where that can help: an upload costs nothing. */
async function upload(dataUri: string, uploading: UploadContext): Promise<string> {
  const { client, clock, signal } = uploading;
  for (let tries = 1; ; tries++) {
    const result = await tryUpload(dataUri, uploading);
    const link = 'kind' in result && result.kind === 'success' ? result.links[0] : undefined;
    if (link !== undefined) return link;
    const { failure, pause } = judge(result, client, 1000 * 2 ** (tries - 1));
    if (pause === undefined || tries === maxTries) throw failure;
    uploading.onRetry(failure.key);
    await clock.sleep(pause, signal);
  }
}

async function tryUpload(dataUri: string, { client, signal }: UploadContext): Promise<ServiceResponse | RequestError> {
  try {
    return await client.upload(dataUri, signal);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
}

/** What a try without a link means: its failure, and after how many milliseconds another try may help, if it may. */
function judge(
  result: ServiceResponse | RequestError,
  { service }: ServiceClient,
  backOff: number,
): { failure: MixFailure; pause?: number } {
  if (result instanceof RequestError) {
    const failure = requestFailure(result, service);
    return failure.code === 'network' && result.retryable ? { failure, pause: backOff } : { failure };
  }
  switch (result.kind) {
    case 'success':
    case 'processing': {
      const args = { origin: service.origin };
      return { failure: new MixFailure('unexpected-response/no-link', { args }) };
    }
    case 'unreadable': {
      const failure = unreadableResponseFailure(result, service);
      return result.what === 'shape' ? { failure } : { failure, pause: backOff };
    }
    case 'refused': {
      const failure = refusalFailure(result, service);
      const canWait = result.why === 'rate-limited' || result.why === 'duplicate' || result.why === 'unavailable';
      return canWait ? { failure, pause: Math.max(1000 * (result.retryAfter ?? 0), backOff) } : { failure };
    }
  }
}

/** The name of an upload's record: links belong to one service. */
function recordName({ service }: ServiceClient, bytes: Uint8Array): string {
  const content = createHash('sha256').update(service.base).update('\0').update(service.dialect.name).update('\0');
  return `upload-${content.update(bytes).digest('hex')}`;
}
