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
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onRetry(why: string, pause: number): void;
}

/** A picture as the service made it. */
export interface DownloadedResult {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly format: MixResult['format'];
  /** Every pixel has one colour: how the service shows a picture that it blocked. */
  readonly isBlank: boolean;
}

/** How long a link may answer with an error after the work was done, and how long its host may be out of reach (milliseconds). */
const unreadyLink = { patience: 45_000, longestPause: 10_000 };
const outage = { patience: 600_000, longestPause: 60_000 };

/**
 * Gets a picture, again and again while its link is not ready: a link can answer 403 or 404 for some seconds after success.
 * @throws MixFailure `result-unavailable` or `blocked-address`, or the signal's reason.
 */
export async function downloadResult(link: string, downloading: DownloadContext): Promise<DownloadedResult> {
  const { clock, signal } = downloading;
  const begun = clock.now();
  for (let tries = 0; ; tries++) {
    const result = await tryDownload(link, downloading);
    if (!(result instanceof MixFailure)) return result;
    const failure = downloadFailure(result, link);
    if (result.code === 'network' && !result.retryable) throw result; // a setting is wrong, and the message names it
    if (result.code === 'blocked-address' || result.code === 'image-too-large') throw failure;
    const { patience, longestPause } = outages.has(result.key) ? outage : unreadyLink;
    const pause = Math.min(1000 * 2 ** tries, longestPause);
    if (clock.now() + pause - begun > patience) throw failure;
    downloading.onRetry(result.key, pause);
    await clock.sleep(pause, signal);
  }
}

/** How the link's host can be out of reach altogether, as when the machine is offline. */
const outages: ReadonlySet<FailureKey> = new Set([
  'network/dns',
  'network/connection',
  'network/timeout',
  'network/proxy-unreachable',
  'network/proxy-refused',
]);

/** One try; resolves with the failure where there is no right picture. */
async function tryDownload(
  link: string,
  { reader, codec, signal }: DownloadContext,
): Promise<DownloadedResult | MixFailure> {
  try {
    const bytes = await reader.read({ kind: 'url', url: link }, signal);
    const format = await formatOf(bytes);
    // Telling the colours decodes the whole picture, and so finds one that was cut off.
    return { bytes, format, isBlank: await codec.isUniform(bytes, signal) };
  } catch (error) {
    if (error instanceof MixFailure) return error;
    throw error;
  }
}

/** The format by the first bytes: the service sends pictures as text/plain too. */
async function formatOf(bytes: Uint8Array): Promise<MixResult['format']> {
  const name = (await detectKind(bytes))?.name;
  if (name === 'png' || name === 'jpeg' || name === 'webp') return name;
  throw new MixFailure('unsupported-image/not-a-picture');
}

function downloadFailure(cause: MixFailure, address: string): MixFailure {
  const args = { link: redactUrl(address) };
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
