import { MixFailure } from '../../mix/failure.ts';
import { type Primaries, primariesOfStandard } from './iccProfile.ts';
import type { PreparedRaster } from './preparedRaster.ts';
import { fromPrimaries } from './recolor.ts';

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** The boxes between two places (ISO/IEC 14496-12). The last one may end behind the file. */
function boxesIn(bytes: Uint8Array, from: number, to: number): Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= Math.min(to, bytes.length); ) {
    const short = view.getUint32(at);
    const isLong = short === 1 && at + 16 <= bytes.length;
    const length = isLong ? Number(view.getBigUint64(at + 8)) : short === 0 ? to - at : short;
    if (length < 8) break;
    const type = new TextDecoder('latin1').decode(bytes.subarray(at + 4, at + 8));
    boxes.push({ type, start: at + (isLong ? 16 : 8), end: at + length });
    at += length;
  }
  return boxes;
}

/** An AVIF, with the way from its primaries to sRGB. @throws MixFailure `unsupported-image/hdr` */
export function prepareAvif(bytes: Uint8Array): PreparedRaster {
  const boxes = boxesIn(bytes, 0, bytes.length);
  const meta = boxes.find(({ type }) => type === 'meta');
  // Without a box that says what is in the file, only its start is there.
  if (!meta && !boxes.some(({ type }) => type === 'moov')) throw new MixFailure('unreadable-image/truncated');
  const properties = meta && boxesIn(bytes, meta.start + 4, meta.end).find(({ type }) => type === 'iprp');
  const list = properties && boxesIn(bytes, properties.start, properties.end).find(({ type }) => type === 'ipco');
  let gamut: Primaries | undefined;
  let hasProfile = false;
  for (const { type, start } of list ? boxesIn(bytes, list.start, list.end) : []) {
    const kind = new TextDecoder('latin1').decode(bytes.subarray(start, start + 4));
    if (type === 'colr' && kind !== 'nclx') hasProfile = true;
    if (type !== 'colr' || kind !== 'nclx') continue;
    const primaries = ((bytes[start + 4] ?? 0) << 8) | (bytes[start + 5] ?? 0);
    const transfer = ((bytes[start + 6] ?? 0) << 8) | (bytes[start + 7] ?? 0);
    // 16 is PQ and 18 HLG (ITU-T H.273): brighter than white, so they would look washed out.
    if (transfer === 16 || transfer === 18) throw new MixFailure('unsupported-image/hdr');
    if (primaries !== 1) gamut = primariesOfStandard(primaries);
  }
  return { bytes, warnings: [], ...(gamut && !hasProfile ? { recolor: fromPrimaries(gamut) } : {}) };
}

/** The part of an AVIF's bytes that is in the file, from 0 to 1, as far as its boxes tell. */
export function presentPartOfAvif(bytes: Uint8Array): number | undefined {
  const boxes = boxesIn(bytes, 0, bytes.length);
  const meta = boxes.find(({ type }) => type === 'meta');
  const places = meta && boxesIn(bytes, meta.start + 4, meta.end).find(({ type }) => type === 'iloc');
  const end = Math.max(boxes.at(-1)?.end ?? 0, places && places.end <= bytes.length ? endOfItems(bytes, places) : 0);
  return end > 0 ? Math.min(1, bytes.length / end) : undefined;
}

/** Where the data of the last item ends (ISO/IEC 14496-12, ItemLocationBox). Only data that the box places in the file counts. */
function endOfItems(bytes: Uint8Array, { start, end }: Box): number {
  let at = start;
  const read = (size: number): number => {
    let value = 0;
    for (const stop = at + size; at < stop; at++) value = value * 256 + (bytes[at] ?? 0);
    return value;
  };
  const version = read(4) >>> 24;
  const sizes = read(2);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version > 0 ? sizes & 15 : 0;
  let last = 0;
  for (let items = read(version < 2 ? 2 : 4); items > 0 && at < end; items--) {
    at += version < 2 ? 2 : 4;
    const isInFile = version === 0 || (read(2) & 15) === 0;
    at += 2;
    const base = read(baseSize);
    for (let extents = read(2); extents > 0 && at < end; extents--) {
      at += indexSize;
      const offset = read(offsetSize);
      const length = read(lengthSize);
      if (isInFile) last = Math.max(last, base + offset + length);
    }
  }
  return last;
}
