import { brotliDecompressSync, inflateSync } from 'node:zlib';
import { familyNames, readFaces, view } from './sfnt.ts';

/** A font that came with a document. */
export interface WebFont {
  /** As the renderer reads it: TrueType, OpenType or WOFF 2. */
  readonly bytes: Uint8Array;
  /** Its name inside the file. */
  readonly family: string;
  /** Whether it has glyphs in colors, which the renderer draws without them. */
  readonly hasColors: boolean;
}

const maxFontLength = 16 * 2 ** 20;

/** A TrueType, OpenType, WOFF or WOFF 2 font. Undefined if it's none of them, damaged, nameless or too large. */
export async function readWebFont(bytes: Uint8Array): Promise<WebFont | undefined> {
  try {
    const tag = new TextDecoder('latin1').decode(bytes.subarray(0, 4));
    if (tag === 'wOF2') return readWoff2(bytes);
    const sfnt = tag === 'wOFF' ? unpackWoff(bytes) : bytes;
    const [face] = await readFaces(async (offset, length) => sfnt.subarray(offset, offset + length));
    return named(sfnt, face?.family, face?.hasColors);
  } catch (error) {
    // Offsets that lie outside of the file, and what zlib says about damaged data.
    if (error instanceof RangeError || (error instanceof Error && 'errno' in error)) return undefined;
    throw error;
  }
}

function named(bytes: Uint8Array, family: string | undefined, hasColors = false): WebFont | undefined {
  return family ? { bytes, family, hasColors } : undefined;
}

/** WOFF 1 has the tables of the font, each compressed alone (https://www.w3.org/TR/WOFF/). */
function unpackWoff(bytes: Uint8Array): Uint8Array {
  const data = view(bytes);
  const count = data.getUint16(12);
  const total = 12 + 16 * count + tableSizes(data, count);
  if (total > maxFontLength) throw new RangeError('The font is too large');
  const font = new Uint8Array(total);
  const out = view(font);
  out.setUint32(0, data.getUint32(4));
  out.setUint16(4, count);
  let end = 12 + 16 * count;
  for (let index = 0; index < count; index++) {
    const from = 44 + 20 * index;
    const [offset, packed, length] = [4, 8, 12].map((at) => data.getUint32(from + at));
    const content = bytes.subarray(offset, (offset ?? 0) + (packed ?? 0));
    const table = packed === length ? content : inflateSync(content, { maxOutputLength: length ?? 0 });
    const record = 12 + 16 * index;
    out.setUint32(record, data.getUint32(from));
    out.setUint32(record + 4, data.getUint32(from + 16));
    out.setUint32(record + 8, end);
    out.setUint32(record + 12, table.length);
    font.set(table, end);
    end += (table.length + 3) & ~3;
  }
  return font;
}

function tableSizes(data: DataView, count: number): number {
  let total = 0;
  for (let index = 0; index < count; index++) total += (data.getUint32(44 + 20 * index + 12) + 3) & ~3;
  return total;
}

/** Where WOFF 2 has its table directory, and the tables with numbers that matter here (https://www.w3.org/TR/WOFF2/). */
const directory = 48;
const known = { name: 5, glyf: 10, loca: 11, other: 63 };
/** CBDT, COLR, SVG and sbix. */
const colored = new Set([32, 34, 36, 37]);

/** The tables of a WOFF 2 font are compressed as a whole. */
function readWoff2(bytes: Uint8Array): WebFont | undefined {
  const data = view(bytes);
  const count = data.getUint16(12);
  let at = directory;
  let sum = 0;
  let hasColors = false;
  let name: { start: number; length: number } | undefined;
  const readLength = () => {
    let value = 0;
    for (let byte = 128; byte >= 128; value = value * 128 + (byte & 127)) byte = data.getUint8(at++);
    return value;
  };
  for (let index = 0; index < count; index++) {
    const flags = data.getUint8(at++);
    const table = flags & 63;
    if (table === known.other) at += 4;
    hasColors ||= colored.has(table);
    let length = readLength();
    const usual = table === known.glyf || table === known.loca ? 3 : 0;
    if (flags >> 6 !== usual) length = readLength();
    if (table === known.name) name = { start: sum, length };
    sum += length;
  }
  if (!name || sum > maxFontLength) return undefined;
  const packed = bytes.subarray(at, at + data.getUint32(20));
  const tables = brotliDecompressSync(packed, { maxOutputLength: maxFontLength });
  const { family } = familyNames(view(tables.subarray(name.start, name.start + name.length)));
  return named(bytes, family, hasColors);
}
