import { MixFailure } from '../../mix/failure.ts';
import { unpackBlock } from './tiffCompression.ts';
import { blockCounts, type TiffLayout } from './tiffLayout.ts';

/** Reads sample number `index` of an unpacked row or block. */
type ReadSample = (bytes: Uint8Array, view: DataView, index: number) => number;

/**
 * Calls `put` with every sample that is read of an image, each as its number: integers as stored, floats as they are.
 * @throws MixFailure if a block is damaged or compressed in another way than `unpackBlock` knows.
 */
export function readSamples(
  file: Uint8Array,
  layout: TiffLayout,
  littleEndian: boolean,
  put: (x: number, y: number, sample: number, value: number) => void,
): void {
  const { width, height, bits, samples, block, planar } = layout;
  const { across, down, planes } = blockCounts(layout);
  const each = planar ? 1 : samples;
  const rowBytes = Math.ceil((block.width * each * bits) / 8);
  const read = sampleReader(layout, layout.predictor === 3 ? false : littleEndian);
  for (let plane = 0; plane < planes; plane++) {
    for (let index = 0; index < across * down; index++) {
      const left = (index % across) * block.width;
      const top = Math.floor(index / across) * block.height;
      const rows = Math.min(block.height, height - top);
      const at = plane * across * down + index;
      const start = layout.offsets[at] ?? 0;
      const packed = file.subarray(start, start + (layout.lengths[at] ?? 0));
      const unpacked = unpackBlock(layout.compression, packed, rowBytes * block.height);
      if (unpacked.length < rowBytes * rows) throw new MixFailure('unreadable-image/damaged');
      // A copy, so that the predictor can work in place and numbers of several bytes are aligned.
      const bytes = Uint8Array.from(unpacked.subarray(0, rowBytes * rows));
      undoPredictor(bytes, rowBytes, each, layout, littleEndian);
      for (let row = 0; row < rows; row++) {
        const line = bytes.subarray(row * rowBytes, (row + 1) * rowBytes);
        const view = new DataView(line.buffer, line.byteOffset, line.byteLength);
        const columns = Math.min(block.width, width - left);
        for (let column = 0; column < columns; column++) {
          for (let sample = 0; sample < each; sample++) {
            put(left + column, top + row, planar ? plane : sample, read(line, view, column * each + sample));
          }
        }
      }
    }
  }
}

function sampleReader({ bits, format }: TiffLayout, littleEndian: boolean): ReadSample {
  if (format === 3) {
    if (bits === 16) return (_, view, index) => halfFloat(view.getUint16(index * 2, littleEndian));
    if (bits === 32) return (_, view, index) => view.getFloat32(index * 4, littleEndian);
    return (_, view, index) => view.getFloat64(index * 8, littleEndian);
  }
  if (bits === 8) return (bytes, _, index) => bytes[index] ?? 0;
  if (bits === 16) return (_, view, index) => view.getUint16(index * 2, littleEndian);
  if (bits === 32) return (_, view, index) => view.getUint32(index * 4, littleEndian);
  return (bytes, _, index) => {
    let value = 0;
    for (let bit = index * bits; bit < (index + 1) * bits; bit++) {
      value = value * 2 + (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    }
    return value;
  };
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function undoPredictor(
  bytes: Uint8Array,
  rowBytes: number,
  each: number,
  { predictor, bits }: TiffLayout,
  littleEndian: boolean,
): void {
  if (predictor === 1) return;
  const size = bits / 8;
  for (let start = 0; start < bytes.length; start += rowBytes) {
    const row = bytes.subarray(start, start + rowBytes);
    if (predictor === 3) {
      undoFloatPredictor(row, each, size);
    } else {
      const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
      for (let at = each; at < rowBytes / size; at++) {
        if (size === 1) row[at] = (row[at] ?? 0) + (row[at - each] ?? 0);
        else if (size === 2)
          view.setUint16(
            at * 2,
            view.getUint16(at * 2, littleEndian) + view.getUint16((at - each) * 2, littleEndian),
            littleEndian,
          );
        else
          view.setUint32(
            at * 4,
            view.getUint32(at * 4, littleEndian) + view.getUint32((at - each) * 4, littleEndian),
            littleEndian,
          );
      }
    }
  }
}

/** Bytes of equal weight lie together, the highest first, each as the difference to the one before (Adobe's technical note 3). */
function undoFloatPredictor(row: Uint8Array, each: number, size: number): void {
  for (let at = each; at < row.length; at++) row[at] = (row[at] ?? 0) + (row[at - each] ?? 0);
  const count = row.length / size;
  const split = row.slice();
  for (let at = 0; at < count; at++) {
    for (let byte = 0; byte < size; byte++) row[at * size + byte] = split[byte * count + at] ?? 0;
  }
}
