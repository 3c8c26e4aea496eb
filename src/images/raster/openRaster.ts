import sharp, { type Sharp } from 'sharp';
import { MixFailure } from '../../mix/failure.ts';
import { maxAvifMegapixels, maxMegapixels, refuseTooLarge } from '../imageLimits.ts';
import type { Bounds, ImageFile, OpenImage, Pixels } from '../openImage.ts';
import { isAboutImage, rethrowTyped, toBytes } from '../sharpFailure.ts';
import { divideByAlpha } from './alpha.ts';
import { prepareAvif, presentPartOfAvif } from './avif.ts';
import { cutOff } from './cutOff.ts';
import { prepareGif } from './gif.ts';
import type { Inks } from './inks.ts';
import { explainJpeg, prepareJpeg } from './jpeg.ts';
import { preparePng } from './png.ts';
import { presentPartOfPng, repackPng } from './pngData.ts';
import type { DecoderFile, PreparedRaster } from './preparedRaster.ts';
import { fromGrayProfile } from './recolor.ts';
import { prepareTiff } from './tiff.ts';
import { prepareWebp, presentPartOfWebp } from './webp.ts';

const maxPixels = maxMegapixels * 1e6;

/** Opens any image but SVG. @throws MixFailure `image-too-large`, `unreadable-image`, `unsupported-image`. */
export async function openRaster(file: ImageFile): Promise<OpenImage> {
  const prepared = await prepare(file);
  const { format } = file;
  const { warnings } = prepared;
  if ('size' in prepared) {
    const { size } = prepared;
    refuseTooLarge(size.width, size.height);
    return {
      info: { format, ...size, warnings },
      draw: async (bounds) => {
        const converted = await prepared.convert();
        return 'pixels' in converted
          ? drawPixels(converted.pixels, size, bounds)
          : drawFile({ bytes: converted.file.bytes, format }, converted.file, bounds);
      },
    };
  }
  const metadata = await readMetadata(file, prepared);
  const { width, height, hasAlpha } = metadata;
  refuseTooLarge(width, height, format === 'avif' ? maxAvifMegapixels : maxMegapixels);
  return {
    info: { format, width, height, hasAlpha, warnings },
    draw: (bounds) => drawFile(file, prepared, bounds, metadata),
  };
}

async function prepare(file: ImageFile): Promise<PreparedRaster> {
  switch (file.format) {
    case 'gif':
      return prepareGif(file.bytes);
    case 'jpeg':
      return prepareJpeg(file.bytes, isWholeJpeg);
    case 'png':
      return preparePng(file.bytes, (frame) => drawFile(file, frame, maxBounds));
    case 'tiff':
      return prepareTiff(file.bytes);
    case 'avif':
      return prepareAvif(file.bytes);
    case 'webp':
      return prepareWebp(file.bytes);
    default:
      throw new Error(`${file.format} is not a raster format`);
  }
}

async function readMetadata(file: ImageFile, { bytes }: DecoderFile) {
  const { autoOrient, space, icc, hasAlpha } = await rethrowTyped(
    () => sharp(bytes, { limitInputPixels: false }).metadata(),
    (cause) => explain(file, cause),
  );
  return { ...autoOrient, space, icc, hasAlpha };
}

/** As large as any image: it isn't scaled. */
const maxBounds = { width: 100_000, height: 100_000, fit: 'inside' } as const;

const scaled = (image: Sharp, { width, height, fit }: Bounds) =>
  image.resize({ width, height, fit, withoutEnlargement: true });

function drawPixels(data: Uint8Array, { width, height }: { width: number; height: number }, bounds: Bounds) {
  const image = sharp(data, { raw: { width, height, channels: 4 }, limitInputPixels: maxPixels });
  return rethrowTyped(() => toBytes(scaled(image, bounds).raw({ depth: 'uchar' })));
}

