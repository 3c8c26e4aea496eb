import sharp, { type Sharp } from 'sharp';
import { MixFailure } from '../mix/failure.ts';
import type { EncodedImage, ImageInfo, Raster, ReadableFormat } from './codec.ts';
import { maxMegapixels } from './imageLimits.ts';

const maxPixels = maxMegapixels * 1e6;
/** The most pixels that an SVG is rendered with. */
const maxSvgPixels = 16e6;

/** In pixels. Larger images are scaled down before their pixels are compared, to bound the memory. */
const maxComparedSide = 4096;

/** An image file in memory, with its format. */
export interface ImageFile {
  readonly bytes: Uint8Array;
  readonly format: ReadableFormat;
}

/** Reads the header only. @throws MixFailure `image-too-large`, `unreadable-image`. */
export async function probe(file: ImageFile): Promise<ImageInfo> {
  const { autoOrient, hasAlpha } = await rethrowTyped(() => sharp(file.bytes, { limitInputPixels: false }).metadata());
  const { width, height } = autoOrient;
  if (file.format !== 'svg' && width * height > maxPixels) throw tooManyPixels(width, height);
  return { format: file.format, width, height, hasAlpha, warnings: [] };
}

/** Upright RGBA in sRGB that just covers `width × height`. Only SVG is scaled up. */
export async function decode(file: ImageFile, width: number, height: number): Promise<Raster> {
  const info = await probe(file);
  const scale = Math.max(width / info.width, height / info.height);
  const { data, ...size } = await render(() =>
    open(file, info, scale)
      .resize({ width, height, fit: 'outside', withoutEnlargement: true })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' }),
  );
  return { ...size, data: new Uint8ClampedArray(data.buffer) };
}

/** A WebP that fits a square of `side` pixels. */
export async function thumbnail(file: ImageFile, side: number): Promise<EncodedImage> {
  const info = await probe(file);
  const { data, ...size } = await render(() => fitInside(file, info, side).webp({ quality: 80, effort: 0 }));
  return { bytes: data, mime: 'image/webp', ...size };
}

/** An upright JPEG on white without metadata, at most `maxSide` pixels a side and `maxBytes` long. */
export async function uploadCopy(file: ImageFile, maxSide: number, maxBytes: number): Promise<EncodedImage> {
  const info = await probe(file);
  for (let side = maxSide; ; side = Math.ceil(side / 2)) {
    for (const quality of [90, 75, 55]) {
      const { data, ...size } = await render(() =>
        fitInside(file, info, side).flatten({ background: 'white' }).jpeg({ quality }),
      );
      if (data.length <= maxBytes || side <= 16) return { bytes: data, mime: 'image/jpeg', ...size };
    }
  }
}

/** Whether all pixels are equal. Decodes the whole image, so it also detects a truncated one. */
export async function isUniform(file: ImageFile): Promise<boolean> {
  const info = await probe(file);
  const { data, width, height } = await render(() => fitInside(file, info, maxComparedSide).raw({ depth: 'uchar' }));
  const channels = data.length / (width * height);
  for (let at = channels; at < data.length; at++) if (data[at] !== data[at - channels]) return false;
  return true;
}

/** A PNG of RGBA pixels. An opaque image is saved without alpha channel. */
export async function encodePng(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const image = sharp(bytes, { raw: { width, height, channels: 4 }, limitInputPixels: false });
  // On photographs, level 2 with adaptive filters is smaller and twice as fast as level 6 without.
  const png = (isOpaque(bytes) ? image.removeAlpha() : image).png({ compressionLevel: 2, adaptiveFiltering: true });
  return (await toBytes(png)).data;
}

function isOpaque(rgba: Uint8Array): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false;
  return true;
}

/** The upright image. An SVG is rendered at `scale` times its own size. */
function open({ bytes, format }: ImageFile, info: ImageInfo, scale: number): Sharp {
  const svgScale = Math.min(scale, Math.sqrt(maxSvgPixels / (info.width * info.height)));
  // An SVG has 72 pixels an inch by default. sharp takes densities from 1 to 100,000.
  const density = format === 'svg' ? { density: Math.min(Math.max(72 * svgScale, 1), 100_000) } : {};
  return sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, autoOrient: true, ...density });
}

function fitInside(file: ImageFile, info: ImageInfo, side: number): Sharp {
  const scale = side / Math.max(info.width, info.height);
  return open(file, info, scale).resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
}

interface Rendered {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

const render = (make: () => Sharp): Promise<Rendered> => rethrowTyped(() => toBytes(make()));

async function toBytes(image: Sharp): Promise<Rendered> {
  const { data, info } = await image.toUint8Array();
  // The result lies in the shared WebAssembly heap, so it must be copied out.
  return { data: new Uint8Array(data), width: info.width, height: info.height };
}

/** How the decoders phrase that a file ends too early. */
const truncatedMessage = /premature end|end of|read error|bad seek|corrupt header|unsupported image format/i;

/**
 * Whether an error says what is wrong with an image. sharp throws plain errors for that, and others for a mistake in the program
 * or a decoder that broke, after which the thread must end. It throws plain ones for its parameters too.
 */
function isAboutImage(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Error' && !/^Expected .* but received /.test(error.message);
}

/** Turns what the decoders say about an image into MixFailure. */
async function rethrowTyped<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isAboutImage(cause)) throw cause;
    const text = cause.message;
    if (/exceeds pixel limit/i.test(text)) throw new MixFailure('image-too-large', { cause });
    throw new MixFailure(truncatedMessage.test(text) ? 'unreadable-image/truncated' : 'unreadable-image/damaged', {
      cause,
    });
  }
}

function tooManyPixels(width: number, height: number): MixFailure {
  const megapixels = Math.round((width * height) / 1e6);
  return new MixFailure('image-too-large/pixels', { args: { width, height, megapixels, max: maxMegapixels } });
}
