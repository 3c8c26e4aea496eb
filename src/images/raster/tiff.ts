import { MixFailure } from '../../mix/failure.ts';
import { type ImageWarning, makeImageWarning } from '../../mix/imageWarning.ts';
import { labToSrgb } from './colorMath.ts';
import { exactInks } from './inks.ts';
import { refuseTooLarge } from './pixelLimit.ts';
import type { PreparedRaster } from './preparedRaster.ts';
import { TiffDirectory } from './tiffDirectory.ts';
import { photometrics, presentPartOfTiff, readLayout, type TiffLayout } from './tiffLayout.ts';
import { readSamples } from './tiffSamples.ts';
import { plainTiff } from './tiffWriter.ts';
import { readSubsampled } from './tiffYcbcr.ts';

const uncompressedKinds = new Set([1, 5, 8, 32_773, 32_946]);
const faxKinds = new Set([2, 3, 4]);
const jpegKind = 7;

/**
 * The first page of a TIFF: the file itself if the decoder is known to read its kind, otherwise rewritten as a plain one.
 * @throws MixFailure that names what can't be read.
 */
export function prepareTiff(bytes: Uint8Array): PreparedRaster {
  const directory = new TiffDirectory(bytes);
  refuseCameraRaw(directory);
  const layout = readLayout(directory);
  refuseTooLarge(layout.width, layout.height);
  refuseUnknown(layout);
  const present = presentPartOfTiff(layout, bytes.length);
  if (present < 1) throw new MixFailure('unreadable-image/cut', { args: { percent: Math.floor(present * 100) } });
  const profile = directory.blob(34_675);
  directory.blob(347); // tables that the decoder needs for JPEG
  const isInks = layout.photometric === photometrics.inks;
  const inks = isInks ? { inks: exactInks(profile) } : {};
  if (isReadByDecoder(layout)) return { bytes, ...inks, warnings: [] };
  const { data, channels, warnings, hasAlpha, isRgb } = convert(bytes, directory, layout);
  const plain = plainTiff({
    width: layout.width,
    height: layout.height,
    channels,
    data,
    isInks,
    hasAlpha,
    orientation: directory.number(274, 1),
    // CIELab was converted to sRGB, so its profile doesn't apply.
    profile: isRgb ? undefined : profile,
  });
  return { bytes: plain, ...inks, warnings };
}

function refuseCameraRaw(directory: TiffDirectory): void {
  const photometric = directory.number(262, 1);
  if (directory.has(50_706)) throw new MixFailure('unsupported-image', { args: { format: 'RAW (DNG)' } });
  if (photometric === 32_803 || photometric === 34_892) {
    throw new MixFailure('unsupported-image', { args: { format: 'RAW' } });
  }
}

function refuseUnknown(layout: TiffLayout): void {
  const { compression, photometric, bits, format, samples, predictor } = layout;
  const isFax = faxKinds.has(compression);
  if (layout.hasTiledPlanes && !uncompressedKinds.has(compression)) {
    throw new MixFailure('unsupported-image/tiff-compression', { args: { compression } });
  }
  if (!uncompressedKinds.has(compression) && !isFax && compression !== jpegKind) {
    throw new MixFailure('unsupported-image/tiff-compression', { args: { compression } });
  }
  const known: readonly number[] = Object.values(photometrics);
  if (!known.includes(photometric))
    throw new MixFailure('unsupported-image/tiff-color', { args: { number: photometric } });
  const depth = `${bits}-bit${format === 2 ? ' signed' : format === 3 ? ' float' : format > 4 ? ' complex' : ''}`;
  const areIntegers = format === 1 || format === 4;
  const isKnownDepth = (areIntegers && (bits <= 16 || bits === 32)) || (format === 3 && [16, 32, 64].includes(bits));
  const needsBytes = photometric === photometrics.lab || photometric === photometrics.iccLab;
  const isRight =
    isKnownDepth &&
    !(isFax && (bits !== 1 || samples !== 1)) &&
    !(compression === jpegKind && (bits !== 8 || (photometric !== photometrics.ycbcr && layout.hasOthers))) &&
    !(photometric === photometrics.palette && (!areIntegers || bits > 8 || samples !== 1)) &&
    !(photometric === photometrics.ycbcr && (bits !== 8 || samples !== 3 || layout.planar)) &&
    !(needsBytes && (!areIntegers || (bits !== 8 && bits !== 16)));
  if (!isRight) throw new MixFailure('unsupported-image/tiff-samples', { args: { bits: depth } });
  const canPredict =
    predictor === 1 || (predictor === 2 && areIntegers && bits % 8 === 0) || (predictor === 3 && format === 3);
  if (!canPredict)
    throw new MixFailure('unsupported-image/tiff-samples', { args: { bits: `${depth}, predictor ${predictor}` } });
}