/** @param file what the failure is about. */
async function drawFile(
  file: ImageFile,
  part: DecoderFile,
  bounds: Bounds,
  metadata?: Awaited<ReturnType<typeof readMetadata>>,
): Promise<Pixels> {
  const { bytes, inks } = part;
  if (part.isMultiplied) {
    const whole = await drawFile(file, { bytes }, maxBounds, metadata);
    divideByAlpha(whole.data, 4);
    part.recolor?.(whole.data);
    return drawPixels(whole.data, whole, bounds);
  }
  const { space, icc } = metadata ?? (await readMetadata(file, part));
  // sharp turns 16-bit RGB with a profile into Display P3, whatever is asked for.
  const needsSrgbProfile = space === 'rgb16' && icc !== undefined;
  // Nor does it apply the profile of 16-bit gray.
  const recolor = space === 'grey16' && icc ? fromGrayProfile(icc) : part.recolor;
  const draw = async (failOn: 'error' | 'warning', source = bytes): Promise<Pixels> => {
    const image = scaled(sharp(source, { failOn, limitInputPixels: maxPixels, autoOrient: true }), bounds);
    if (inks) {
      const raw = await toBytes(image.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' }));
      return { ...raw, data: withColors(raw.data, raw.data.length / (raw.width * raw.height), inks) };
    }
    const rgb = needsSrgbProfile ? image.withIccProfile('srgb') : image.toColourspace('srgb');
    const pixels = await toBytes(rgb.ensureAlpha().raw({ depth: 'uchar' }));
    recolor?.(pixels.data);
    return pixels;
  };
  return rethrowTyped(
    async () => {
      try {
        return await draw(file.format === 'jpeg' ? 'warning' : 'error');
      } catch (error) {
        if (!isAboutImage(error)) throw error;
        if (file.format === 'jpeg' && isHarmless(error)) return draw('error');
        const repacked = file.format === 'png' ? repackPng(bytes, file.bytes) : undefined;
        if (repacked) return draw('error', repacked);
        throw error;
      }
    },
    (cause) => explain(file, cause),
  );
}

/** What libjpeg warns of although it decodes all of the image. The rest means that part of it is made up. */
const isHarmless = ({ message }: Error) =>
  !/premature end|bad huffman|corrupt data|found marker|restart|progression/i.test(message);

/** @param channels 4, or 5 with alpha. */
function withColors(data: Uint8Array<ArrayBuffer>, channels: number, inks: Inks) {
  if (channels === 4) return new Uint8Array(inks(data));
  const count = data.length / channels;
  const plain = new Uint8Array(count * 4);
  for (let at = 0; at < count; at++) plain.set(data.subarray(at * channels, at * channels + 4), at * 4);
  const colors = new Uint8Array(inks(plain));
  for (let at = 0; at < count; at++) colors[at * 4 + 3] = data[at * channels + 4] ?? 255;
  return colors;
}

async function isWholeJpeg(bytes: Uint8Array): Promise<boolean> {
  try {
    await sharp(bytes, { failOn: 'warning', limitInputPixels: maxPixels }).stats();
    return true;
  } catch (error) {
    if (!isAboutImage(error)) throw error;
    return isHarmless(error);
  }
}

/** What is wrong with a file that the decoder can't read: the bytes say more than the decoder. */
function explain({ bytes, format }: ImageFile, cause: Error): MixFailure {
  if (format === 'jpeg') return explainJpeg(bytes, cause);
  const part = presentPart(bytes, format);
  if (part === undefined || part >= 1) return new MixFailure('unreadable-image/damaged', { cause });
  return cutOff(part, cause);
}

function presentPart(bytes: Uint8Array, format: ImageFile['format']): number | undefined {
  switch (format) {
    case 'png':
      return presentPartOfPng(bytes);
    case 'webp':
      return presentPartOfWebp(bytes);
    case 'avif':
      return presentPartOfAvif(bytes);
    default:
      return undefined;
  }
}
