import { MixFailure } from '../../mix/failure.ts';
import { makeImageWarning } from '../../mix/imageWarning.ts';
import { cutOff } from './cutOff.ts';
import { browserInks } from './inks.ts';
import { type JpegFrame, readJpeg } from './jpegMarkers.ts';
import { hasAllScans, presentPartOfJpeg } from './jpegProgress.ts';
import type { PreparedRaster } from './preparedRaster.ts';

/**
 * A JPEG with its end marker. One that lacks only that is complete.
 * @param isWhole whether the decoder reads all scans of a repaired file without a complaint.
 */
export async function prepareJpeg(
  bytes: Uint8Array,
  isWhole: (repaired: Uint8Array) => Promise<boolean>,
): Promise<PreparedRaster> {
  const structure = readJpeg(bytes);
  const { frame, ended, profile } = structure;
  if (frame) refuseUnreadable(frame);
  const inks = frame?.components.length === 4 ? { inks: browserInks(profile) } : {};
  if (ended) return { bytes, ...inks, warnings: [] };
  const part = presentPartOfJpeg(bytes, structure);
  if (structure.scans.length > 0) {
    const repaired = withEnd(bytes);
    // Of a progressive JPEG that is coarse at worst, the decoder knows whether the last scan is complete.
    const isComplete = part === 1 || (part === 'coarse' && hasAllScans(structure) && (await isWhole(repaired)));
    if (isComplete) return { bytes: repaired, ...inks, warnings: [makeImageWarning('no-end')] };
  }
  throw incomplete(part);
}

/** What is wrong with a JPEG that the decoder can't read to the end. One that has its end isn't cut off. */
export function explainJpeg(bytes: Uint8Array, cause: Error): MixFailure {
  const structure = readJpeg(bytes);
  if (structure.ended) return new MixFailure('unreadable-image/damaged', { cause });
  return incomplete(presentPartOfJpeg(bytes, structure), cause);
}

function incomplete(part: ReturnType<typeof presentPartOfJpeg>, cause?: Error): MixFailure {
  if (part === 'coarse') return new MixFailure('unreadable-image/coarse', { cause });
  if (part === undefined || part >= 1) return new MixFailure('unreadable-image/damaged', { cause });
  return cutOff(part, cause);
}

function withEnd(bytes: Uint8Array): Uint8Array {
  const length = bytes.at(-1) === 0xff ? bytes.length - 1 : bytes.length;
  const repaired = new Uint8Array(length + 2);
  repaired.set(bytes.subarray(0, length));
  repaired.set([0xff, 0xd9], length);
  return repaired;
}

function refuseUnreadable({ marker, precision, components }: JpegFrame): void {
  if (marker === 0xc3 || marker === 0xf7) throw new MixFailure('unsupported-image/jpeg-lossless');
  if (marker >= 0xc9) throw new MixFailure('unsupported-image/jpeg-arithmetic');
  if (marker > 0xc2) throw new MixFailure('unsupported-image/jpeg-hierarchical');
  if (![1, 3, 4].includes(components.length)) throw new MixFailure('unreadable-image/damaged');
  if (precision !== 8) throw new MixFailure('unsupported-image/jpeg-precision', { args: { bits: precision } });
}
