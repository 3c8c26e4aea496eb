import sharp, { type Sharp } from 'sharp';
import { MixFailure } from '../mix/failure.ts';
import type { EncodedImage, ImageInfo, Raster, ReadableFormat } from './codec.ts';
import { maxMegapixels } from './imageLimits.ts';

const maxPixels = maxMegapixels * 1e6;
/** SVG is drawn at the size that is wanted, but never above this many pixels. */
const maxDrawnPixels = 16e6;

/** Pictures that are larger, in pixels, are compared scaled down, to bound the memory. */
const maxComparedSide = 4096;

/** A picture file in memory, its format known. */
export interface ImageFile {
  readonly bytes: Uint8Array;
  readonly format: ReadableFormat;
}

/** Reads the header only. @throws MixFailure `image-too-large`, `unreadable-image`. */
export async function probe(file: ImageFile): Promise<ImageInfo> {
  const { autoOrient, hasAlpha } = await readable(() => sharp(file.bytes, { limitInputPixels: false }).metadata());
  const { width, height } = autoOrient;
  if (file.format !== 'svg' && width * height > maxPixels) throw tooManyPixels(width, height);
  return { format: file.format, width, height, hasAlpha };
}

/** Upright RGBA in sRGB that just covers `width × height`; only SVG is ever scaled up. */
export async function decode(file: ImageFile, width: number, height: number): Promise<Raster> {
  const info = await probe(file);
  const scale = Math.max(width / info.width, height / info.height);
  const { data, ...size } = await collect(() =>
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
  const { data, ...size } = await collect(() => fitInside(file, info, side).webp({ quality: 80, effort: 0 }));
  return { bytes: data, mime: 'image/webp', ...size };
}

/** An upright JPEG on white without any metadata, at most `maxSide` pixels a side and `maxBytes` long. */
export async function uploadCopy(file: ImageFile, maxSide: number, maxBytes: number): Promise<EncodedImage> {
  const info = await probe(file);
  for (let side = maxSide; ; side = Math.ceil(side / 2)) {
    for (const quality of [90, 75, 55]) {
      const { data, ...size } = await collect(() =>
        fitInside(file, info, side).flatten({ background: 'white' }).jpeg({ quality }),
      );
      if (data.length <= maxBytes || side <= 16) return { bytes: data, mime: 'image/jpeg', ...size };
    }
  }
}

/** Whether all pixels are equal in every channel. Decodes the whole picture, so that one that is cut off is found. */
export async function isUniform(file: ImageFile): Promise<boolean> {
  const info = await probe(file);
  const { data, width, height } = await collect(() => fitInside(file, info, maxComparedSide).raw({ depth: 'uchar' }));
  const channels = data.length / (width * height);
  for (let at = channels; at < data.length; at++) if (data[at] !== data[at - channels]) return false;
  return true;
}

/** A PNG of RGBA pixels, without the alpha channel where all of it is opaque. */
export async function encodePng(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const picture = sharp(bytes, { raw: { width, height, channels: 4 }, limitInputPixels: false });
  // Level 2 with adaptive filters is both smaller and twice as quick as level 6 without, on photographs.
  const png = (isOpaque(bytes) ? picture.removeAlpha() : picture).png({ compressionLevel: 2, adaptiveFiltering: true });
  return (await output(png)).data;
}

function isOpaque(rgba: Uint8Array): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false;
  return true;
}

/** The picture, turned upright; SVG drawn at `scale` times its own size. */
function open({ bytes, format }: ImageFile, info: ImageInfo, scale: number): Sharp {
  const drawn = Math.min(scale, Math.sqrt(maxDrawnPixels / (info.width * info.height)));
  // SVG is 72 pixels an inch; the density must lie between 1 and 100,000.
  const density = format === 'svg' ? { density: Math.min(Math.max(72 * drawn, 1), 100_000) } : {};
  return sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, autoOrient: true, ...density });
}

function fitInside(file: ImageFile, info: ImageInfo, side: number): Sharp {
  const scale = side / Math.max(info.width, info.height);
  return open(file, info, scale).resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
}

interface Output {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

const collect = (make: () => Sharp): Promise<Output> => readable(() => output(make()));

async function output(picture: Sharp): Promise<Output> {
  const { data, info } = await picture.toUint8Array();
  // The WebAssembly heap is shared memory and lives on: what leaves it must be a copy.
  return { data: new Uint8Array(data), width: info.width, height: info.height };
}

/** Decoders say in words of their own that a file ends too early. */
const cutOff = /premature end|end of|read error|bad seek|corrupt header|unsupported image format/i;

async function readable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : '';
    if (/exceeds pixel limit/i.test(text)) throw new MixFailure('image-too-large', { cause });
    throw new MixFailure(cutOff.test(text) ? 'unreadable-image/truncated' : 'unreadable-image/damaged', { cause });
  }
}

function tooManyPixels(width: number, height: number): MixFailure {
  const megapixels = Math.round((width * height) / 1e6);
  return new MixFailure('image-too-large/pixels', { args: { width, height, megapixels, max: maxMegapixels } });
}
