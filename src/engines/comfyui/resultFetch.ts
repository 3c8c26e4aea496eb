import { abortable } from '../../images/abortable.ts';
import type { Codec } from '../../images/codec.ts';
import { detectKind } from '../../images/imageFormat.ts';
import { barePng } from '../../images/pngText.ts';
import { MixFailure } from '../../mix/failure.ts';
import type { ResultFormat } from '../../mix/resultFormat.ts';
import type { ComfyuiClient } from './comfyuiClient.ts';
import { type PatienceContext, patiently } from './patience.ts';
import type { ServerFile } from './wire/answers.ts';

/** How often a file is fetched that isn't an image, and milliseconds in between. */
const maxTries = 3;
const pause = 1_000;

export interface FetchContext extends PatienceContext {
  readonly client: ComfyuiClient;
  readonly codec: Codec;
  readonly format: ResultFormat;
}

/** A result as it is saved. */
export interface FetchedResult {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** Whether transparent pixels became white, because the format has no transparency. */
  readonly isFlattened: boolean;
}

/**
 * Fetches a result. The pixels of a PNG stay as they are. What else is in a file, such as the whole graph, isn't kept.
 * @returns undefined if the file was removed. @throws MixFailure, `result-unavailable/comfyui` if it isn't an image; or the signal's reason.
 */
export async function fetchResult(file: ServerFile, context: FetchContext): Promise<FetchedResult | undefined> {
  const { client, clock, signal } = context;
  for (let tries = 1; ; tries++) {
    const bytes = await patiently(() => client.view(file, signal), context);
    if (!bytes) return undefined;
    try {
      return await convert(bytes, context);
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      const failure = new MixFailure('result-unavailable/comfyui', {
        args: { server: client.address.name },
        cause: error,
      });
      if (tries === maxTries) throw failure;
      context.onWait(failure, pause);
      await clock.sleep(pause, signal);
    }
  }
}

async function convert(
  bytes: Uint8Array<ArrayBuffer>,
  { codec, format, signal }: FetchContext,
): Promise<FetchedResult> {
  const bare = format === 'png' && (await detectKind(bytes))?.name === 'png' ? barePng(bytes) : undefined;
  const probing = codec.probe(bytes, signal);
  if (bare) {
    const checking = codec.isUniform(bytes, signal); // decodes the whole image, and so detects a damaged one
    const [{ width, height }] = await abortable(Promise.all([probing, checking]), signal);
    return { bytes: bare, width, height, isFlattened: false };
  }
  const { width, height } = await abortable(probing, signal);
  const raster = await abortable(codec.decode(bytes, { width, height }, signal), signal);
  return { ...(await abortable(codec.encode(raster, format, signal), signal)), width, height };
}
