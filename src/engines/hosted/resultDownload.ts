import { abortable } from '../../images/abortable.ts';
import type { Codec } from '../../images/codec.ts';
import { detectKind } from '../../images/imageFormat.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import type { FailureKey } from '../../mix/failureTable.ts';
import type { Clock } from '../clock.ts';
import type { MixResult } from '../engine.ts';
import { redactUrl } from './redaction.ts';

/** What downloading needs besides the link. */
export interface DownloadContext {
  readonly codec: Codec;
  readonly reader: SourceReader;
  /** The job's service, whose own links are always allowed. */
  readonly origin: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called before each attempt. */
  onAttempt(): void;
  /** Called before a wait of `delay` milliseconds. */
  onRetry(reason: string, delay: number): void;
}

/** A result, unchanged as the service generated it. */
interface DownloadedResult {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly format: MixResult['format'];
  /** Whether all pixels have the same color. The service sends such an image in place of one that it blocked. */
  readonly isBlank: boolean;
}

/** How long to retry if a link answers with an error, and if its host is unreachable; in milliseconds. */
const notReadyRetries = { limit: 45_000, maxDelay: 10_000 };
const outageRetries = { limit: 600_000, maxDelay: 60_000 };

/** Failures that mean the link's host is unreachable, for example because this machine is offline. */
const outages: ReadonlySet<FailureKey> = new Set([
  'network/dns',
  'network/connection',
  'network/timeout',
  'network/proxy-unreachable',
  'network/proxy-refused',
]);

/**
 * Downloads a result. Retries, because a link can answer with 403 or 404 for some seconds after the service reports success.
 * @throws MixFailure `result-unavailable`, `blocked-address` or `network`, or the signal's reason.
 */
export async function downloadResult(link: string, context: DownloadContext): Promise<DownloadedResult> {
  const { clock, signal } = context;
  const start = clock.monotonic();
  for (let retries = 0; ; retries++) {
    context.onAttempt();
    const result = await attempt(link, context);
    if (!(result instanceof MixFailure)) return result;
    const failure = downloadFailure(result, link);
    if (result.code === 'network' && !result.retryable) throw result; // its message names the setting to fix
    if (result.code === 'blocked-address' || result.code === 'image-too-large') throw failure;
    const { limit, maxDelay } = outages.has(result.key) ? outageRetries : notReadyRetries;
    const delay = Math.min(1000 * 2 ** retries, maxDelay);
    if (clock.monotonic() + delay - start > limit) throw failure;
    context.onRetry(result.key, delay);
    await clock.sleep(delay, signal);
  }
}

/** One attempt; resolves with the failure if there is no valid image. */
async function attempt(link: string, context: DownloadContext): Promise<DownloadedResult | MixFailure> {
  const { reader, codec, origin, signal } = context;
  try {
    const bytes = await abortable(reader.download(link, signal, origin), signal);
    const format = await formatOf(bytes);
    // This decodes the whole image, and so also detects a truncated one.
    return { bytes, format, isBlank: await abortable(codec.isUniform(bytes, signal), signal) };
  } catch (error) {
    if (error instanceof MixFailure) return error;
    throw error;
  }
}

/** The format according to the first bytes: the service sends images as text/plain too. */
async function formatOf(bytes: Uint8Array): Promise<MixResult['format']> {
  const name = (await detectKind(bytes))?.name;
  if (name === 'png' || name === 'jpeg' || name === 'webp') return name;
  throw new MixFailure('unsupported-image/not-an-image');
}

function downloadFailure(cause: MixFailure, url: string): MixFailure {
  const args = { link: redactUrl(url) };
  switch (cause.code) {
    case 'blocked-address':
      return new MixFailure('blocked-address/result', { args, cause });
    case 'network':
    case 'unreadable-image':
    case 'unsupported-image':
    case 'image-too-large':
      return new MixFailure(`result-unavailable/${cause.code}`, { args, cause });
    default:
      return new MixFailure('result-unavailable', { cause });
  }
}
