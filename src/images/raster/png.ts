import { MixFailure } from '../../mix/failure.ts';
import { makeImageWarning } from '../../mix/imageWarning.ts';
import type { Pixels } from '../openImage.ts';
import { cutOff } from './cutOff.ts';
import { uprightSize, validOrientation } from './orientation.ts';
import { number32, type PngChunk, pngChunk, readChunks } from './pngChunks.ts';
import { profileChunk, replacedByProfile } from './pngColors.ts';
import { withWholeData } from './pngData.ts';
import type { DecoderFile, PreparedRaster } from './preparedRaster.ts';
import { TiffDirectory } from './tiffDirectory.ts';
import { tiffTag } from './tiffTag.ts';
import { plainTiff } from './tiffWriter.ts';

/**
 * A PNG without what the decoder stumbles over, and with the profile that its color chunks stand for. Of an animation that doesn't
 * start with the image itself, the first frame.
 * @param draw draws a file in its own size.
 */
export function preparePng(bytes: Uint8Array, draw: (file: DecoderFile) => Promise<Pixels>): PreparedRaster {
  const chunks = readChunks(bytes);
  const find = (type: string) => chunks.find((chunk) => chunk.type === type)?.data;
  if (find('CgBI')) throw new MixFailure('unsupported-image/png-cgbi');
  const header = find('IHDR');
  if (!header || header.length < 13) throw cutOff(0);
  const profile = profileChunk(chunks, header);
  const frame = separateFrame(chunks, header);
  const isComplete = chunks.some(({ type }) => type === 'IEND');
  if (!profile && !frame && isComplete) return { bytes, warnings: [] };
  const kept = frame ? frame.chunks : withWholeData(chunks, header);
  const parts = kept.flatMap(({ type, data }) => {
    if (type === 'IHDR') return [pngChunk(type, data), ...(profile ? [profile] : [])];
    if (profile && replacedByProfile.has(type)) return [];
    return type === 'IEND' ? [] : [pngChunk(type, data)];
  });
  const warnings = isComplete ? [] : [makeImageWarning('no-end')];
  const rewritten = Buffer.concat([bytes.subarray(0, 8), ...parts, pngChunk('IEND', new Uint8Array())]);
  if (!frame) return { bytes: rewritten, warnings };
  const { canvas } = frame.place;
  const orientation = orientationOf(find('eXIf'));
  return {
    size: { ...uprightSize(canvas, orientation), hasAlpha: true },
    warnings,
    convert: async () => {
      const data = onCanvas(await draw({ bytes: rewritten }), frame.place);
      const tiff = plainTiff({ ...canvas, channels: 4, data, isInks: false, hasAlpha: true, orientation });
      return { file: { bytes: tiff } };
    },
  };
}

/** Where the first frame of an animation is, if it isn't the image itself. */
interface FramePlace {
  readonly x: number;
  readonly y: number;
  readonly canvas: { readonly width: number; readonly height: number };
}

function onCanvas(frame: Pixels, { x, y, canvas }: FramePlace): Uint8Array {
  const data = new Uint8Array(canvas.width * canvas.height * 4);
  for (let row = 0; row < frame.height; row++) {
    const line = frame.data.subarray(row * frame.width * 4, (row + 1) * frame.width * 4);
    data.set(line, ((y + row) * canvas.width + x) * 4);
  }
  return data;
}

/** EXIF is a TIFF. */
function orientationOf(exif: Uint8Array | undefined): number {
  if (!exif) return 1;
  try {
    return validOrientation(new TiffDirectory(exif).number(tiffTag.orientation, 1));
  } catch (error) {
    if (!(error instanceof MixFailure)) throw error;
    return 1; // as decoders do
  }
}

/** The first frame of an animation whose image isn't part of it, as the chunks of a PNG. */
function separateFrame(
  chunks: readonly PngChunk[],
  header: Uint8Array,
): { chunks: PngChunk[]; place: FramePlace } | undefined {
  const image = chunks.findIndex(({ type }) => type === 'IDAT');
  const first = chunks.findIndex(({ type }) => type === 'fcTL');
  const control = chunks[first]?.data;
  const animation = chunks.findIndex(({ type }) => type === 'acTL');
  const count = chunks[animation]?.data;
  if (!count || count.length < 8 || number32(count, 0) === 0) return undefined;
  if (animation > image || first < image || !control || control.length < 26) return undefined;
  const [width = 0, height = 0, x = 0, y = 0] = [4, 8, 12, 16].map((at) => number32(control, at));
  const canvas = { width: number32(header, 0), height: number32(header, 4) };
  const next = chunks.findIndex(({ type }, at) => at > first && type === 'fcTL');
  const data = chunks.slice(first + 1, next < 0 ? undefined : next).filter(({ type }) => type === 'fdAT');
  if (data.length === 0 || width === 0 || height === 0 || x + width > canvas.width || y + height > canvas.height) {
    return undefined; // not a valid animation: browsers show the image
  }
  const own = Buffer.from(header);
  own.writeUInt32BE(width, 0);
  own.writeUInt32BE(height, 4);
  const before = chunks.slice(1, image).filter(({ type }) => type !== 'acTL' && type !== 'fcTL' && type !== 'eXIf');
  return {
    chunks: [
      { type: 'IHDR', data: own, whole: true },
      ...before,
      ...data.map((one) => ({ type: 'IDAT', data: one.data.subarray(4), whole: one.whole })),
    ],
    place: { x, y, canvas },
  };
}
