import { MixFailure } from '../../mix/failure.ts';
import type { TiffDirectory } from './tiffDirectory.ts';
import { tiffTag } from './tiffTag.ts';

/** How a TIFF stores its pixels. */
export interface TiffLayout {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly samples: number;
  /** 1 unsigned, 2 signed, 3 float. */
  readonly format: number;
  readonly compression: number;
  readonly photometric: number;
  readonly predictor: number;
  /** Whether each sample has a plane of its own. */
  readonly planar: boolean;
  /** Whether it's a TIFF of tiles whose samples count as planes, even if there is only one. */
  readonly hasTiledPlanes: boolean;
  /** Samples of color, before the extra ones. */
  readonly colors: number;
  /** The sample that is alpha, and whether the colors are multiplied by it. */
  readonly alpha: { readonly sample: number; readonly isMultiplied: boolean } | undefined;
  /** Extra samples that are neither color nor alpha. */
  readonly hasOthers: boolean;
  /** Strips or tiles. */
  readonly block: { readonly width: number; readonly height: number };
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
  readonly subsampling: { readonly across: number; readonly down: number };
}

/** The most bytes of an unpacked strip or tile. */
const maxBlockBytes = 1e9;

export const photometrics = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  palette: 3,
  inks: 5,
  ycbcr: 6,
  lab: 8,
  iccLab: 9,
} as const;

/** A broken tag can hold any number. */
const isCount = (value: number) => Number.isInteger(value) && value > 0;

/** Whether the colors are CIELab, in either form. */
export const isLab = ({ photometric }: TiffLayout): boolean =>
  photometric === photometrics.lab || photometric === photometrics.iccLab;

export function readLayout(directory: TiffDirectory): TiffLayout {
  const width = directory.number(tiffTag.width, 0);
  const height = directory.number(tiffTag.height, 0);
  const samples = directory.number(tiffTag.samples, 1);
  const depths = directory.has(tiffTag.bits) ? directory.numbers(tiffTag.bits) : [1];
  const [bits = 1] = depths;
  if (depths.some((one) => one !== bits)) {
    throw new MixFailure('unsupported-image/tiff-samples', { args: { bits: depths.join('-') } });
  }
  const formats = directory.has(tiffTag.sampleFormat) ? directory.numbers(tiffTag.sampleFormat) : [1];
  const [format = 1] = formats;
  if (formats.some((one) => one !== format)) {
    throw new MixFailure('unsupported-image/tiff-samples', {
      args: { bits: `${bits}-bit, formats ${formats.join('-')}` },
    });
  }
  const photometric = directory.number(tiffTag.photometric, samples >= 3 ? photometrics.rgb : photometrics.blackIsZero);
  const colors = { 2: 3, 5: 4, 6: 3, 8: 3, 9: 3 }[photometric] ?? 1;
  if (![width, height, samples, bits].every(isCount) || samples < colors) {
    throw new MixFailure('unreadable-image/damaged');
  }
  const isTiled = directory.has(tiffTag.tileWidth);
  const block = isTiled
    ? { width: directory.number(tiffTag.tileWidth, width), height: directory.number(tiffTag.tileHeight, height) }
    : { width, height: Math.min(height, directory.number(tiffTag.rowsPerStrip, height) || height) };
  const blockBytes = (block.width * block.height * samples * bits) / 8;
  if (!isCount(block.width) || !isCount(block.height) || blockBytes > maxBlockBytes) {
    throw new MixFailure('unreadable-image/damaged');
  }
  const [across = 2, down = 2] = directory.numbers(tiffTag.subsampling);
  return {
    width,
    height,
    bits,
    samples,
    format,
    compression: directory.number(tiffTag.compression, 1),
    photometric,
    predictor: directory.number(tiffTag.predictor, 1),
    planar: directory.number(tiffTag.planar, 1) === 2 && samples > 1,
    hasTiledPlanes: isTiled && directory.number(tiffTag.planar, 1) === 2,
    colors,
    ...extraSamples(directory, samples, colors),
    block,
    offsets: directory.numbers(isTiled ? tiffTag.tileOffsets : tiffTag.stripOffsets),
    lengths: directory.numbers(isTiled ? tiffTag.tileLengths : tiffTag.stripLengths),
    subsampling: { across, down },
  };
}

function extraSamples(
  directory: TiffDirectory,
  samples: number,
  colors: number,
): Pick<TiffLayout, 'alpha' | 'hasOthers'> {
  const kinds = directory.numbers(tiffTag.extraSamples);
  const extra = samples - colors;
  // Without the tag, a single extra sample is alpha in practice.
  if (kinds.length === 0) {
    return { alpha: extra === 1 ? { sample: colors, isMultiplied: false } : undefined, hasOthers: extra > 1 };
  }
  const at = kinds.findIndex((kind) => kind === 1 || kind === 2);
  const alpha = at >= 0 && at < extra ? { sample: colors + at, isMultiplied: kinds[at] === 1 } : undefined;
  return { alpha, hasOthers: extra > (alpha ? 1 : 0) };
}

/** The number of blocks in a row, a column and all planes. */
export function blockCounts({ width, height, block, planar, samples }: TiffLayout) {
  const across = Math.ceil(width / block.width);
  const down = Math.ceil(height / block.height);
  return { across, down, planes: planar ? samples : 1 };
}

/** The part of the blocks that is in a file of `length` bytes, from 0 to 1. */
export function presentPartOfTiff(layout: TiffLayout, length: number): number {
  const { across, down, planes } = blockCounts(layout);
  const total = across * down * planes;
  let present = 0;
  for (let at = 0; at < total; at++) {
    const [offset, size] = [layout.offsets[at], layout.lengths[at]];
    if (offset !== undefined && size !== undefined && size > 0 && offset > 0 && offset + size <= length) present++;
  }
  return present / total;
}
