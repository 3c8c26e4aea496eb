import { abortable } from '../../images/abortable.ts';
import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import type { ImageWarning } from '../../mix/imageWarning.ts';
import { hostedSide } from '../../mix/limits.ts';
import { RequestError } from '../../network/requestError.ts';
import type { Clock } from '../clock.ts';
import type { TaskSource } from '../engine.ts';
import type { ServiceClient } from './client.ts';
import { refusalFailure, requestFailure, unreadableResponseFailure } from './serviceFailure.ts';
import type { ServiceRecords } from './serviceRecords.ts';
import { recallLink, rememberLink, type SourceLink, uploadRecord } from './sourceLink.ts';
import type { ServiceResponse } from './wire.ts';

/**
 * Limits of an upload. As large as the largest possible mix, so that every mix can use the same upload. The
 * service accepts 5 MB; base64 encodes 3 bytes as 4 characters.
 */
const uploadBounds = { maxSide: hostedSide.max, maxBytes: 3_700_000 };
const maxAttempts = 4;
/** How long to retry one upload, in milliseconds. */
const retryLimit = 180_000;

/** What an upload needs besides the source. */
interface UploadContext {
  readonly client: ServiceClient;
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly records: ServiceRecords;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before each file and after each wait, with the number of files done. */
  onProgress(done: number, total: number): void;
  /** Called before a wait of `delay` milliseconds. */
  onRetry(source: TaskSource, reason: string, delay: number): void;
  /** Called with what the service won't see of an image. */
  onWarning(source: TaskSource, warning: ImageWarning): void;
  onLink(source: TaskSource, link: string): void;
}

/**
 * Uploads the sources that are files; resolves with the links of all sources, in order. Encodes one source while the one before
 * it is being uploaded. @throws MixFailure, attributed to an image if it is the cause; or the signal's reason.
 */
export async function uploadSources(sources: readonly TaskSource[], context: UploadContext): Promise<SourceLink[]> {
  const total = sources.filter(({ location }) => location.kind === 'file').length;
  const links: SourceLink[] = [];
  let done = 0;
  let next = sources[0] && prepare(sources[0], context);
  for (const [index, source] of sources.entries()) {
    const report = () => context.onProgress(done, total);
    if (source.location.kind === 'file') report();
    const prepared = await (next ?? prepare(source, context));
    if ('error' in prepared) throw prepared.error;
    const following = sources[index + 1];
    next = following && prepare(following, context);
    const link = await prepared.upload(report);
    if (source.location.kind === 'file') done++;
    context.onLink(source, link.link);
    links.push(link);
  }
  return links;
}

/** Uploads a source and resolves with its link. @param report called after each wait. */
type Upload = (report: () => void) => Promise<SourceLink>;

/** Starts preparing a source. An error comes as a value, because it is thrown only when its turn comes. */
async function prepare(
  source: TaskSource,
  context: UploadContext,
): Promise<{ readonly upload: Upload } | { readonly error: unknown }> {
  try {
    return { upload: await prepareUpload(source, context) };
  } catch (error) {
    return { error };
  }
}

/**
 * Reads and encodes a source; resolves with a function that uploads it and returns its link. A source that is a URL isn't
 * uploaded, nor is content whose last upload hasn't expired.
 */
async function prepareUpload(source: TaskSource, context: UploadContext): Promise<Upload> {
  const { location } = source;
  if (location.kind === 'url') return async () => ({ link: new URL(location.url).href });
  const { client, codec, reader, clock, signal } = context;
  return attributeFailure(source, async () => {
    const bytes = await abortable(reader.read(location, signal), signal);
    const { warnings } = await abortable(codec.probe(bytes, signal), signal);
    for (const warning of warnings) context.onWarning(source, warning);
    const record = uploadRecord(client.service, bytes);
    const known = await recallLink(record, client.service, context);
    if (known) return async () => known;
    const copy = await abortable(codec.uploadCopy(bytes, uploadBounds, signal), signal);
    return (report: () => void) =>
      attributeFailure(source, async () => {
        const start = clock.now();
        const dataUri = `data:${copy.mime};base64,${Buffer.from(copy.bytes).toString('base64')}`;
        const link = await upload(dataUri, source, context, report);
        return rememberLink({ link, record }, start, client.service, context);
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
async function upload(
  dataUri: string,
  source: TaskSource,
  context: UploadContext,
  report: () => void,
): Promise<string> {
  const { client, clock, signal } = context;
  const start = clock.monotonic();
  for (let attempts = 1; ; attempts++) {
    const response = await attempt(dataUri, context);
    const link = 'kind' in response && response.kind === 'success' ? response.links[0] : undefined;
    if (link !== undefined) return link;
    const { failure, retryDelay } = interpretFailure(response, client, 1000 * 2 ** (attempts - 1));
    if (retryDelay === undefined || attempts === maxAttempts) throw failure;
    if (clock.monotonic() + retryDelay - start > retryLimit) throw failure;
    context.onRetry(source, failure.key, retryDelay);
    await clock.sleep(retryDelay, signal);
    report();
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
      // Another seed, which the message about duplicates advises, is of no use to an upload.
      const reason = response.reason === 'duplicate' ? 'rate-limited' : response.reason;
      const failure = refusalFailure({ ...response, reason }, service);
      const { retryAfter = 0 } = response;
      const isTemporary = reason === 'rate-limited' || reason === 'unavailable';
      return isTemporary ? { failure, retryDelay: Math.max(1000 * retryAfter, backoff) } : { failure };
    }
  }
}
