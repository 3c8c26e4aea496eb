import { MixFailure } from '../mix/failure.ts';

/** The largest file that is read, in bytes. */
export const maxSourceBytes = 100 * 1024 * 1024;

/** The largest SVG document, in bytes. Its whole text is parsed before its size is known. */
export const maxSvgBytes = 10 * 1024 * 1024;

/** The largest image that is decoded, in millions of pixels. */
export const maxMegapixels = 100;

/** The same of AVIF, whose decoder keeps several copies. Measured: from 85 on, its memory isn't enough. */
export const maxAvifMegapixels = 70;

/** @param max in millions of pixels. @throws MixFailure `image-too-large/pixels` */
export function refuseTooLarge(width: number, height: number, max = maxMegapixels): void {
  if (width * height <= max * 1e6) return;
  const megapixels = Math.round((width * height) / 1e6);
  throw new MixFailure('image-too-large/pixels', { args: { width, height, megapixels, max } });
}

/** The failure for a file of `length` bytes if at most `max` are allowed. Its message counts in MiB. */
export function tooManyBytes(length: number, max: number): MixFailure {
  const megabytes = (count: number) => Math.ceil(count / 1024 / 1024);
  return new MixFailure('image-too-large/bytes', {
    args: { megabytes: megabytes(length), max: megabytes(max) },
  });
}
