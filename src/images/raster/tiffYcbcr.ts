import { MixFailure } from '../../mix/failure.ts';
import { unpackBlock } from './tiffCompression.ts';
import type { TiffDirectory } from './tiffDirectory.ts';
import { blockCounts, type TiffLayout } from './tiffLayout.ts';
import { tiffTag } from './tiffTag.ts';

/** RGB of an image of luma and chroma in which several pixels share their chroma (TIFF 6.0, section 21). 16 bits a sample. */
export function readSubsampled(file: Uint8Array, directory: TiffDirectory, layout: TiffLayout): Uint16Array {
  const { width, height, block, subsampling } = layout;
  const { across, down } = subsampling;
  if (![1, 2, 4].includes(across) || ![1, 2, 4].includes(down)) throw new MixFailure('unreadable-image/damaged');
  const data = new Uint16Array(width * height * 3);
  const toRgb = converter(directory);
  const counts = blockCounts(layout);
  const unit = across * down + 2;
  const unitsAcross = Math.ceil(block.width / across);
  for (let index = 0; index < counts.across * counts.down; index++) {
    const left = (index % counts.across) * block.width;
    const top = Math.floor(index / counts.across) * block.height;
    const rows = Math.min(block.height, height - top);
    const wanted = Math.ceil(rows / down) * unitsAcross * unit;
    const start = layout.offsets[index] ?? 0;
    const packed = file.subarray(start, start + (layout.lengths[index] ?? 0));
    const bytes = unpackBlock(layout.compression, packed, Math.ceil(block.height / down) * unitsAcross * unit);
    if (bytes.length < wanted) throw new MixFailure('unreadable-image/damaged');
    for (let row = 0; row < rows; row++) {
      const columns = Math.min(block.width, width - left);
      for (let column = 0; column < columns; column++) {
        const from = (Math.floor(row / down) * unitsAcross + Math.floor(column / across)) * unit;
        const luma = bytes[from + (row % down) * across + (column % across)] ?? 0;
        const to = ((top + row) * width + left + column) * 3;
        data.set(toRgb(luma, bytes[from + unit - 2] ?? 128, bytes[from + unit - 1] ?? 128), to);
      }
    }
  }
  return data;
}

function converter(directory: TiffDirectory) {
  const [red = 0.299, green = 0.587, blue = 0.114] = directory.numbers(tiffTag.lumaWeights);
  const [y0 = 0, y1 = 255, b0 = 128, b1 = 255, r0 = 128, r1 = 255] = directory.numbers(tiffTag.blackAndWhite);
  const level = (value: number) => Math.round(Math.min(255, Math.max(0, value)) * 257);
  return (luma: number, cb: number, cr: number): [number, number, number] => {
    const y = ((luma - y0) * 255) / (y1 - y0 || 255);
    const r = y + (2 - 2 * red) * (((cr - r0) * 127) / (r1 - r0 || 127));
    const b = y + (2 - 2 * blue) * (((cb - b0) * 127) / (b1 - b0 || 127));
    return [level(r), level((y - red * r - blue * b) / green), level(b)];
  };
}
