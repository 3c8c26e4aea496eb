import { MixFailure } from '../../mix/failure.ts';
import { cutOff } from './cutOff.ts';
import type { ConvertedRaster } from './preparedRaster.ts';

// Only the first frame counts, so nothing after it is looked at: neither a broken second frame nor a missing end.

interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  readonly palette: Uint8Array;
  readonly transparent: number | undefined;
  /** Where its compressed data starts. */
  readonly data: number;
}

/** The first frame on its canvas, which is transparent around it. */
export function prepareGif(bytes: Uint8Array): ConvertedRaster {
  const { screen, frame } = readHeader(bytes);
  // As in browsers, the canvas grows to hold the whole frame, and a frame without pixels leaves it empty.
  const width = Math.max(screen.width, frame.x + frame.width);
  const height = Math.max(screen.height, frame.y + frame.height);
  if (width === 0 || height === 0) throw new MixFailure('unreadable-image/damaged');
  const hasAlpha = frame.width < width || frame.height < height || frame.transparent !== undefined;
  return {
    size: { width, height, hasAlpha },
    warnings: [],
    convert: async () => ({ pixels: drawFrame(bytes, frame, width, height) }),
  };
}

function drawFrame(bytes: Uint8Array, frame: Frame, width: number, height: number): Uint8Array {
  const wanted = frame.width * frame.height;
  const { indices, count, isCut } = unpack(bytes, frame.data, wanted);
  if (count < wanted) throw isCut ? cutOff(count / wanted) : new MixFailure('unreadable-image/damaged');
  const data = new Uint8Array(width * height * 4);
  for (let row = 0; row < frame.height; row++) {
    const y = frame.y + (frame.interlaced ? interlacedRow(row, frame.height) : row);
    for (let column = 0; column < frame.width; column++) {
      const index = indices[row * frame.width + column] ?? 0;
      if (index === frame.transparent) continue;
      const to = (y * width + frame.x + column) * 4;
      data[to] = frame.palette[index * 3] ?? 0;
      data[to + 1] = frame.palette[index * 3 + 1] ?? 0;
      data[to + 2] = frame.palette[index * 3 + 2] ?? 0;
      data[to + 3] = 255;
    }
  }
  return data;
}

const at16 = (bytes: Uint8Array, at: number) => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

function readHeader(bytes: Uint8Array): { screen: { width: number; height: number }; frame: Frame } {
  const screen = { width: at16(bytes, 6), height: at16(bytes, 8) };
  const flags = bytes[10] ?? 0;
  const globalSize = flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
  const global = bytes.subarray(13, 13 + globalSize);
  let transparent: number | undefined;
  let at = 13 + globalSize;
  for (;;) {
    if (at >= bytes.length) throw cutOff(0);
    const kind = bytes[at++];
    if (kind === 0x21) {
      const label = bytes[at++];
      if (label === 0xf9 && bytes[at] === 4) transparent = (bytes[at + 1] ?? 0) & 1 ? bytes[at + 4] : undefined;
      at = afterBlocks(bytes, at);
    } else if (kind === 0x2c) {
      break;
    } else if (kind !== 0) {
      // Zeros between blocks are skipped, as browsers do. Anything else isn't GIF, and the end has no image before it.
      throw new MixFailure('unreadable-image/damaged');
    }
  }
  const local = bytes[at + 8] ?? 0;
  const localSize = local & 0x80 ? 3 * 2 ** ((local & 7) + 1) : 0;
  const data = at + 9 + localSize;
  if (data >= bytes.length) throw cutOff(0);
  const frame = {
    x: at16(bytes, at),
    y: at16(bytes, at + 2),
    width: at16(bytes, at + 4),
    height: at16(bytes, at + 6),
    interlaced: (local & 0x40) !== 0,
    palette: localSize > 0 ? bytes.subarray(at + 9, data) : global,
    transparent,
    data,
  };
  return { screen, frame };
}

function afterBlocks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length && bytes[at] !== 0) at += (bytes[at] ?? 0) + 1;
  return at + 1;
}

/** The row that the `row`-th stored row of an interlaced frame is. */
function interlacedRow(row: number, height: number): number {
  let left = row;
  for (const [start, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    const rows = Math.max(0, Math.ceil((height - start) / step));
    if (left < rows) return start + left * step;
    left -= rows;
  }
  return height;
}

interface Unpacked {
  readonly indices: Uint8Array;
  /** How many were found. */
  readonly count: number;
  /** Whether the file ends before the data does. */
  readonly isCut: boolean;
}

/** Unpacks LZW data. Fewer indices than wanted are found if the data ends early or makes no sense. */
function unpack(bytes: Uint8Array, start: number, wanted: number): Unpacked {
  const indices = new Uint8Array(wanted);
  const minimum = bytes[start] ?? 0;
  if (minimum < 1 || minimum > 8) throw new MixFailure('unreadable-image/damaged');
  const clear = 1 << minimum;
  const prefixes = new Uint16Array(4096);
  const lasts = new Uint8Array(4096);
  const lengths = new Uint16Array(4096).fill(1, 0, clear);
  for (let code = 0; code < clear; code++) lasts[code] = code;
  let size = minimum + 1;
  let next = clear + 2;
  let previous = -1;
  let buffer = 0;
  let filled = 0;
  let at = start + 1;
  let left = 0;
  let count = 0;
  while (count < wanted) {
    while (filled < size) {
      if (left === 0) left = bytes[at++] ?? 0;
      if (at >= bytes.length) return { indices, count, isCut: true };
      if (left === 0) return { indices, count, isCut: false };
      buffer |= (bytes[at++] ?? 0) << filled;
      filled += 8;
      left--;
    }
    const code = buffer & ((1 << size) - 1);
    buffer >>>= size;
    filled -= size;
    if (code === clear) {
      size = minimum + 1;
      next = clear + 2;
      previous = -1;
      continue;
    }
    if (code === clear + 1) break;
    const isNew = code === next && previous >= 0;
    if (!isNew && (code >= next || (previous < 0 && code >= clear))) break;
    const source = isNew ? previous : code;
    const length = (lengths[source] ?? 0) + (isNew ? 1 : 0);
    let walk = source;
    for (let to = count + (lengths[source] ?? 0) - 1; to >= count; to--) {
      if (to < wanted) indices[to] = lasts[walk] ?? 0;
      walk = prefixes[walk] ?? 0;
    }
    const first = indices[count] ?? 0;
    if (isNew && count + length - 1 < wanted) indices[count + length - 1] = first;
    if (previous >= 0 && next < 4096) {
      prefixes[next] = previous;
      lasts[next] = first;
      lengths[next] = (lengths[previous] ?? 0) + 1;
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    previous = code;
    count = Math.min(wanted, count + length);
  }
  return { indices, count, isCut: false };
}
