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
 * Limits of an upload. As large as the largest possible mix, so that every mix can use the same upload. The
 * service accepts 5 MB; base64 encodes 3 bytes as 4 characters.
 */
const uploadBounds = { maxSide: limits.side.max, maxBytes: 3_700_000 };
const maxAttempts = 4;

/** What an upload needs besides the source. */
export interface UploadContext {
  readonly client: ServiceClient;
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly store: SharedStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before each file, with the number of files done. */
  onProgress(done: number, total: number): void;
  onRetry(source: TaskSource, reason: string): void;
  onLink(source: TaskSource, link: string): void;
}

const recordSchema = z.object({ link: z.string(), expiresAt: z.number() });

/** A link to a source that the service can fetch. */
export interface SourceLink {
  readonly link: string;
  /** The name of the upload's record; undefined if the source is a URL itself. */
  readonly record?: string;
}

/**
 * Uploads the sources that are files; resolves with the links of all sources, in order. Encodes one source while the one before
 * it is being uploaded. @throws MixFailure, attributed to an image if it is the cause; or the signal's reason.
 */
export async function uploadSources(sources: readonly TaskSource[], context: UploadContext): Promise<SourceLink[]> {
  const total = sources.filter(({ location }) => location.kind === 'file').length;
  const links: SourceLink[] = [];
  let done = 0;
  let next: ReturnType<typeof prepareUpload> | undefined;
  for (const [index, source] of sources.entries()) {
    if (source.location.kind === 'file') context.onProgress(done++, total);
    const upload = await (next ?? prepareUpload(source, context));
    const following = sources[index + 1];
    next = following && prepareUpload(following, context);
    next?.catch(() => undefined); // thrown when it is awaited
    const link = await upload();
    context.onLink(source, link.link);
    links.push(link);
  }
  return links;
}

/**
 * Reads and encodes a source; resolves with a function that uploads it and returns its link. A source that is a URL isn't
 * uploaded, nor is content whose last upload hasn't expired.
 */
async function prepareUpload(source: TaskSource, context: UploadContext): Promise<() => Promise<SourceLink>> {
  const { location } = source;
  if (location.kind === 'url') return async () => ({ link: new URL(location.url).href });
  const { client, codec, reader, store, clock, signal } = context;
  return attributeFailure(source, async () => {
    const bytes = await reader.read(location, signal);
    const record = recordName(client, bytes);
    const known = recordSchema.safeParse(await store.read(record)).data;
    if (known && known.expiresAt > clock.now()) return async () => ({ link: known.link, record });
    const copy = await codec.uploadCopy(bytes, uploadBounds, signal);
    return () =>
      attributeFailure(source, async () => {
        const start = clock.now();
        const dataUri = `data:${copy.mime};base64,${Buffer.from(copy.bytes).toString('base64')}`;
        const link = await upload(dataUri, source, context);
        await store.write(record, { link, expiresAt: start + client.service.dialect.uploadLifetime });
        return { link, record };
      });
  });
}

async function attributeFailure<T>({ index, name }: TaskSource, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof MixFailure && concernsImage(error) ? error.forImage(index, name) : error;
  }
}

/** Whether the image is the cause of a failure, and not the key, the account or the connection. */
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

/** Uploads an image and returns its link. Retries temporary failures, because uploads are free. */
async function upload(dataUri: string, source: TaskSource, context: UploadContext): Promise<string> {
  const { client, clock, signal } = context;
  for (let attempts = 1; ; attempts++) {
    const response = await attempt(dataUri, context);
    const link = 'kind' in response && response.kind === 'success' ? response.links[0] : undefined;
    if (link !== undefined) return link;
    const { failure, retryDelay } = interpretFailure(response, client, 1000 * 2 ** (attempts - 1));
    if (retryDelay === undefined || attempts === maxAttempts) throw failure;
    context.onRetry(source, failure.key);
    await clock.sleep(retryDelay, signal);
  }
}

async function attempt(dataUri: string, { client, signal }: UploadContext): Promise<ServiceResponse | RequestError> {
  try {
    return await client.upload(dataUri, signal);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
}

/** The failure of an attempt that returned no link. `retryDelay` in milliseconds is undefined if a retry can't succeed. */
function interpretFailure(
  response: ServiceResponse | RequestError,
  { service }: ServiceClient,
  backoff: number,
): { failure: MixFailure; retryDelay?: number } {
  if (response instanceof RequestError) {
    const failure = requestFailure(response, service);
    return failure.code === 'network' && response.retryable ? { failure, retryDelay: backoff } : { failure };
  }
  switch (response.kind) {
    case 'success':
    case 'processing':
      return { failure: new MixFailure('unexpected-response/no-link', { args: { origin: service.origin } }) };
    case 'unreadable': {
      const failure = unreadableResponseFailure(response, service);
      return response.problem === 'shape' ? { failure } : { failure, retryDelay: backoff };
    }
    case 'refused': {
      const failure = refusalFailure(response, service);
      const { reason, retryAfter = 0 } = response;
      const isTemporary = reason === 'rate-limited' || reason === 'duplicate' || reason === 'unavailable';
      return isTemporary ? { failure, retryDelay: Math.max(1000 * retryAfter, backoff) } : { failure };
    }
  }
}

/** The name of an upload's record: a hash of its content and the service, because links work with one service only. */
function recordName({ service }: ServiceClient, bytes: Uint8Array): string {
  const content = createHash('sha256').update(service.base).update('\0').update(service.dialect.name).update('\0');
  return `upload-${content.update(bytes).digest('hex')}`;
}
