import sharp from 'sharp';
import { MixFailure } from '../mix/failure.ts';
import type { ResultFormat } from '../mix/resultFormat.ts';
import type { EncodedImage, EncodedResult, ImageInfo, Raster } from './codec.ts';
import { requireReadable } from './imageFormat.ts';
import type { ImageFile, OpenImage, Pixels } from './openImage.ts';
import { openRaster } from './raster/openRaster.ts';
import { toBytes } from './sharpFailure.ts';
import { infoOf, type SvgAssets, SvgImages } from './svg/svgImage.ts';

/** In pixels. Images inside of an SVG are scaled down to it. */
const embeddedBounds = { width: 4096, height: 4096, fit: 'inside' } as const;

/** In pixels. Larger images are scaled down before their pixels are compared, to bound the memory. */
const maxComparedSide = 4096;

const open = (file: ImageFile): Promise<OpenImage> => (file.format === 'svg' ? openSvg(file) : openRaster(file));

/** Reads the header only. @throws MixFailure `image-too-large`, `unreadable-image`, `unsupported-image`. */
export async function probe(file: ImageFile): Promise<ImageInfo> {
  return (await open(file)).info;
}

/** Upright RGBA in sRGB that just covers `width × height`. Only SVG is scaled up. */
export async function decode(file: ImageFile, width: number, height: number): Promise<Raster> {
  const image = await open(file);
  const { data, ...size } = await image.draw({ width, height, fit: 'outside' });
  return { ...size, data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength) };
}

/** On photographs, level 2 with adaptive filters is smaller and twice as fast as level 6 without. */
const pngOptions = { compressionLevel: 2, adaptiveFiltering: true };

/** A WebP that fits a square of `side` pixels. */
export async function thumbnail(file: ImageFile, side: number): Promise<EncodedImage> {
  const pixels = await fitInside(await open(file), side);
  const { data, ...size } = await toBytes(fromPixels(pixels).webp({ quality: 80, effort: 0 }));
  return { bytes: data, mime: 'image/webp', ...size };
}

/** An upright JPEG on white without metadata, at most `maxSide` pixels a side and `maxBytes` long. */
export async function uploadCopy(file: ImageFile, maxSide: number, maxBytes: number): Promise<EncodedImage> {
  const image = await open(file);
  for (let side = maxSide; ; side = Math.ceil(side / 2)) {
    const pixels = await fitInside(image, side);
    for (const quality of [90, 75, 55]) {
      const { data, ...size } = await toBytes(onWhite(pixels).jpeg({ quality }));
      if (data.length <= maxBytes || side <= 16) return { bytes: data, mime: 'image/jpeg', ...size };
    }
  }
}

/** An upright PNG on white without metadata, at most `maxSide` pixels a side. */
export async function uploadPng(file: ImageFile, maxSide: number): Promise<EncodedImage> {
  const pixels = await fitInside(await open(file), maxSide);
  const { data, ...size } = await toBytes(onWhite(pixels).png(pngOptions));
  return { bytes: data, mime: 'image/png', ...size };
}

/** Whether all pixels are equal. Decodes the whole image, so it also detects a truncated one. */
export async function isUniform(file: ImageFile): Promise<boolean> {
  const { data } = await fitInside(await open(file), maxComparedSide);
  for (let at = 4; at < data.length; at++) if (data[at] !== data[at - 4]) return false;
  return true;
}

/** Of JPEG and WebP, up to 100. At 90, the loss is hard to see. */
const resultQuality = 90;

/** A result's file of RGBA pixels. Transparent ones become white where the format has no transparency. */
export async function encode(
  bytes: Uint8Array,
  { width, height }: { width: number; height: number },
  format: ResultFormat,
): Promise<EncodedResult> {
  if (format === 'png') return { bytes: await encodePng(bytes, width, height), isFlattened: false };
  const image = fromPixels({ data: bytes, width, height });
  const hasAlpha = !isOpaque(bytes);
  if (format === 'jpeg') {
    const jpeg = onWhite({ data: bytes, width, height }).jpeg({ quality: resultQuality, chromaSubsampling: '4:4:4' });
    return { bytes: (await toBytes(jpeg)).data, isFlattened: hasAlpha };
  }
  // More effort makes files a few percent smaller, in twice the time.
  const webp = (hasAlpha ? image : image.removeAlpha()).webp({ quality: resultQuality, effort: 2 });
  return { bytes: (await toBytes(webp)).data, isFlattened: false };
}

/** A PNG of RGBA pixels. An opaque image is saved without alpha channel. */
export async function encodePng(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const image = fromPixels({ data: bytes, width, height });
  const png = (isOpaque(bytes) ? image.removeAlpha() : image).png(pngOptions);
  return (await toBytes(png)).data;
}

function isOpaque(rgba: Uint8Array): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false;
  return true;
}

const fitInside = (image: OpenImage, side: number): Promise<Pixels> =>
  image.draw({ width: side, height: side, fit: 'inside' });

const fromPixels = ({ data, width, height }: { data: Uint8Array; width: number; height: number }) =>
  sharp(data, { raw: { width, height, channels: 4 }, limitInputPixels: false });

const bytesOf = ({ buffer, byteOffset, byteLength }: Raster['data']) => new Uint8Array(buffer, byteOffset, byteLength);

/** Without alpha channel: what is transparent lets white through. Most images are opaque, and then only the channel is dropped. */
const onWhite = (pixels: { data: Uint8Array; width: number; height: number }) =>
  isOpaque(pixels.data) ? fromPixels(pixels).removeAlpha() : fromPixels(pixels).flatten({ background: 'white' });

let svgImages: SvgImages | undefined;

/** Says where the renderer for SVG and the fonts are. Called once, before the first SVG. */
export function useSvgAssets(assets: SvgAssets): void {
  svgImages = new SvgImages(assets, {
    fromFile: embeddedPng,
    fromRaster: ({ data, width, height }) => encodePng(bytesOf(data), width, height),
  });
}

/** An image inside of an SVG as PNG. Undefined if it can't be read. */
async function embeddedPng(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const format = await requireReadable(bytes);
    if (format === 'svg') return undefined;
    const { data, width, height } = await (await openRaster({ bytes, format })).draw(embeddedBounds);
    return await encodePng(data, width, height);
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    return undefined;
  }
}

async function openSvg({ bytes }: ImageFile): Promise<OpenImage> {
  if (!svgImages) throw new Error('The folder of the SVG renderer is not known');
  const images = svgImages;
  const drawing = await images.open(bytes);
  const { size } = drawing.document;
  return {
    info: infoOf(drawing),
    draw: async ({ width, height, fit }) => {
      const [across, down] = [width / size.width, height / size.height];
      const scale = fit === 'outside' ? Math.max(across, down) : Math.min(across, down);
      const { data, ...drawn } = await images.render(drawing, scale);
      return { ...drawn, data: bytesOf(data) };
    },
  };
}