/** Whether the decoder is known to read such a file right. */
function isReadByDecoder(layout: TiffLayout): boolean {
  const { compression, photometric, bits, format, samples, colors, alpha } = layout;
  if (compression === jpegKind || faxKinds.has(compression)) return true;
  if (layout.hasTiledPlanes) return false;
  if (format === 3 || bits > 16 || layout.hasOthers) return false;
  if (alpha && alpha.sample !== colors) return false;
  switch (photometric) {
    case photometrics.whiteIsZero:
    case photometrics.blackIsZero:
      return bits === 8 || bits === 16 || ([1, 2, 4].includes(bits) && samples === 1);
    case photometrics.rgb:
      return bits === 8 || bits === 16;
    case photometrics.palette:
      return [1, 2, 4, 8].includes(bits) && !layout.planar;
    case photometrics.inks:
      return (bits === 8 || bits === 16) && samples === 4;
    default:
      return false;
  }
}

interface Converted {
  readonly data: Uint16Array;
  readonly channels: number;
  readonly hasAlpha: boolean;
  /** Whether the colors became sRGB. */
  readonly isRgb: boolean;
  readonly warnings: readonly ImageWarning[];
}

function convert(bytes: Uint8Array, directory: TiffDirectory, layout: TiffLayout): Converted {
  const { width, height, photometric, colors, alpha } = layout;
  if (photometric === photometrics.ycbcr) {
    return { data: readSubsampled(bytes, directory, layout), channels: 3, hasAlpha: false, isRgb: true, warnings: [] };
  }
  const isPalette = photometric === photometrics.palette;
  const shown = isPalette ? 3 : colors;
  const channels = shown + (alpha ? 1 : 0);
  const data = new Uint16Array(width * height * channels);
  const range =
    layout.format === 3 ? rangeOf(bytes, layout, directory.littleEndian) : { min: 0, max: 2 ** layout.bits - 1 };
  const isInverted = photometric === photometrics.whiteIsZero;
  const palette = isPalette ? directory.numbers(320) : [];
  const entries = 2 ** layout.bits;
  const scale = 65_535 / (range.max - range.min);
  const alphaScale = layout.format === 3 ? 65_535 : scale;
  readSamples(bytes, layout, directory.littleEndian, (x, y, sample, value) => {
    const pixel = (y * width + x) * channels;
    if (isPalette) {
      for (let color = 0; color < 3; color++) data[pixel + color] = palette[color * entries + value] ?? 0;
    } else if (sample < colors) {
      const level = Math.min(65_535, Math.max(0, Math.round(((value || 0) - range.min) * scale)));
      data[pixel + sample] = isInverted ? 65_535 - level : level;
    } else if (sample === alpha?.sample) {
      data[pixel + shown] = Math.min(65_535, Math.max(0, Math.round((value || 0) * alphaScale)));
    }
  });
  if (alpha?.isMultiplied) divideByAlpha(data, channels);
  const isLab = photometric === photometrics.lab || photometric === photometrics.iccLab;
  if (isLab) labToRgb(data, channels, layout);
  const isOutside = layout.format === 3 && (range.min !== 0 || range.max !== 1);
  const warnings = isOutside
    ? [makeImageWarning('tiff-range', { min: rounded(range.min), max: rounded(range.max) })]
    : [];
  return { data, channels, hasAlpha: alpha !== undefined, isRgb: isLab, warnings };
}

const rounded = (value: number) => Number(value.toPrecision(4));

/** From 0 to 1 if all colors are in it, otherwise from the lowest value to the highest. */
function rangeOf(bytes: Uint8Array, layout: TiffLayout, littleEndian: boolean): { min: number; max: number } {
  let min = 0;
  let max = 1;
  readSamples(bytes, layout, littleEndian, (_x, _y, sample, value) => {
    if (sample >= layout.colors || !Number.isFinite(value)) return;
    if (value < min) min = value;
    if (value > max) max = value;
  });
  // Rounding while an image was scaled puts single values slightly outside.
  return min > -0.05 && max < 1.05 ? { min: 0, max: 1 } : { min, max };
}

function divideByAlpha(data: Uint16Array, channels: number): void {
  for (let pixel = 0; pixel < data.length; pixel += channels) {
    const alpha = data[pixel + channels - 1] ?? 0;
    for (let at = pixel; at < pixel + channels - 1; at++) {
      data[at] = alpha === 0 ? 0 : Math.min(65_535, Math.round(((data[at] ?? 0) * 65_535) / alpha));
    }
  }
}

function labToRgb(data: Uint16Array, channels: number, { photometric, bits }: TiffLayout): void {
  const max = 2 ** bits - 1;
  const unit = 2 ** (bits - 8);
  const isSigned = photometric === photometrics.lab;
  const chroma = (level: number) => {
    const value = Math.round((level / 65_535) * max);
    if (!isSigned) return value / unit - 128;
    return (value >= 128 * unit ? value - 256 * unit : value) / unit;
  };
  const white = isSigned || bits === 8 ? 65_535 : 65_280;
  for (let pixel = 0; pixel < data.length; pixel += channels) {
    const [l = 0, a = 0, b = 0] = data.subarray(pixel, pixel + 3);
    const color = labToSrgb((l / white) * 100, chroma(a), chroma(b));
    data.set(
      color.map((level) => Math.round(level * 257)),
      pixel,
    );
  }
}
