import { MixFailure } from '../../mix/failure.ts';
import { type ImageWarning, makeImageWarning } from '../../mix/imageWarning.ts';
import { refuseTooLarge } from '../imageLimits.ts';
import { cutOff } from './cutOff.ts';
import { exactInks } from './inks.ts';
import { uprightSize, validOrientation } from './orientation.ts';
import type { PreparedRaster } from './preparedRaster.ts';
import { convertSamples, type Range, rangeOf } from './tiffConversion.ts';
import { TiffDirectory } from './tiffDirectory.ts';
import { isLab, photometrics, presentPartOfTiff, readLayout, type TiffLayout } from './tiffLayout.ts';
import { tiffTag } from './tiffTag.ts';
import { plainTiff } from './tiffWriter.ts';
import { readSubsampled } from './tiffYcbcr.ts';

const uncompressedKinds = new Set([1, 5, 8, 32_773, 32_946]);
const faxKinds = new Set([2, 3, 4]);
const jpegKind = 7;

/** In a broken file, one page can lead to another for ever. */
const maxThumbnails = 16;

/**
 * The first page of a TIFF, but for thumbnails: the file itself if the decoder is known to read its kind, otherwise rewritten as a plain one.
 * @throws MixFailure that names what can't be read.
 */
export function prepareTiff(file: Uint8Array): PreparedRaster {
  const bytes = startingAtImage(file);
  const directory = new TiffDirectory(bytes);
  refuseCameraRaw(directory);
  const layout = readLayout(directory);
  refuseTooLarge(layout.width, layout.height);
  refuseUnknown(layout);
  refuseOtherInks(directory, layout);
  const present = presentPartOfTiff(layout, bytes.length);
  if (present < 1) throw cutOff(present);
  const palette = layout.photometric === photometrics.palette ? directory.numbers(tiffTag.palette) : [];
  if (layout.photometric === photometrics.palette && palette.length < 3 * 2 ** layout.bits) {
    throw new MixFailure('unreadable-image/damaged');
  }
  const profile = directory.blob(tiffTag.profile);
  directory.requireBlob(tiffTag.jpegTables);
  const isInks = layout.photometric === photometrics.inks;
  const inks = isInks ? { inks: exactInks(profile) } : {};
  const orientation = validOrientation(directory.number(tiffTag.orientation, 1));
  // The decoder refuses a file whose orientation isn't valid.
  if (isReadByDecoder(layout) && orientation === directory.number(tiffTag.orientation, 1))
    return { bytes, ...inks, warnings: [] };
  const { littleEndian } = directory;
  const range = rangeOf(bytes, layout, littleEndian);
  const hasAlpha = layout.alpha !== undefined;
  return {
    size: { ...uprightSize(layout, orientation), hasAlpha },
    warnings: warningsOf(range, layout),
    convert: async () => {
      const isYcbcr = layout.photometric === photometrics.ycbcr;
      const converted = isYcbcr
        ? readSubsampled(bytes, directory, layout)
        : convertSamples(bytes, littleEndian, layout, { range, palette });
      const isRgb = isYcbcr || isLab(layout);
      const plain = plainTiff({
        width: layout.width,
        height: layout.height,
        channels: converted.length / (layout.width * layout.height),
        // The decoder gives inks of 16 bits out wrong.
        data: isInks ? Uint8Array.from(converted, (level) => Math.round(level / 257)) : converted,
        isInks,
        hasAlpha,
        orientation,
        // What was converted to sRGB has no use for its profile.
        profile: isRgb ? undefined : profile,
      });
      return { file: { bytes: plain, ...inks } };
    },
  };
}

/** The file, without thumbnails before its first page. A file of nothing else is itself. */
function startingAtImage(file: Uint8Array): Uint8Array {
  const first = new TiffDirectory(file);
  refuseCameraRaw(first);
  let page = first;
  let place = 0;
  for (let count = 0; isThumbnail(page) && count < maxThumbnails; count++) {
    place = page.next;
    if (place === 0) return file;
    page = new TiffDirectory(file, place);
  }
  return place === 0 || isThumbnail(page) ? file : first.startingAt(place);
}

const isThumbnail = (page: TiffDirectory): boolean => (page.number(tiffTag.subfileType, 0) & 1) === 1;

function refuseCameraRaw(directory: TiffDirectory): void {
  const photometric = directory.number(tiffTag.photometric, 1);
  if (directory.has(tiffTag.dngVersion)) throw new MixFailure('unsupported-image', { args: { format: 'RAW (DNG)' } });
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
  const isPackedLab = compression === jpegKind && isLab(layout);
  if (!known.includes(photometric) || isPackedLab)
    throw new MixFailure('unsupported-image/tiff-color', { args: { number: photometric } });
  const depth = `${bits}-bit${format === 2 ? ' signed' : format === 3 ? ' float' : format > 4 ? ' complex' : ''}`;
  const areIntegers = format === 1 || format === 4;
  const isKnownDepth = (areIntegers && (bits <= 16 || bits === 32)) || (format === 3 && [16, 32, 64].includes(bits));
  const areSamplesSupported =
    isKnownDepth &&
    !(isFax && (bits !== 1 || samples !== 1)) &&
    !(compression === jpegKind && (bits !== 8 || (photometric !== photometrics.ycbcr && layout.hasOthers))) &&
    !(photometric === photometrics.palette && (!areIntegers || bits > 16 || samples !== 1)) &&
    !(photometric === photometrics.ycbcr && (bits !== 8 || samples !== 3 || layout.planar)) &&
    !(isLab(layout) && (!areIntegers || (bits !== 8 && bits !== 16)));
  if (!areSamplesSupported) throw new MixFailure('unsupported-image/tiff-samples', { args: { bits: depth } });
  const canPredict =
    predictor === 1 || (predictor === 2 && areIntegers && bits % 8 === 0) || (predictor === 3 && format === 3);
  if (!canPredict)
    throw new MixFailure('unsupported-image/tiff-samples', { args: { bits: `${depth}, predictor ${predictor}` } });
}

/** Only cyan, magenta, yellow and black become colors. */
function refuseOtherInks(directory: TiffDirectory, { photometric, samples }: TiffLayout): void {
  if (photometric !== photometrics.inks) return;
  const isCmyk = directory.number(tiffTag.inkSet, 1) === 1 && directory.number(tiffTag.inkCount, 4) === 4;
  if (!isCmyk || (samples > 4 && !directory.has(tiffTag.extraSamples))) {
    throw new MixFailure('unsupported-image/tiff-color', { args: { number: photometric } });
  }
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
      return bits === 8 && samples === 4;
    default:
      return false;
  }
}

function warningsOf({ min, max }: Range, { format }: TiffLayout): ImageWarning[] {
  if (format !== 3 || (min === 0 && max === 1)) return [];
  return [makeImageWarning('tiff-range', { min: rounded(min), max: rounded(max) })];
}

const rounded = (value: number) => Number(value.toPrecision(4));
