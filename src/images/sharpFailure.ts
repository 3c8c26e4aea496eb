import type { Sharp } from 'sharp';
import { MixFailure } from '../mix/failure.ts';
import type { Pixels } from './openImage.ts';

/** Runs a pipeline. The result lies in the shared WebAssembly heap, so it's copied out. */
export async function toBytes(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.toUint8Array();
  return { data: new Uint8Array(data), width: info.width, height: info.height };
}

/**
 * Whether an error says what is wrong with an image. sharp throws plain errors for that, and others for a mistake in the program
 * or a decoder that broke, after which the thread must end. It throws plain ones for its parameters too.
 */
export function isAboutImage(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Error' && !/^Expected .* but received /.test(error.message);
}

/**
 * Turns what the decoders say about an image into MixFailure.
 * @param explain says from the image's bytes what is wrong with it. By default, it counts as damaged.
 */
export async function rethrowTyped<T>(
  work: () => Promise<T>,
  explain: (cause: Error) => MixFailure = (cause) => new MixFailure('unreadable-image/damaged', { cause }),
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isAboutImage(cause)) throw cause;
    throw explain(cause);
  }
}
