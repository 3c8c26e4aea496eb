import { crc32, deflateSync } from 'node:zlib';

// Small image files, written byte by byte, for what an encoder can't be made to write.

export const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const big = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, at * 4);
  return bytes;
};
const big16 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, at * 2);
  return bytes;
};
const little16 = (...values: number[]): Buffer => big16(...values).swap16();

// PNG

export function pngChunk(type: string, data: Uint8Array = new Uint8Array()): Buffer {
  const body = Buffer.concat([ascii(type), data]);
  return Buffer.concat([big(data.length), body, big(crc32(body))]);
}

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  /** 0 gray, 2 RGB, 3 palette, 4 gray with alpha, 6 RGBA. */
  readonly colorType?: number;
  /** The packed bytes of each row, without filter byte. */
  readonly rows: readonly Uint8Array[];
  /** Chunks before the data. */
  readonly before?: readonly Buffer[];
  readonly after?: readonly Buffer[];
  /** Changes the packed rows. */
  readonly change?: (packed: Buffer) => Buffer;
}

export const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const filtered = (rows: readonly Uint8Array[]) =>
  deflateSync(Buffer.concat(rows.flatMap((row) => [Buffer.of(0), row])));

export function pngFile(parts: PngParts): Buffer {
  const { width, height, depth = 8, colorType = 2, rows, before = [], after = [], change = (packed) => packed } = parts;
  return Buffer.concat([
    pngSignature,
    pngChunk('IHDR', Buffer.concat([big(width, height), Buffer.of(depth, colorType, 0, 0, 0)])),
    ...before,
    pngChunk('IDAT', change(filtered(rows))),
    ...after,
    pngChunk('IEND'),
  ]);
}

/** The chunks of an animation: `acTL`, and a frame's `fcTL` and `fdAT`. */
export const animationChunk = (frames: number): Buffer => pngChunk('acTL', big(frames, 0));
export function frameChunk(sequence: number, place: { x: number; y: number; width: number; height: number }): Buffer {
  const { x, y, width, height } = place;
  return pngChunk('fcTL', Buffer.concat([big(sequence, width, height, x, y), big16(1, 10), Buffer.of(0, 0)]));
}
export const frameData = (sequence: number, rows: readonly Uint8Array[]): Buffer =>
  pngChunk('fdAT', Buffer.concat([big(sequence), filtered(rows)]));

/** EXIF data, as TIFF, that holds only an orientation. */
export function exifOrientation(orientation: number): Buffer {
  return Buffer.concat([ascii('MM\0*'), big(8), big16(1, 0x112, 3), big(1), big16(orientation, 0), big(0)]);
}

// GIF

export interface GifFrame {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
  readonly indices: readonly number[];
  readonly transparent?: number;
  readonly interlaced?: boolean;
  readonly palette?: Uint8Array;
}

/** LZW without compression: it clears the table before it grows. `bits` is the size of an index. */
export function gifData(indices: readonly number[], bits = 2, end = true): Buffer {
  const packed: number[] = [];
  let buffer = 0;
  let filled = 0;
  const put = (code: number) => {
    buffer |= code << filled;
    filled += bits + 1;
    for (; filled >= 8; filled -= 8, buffer >>= 8) packed.push(buffer & 255);
  };
  for (const [at, index] of indices.entries()) {
    if (at % 2 === 0) put(1 << bits);
    put(index);
  }
  if (end) put((1 << bits) + 1);
  if (filled > 0) packed.push(buffer & 255);
  const blocks: Buffer[] = [Buffer.of(bits)];
  for (let at = 0; at < packed.length; at += 255) {
    const block = packed.slice(at, at + 255);
    blocks.push(Buffer.of(block.length, ...block));
  }
  return Buffer.concat([...blocks, Buffer.of(0)]);
}

export function gifFrame(frame: GifFrame): Buffer {
  const { x = 0, y = 0, width, height, indices, transparent, interlaced = false, palette } = frame;
  const control = Buffer.of(0x21, 0xf9, 4, transparent === undefined ? 4 : 5, 10, 0, transparent ?? 0, 0);
  const flags = (interlaced ? 0x40 : 0) | (palette ? 0x81 : 0);
  const place = little16(x, y, width, height);
  return Buffer.concat([
    control,
    Buffer.of(0x2c),
    place,
    Buffer.of(flags),
    palette ?? Buffer.alloc(0),
    gifData(indices),
  ]);
}

/** Black, red, blue, white. */
export const gifPalette = Buffer.of(0, 0, 0, 220, 40, 40, 40, 60, 220, 255, 255, 255);

export function gifHead(width: number, height: number, background = 0): Buffer {
  return Buffer.concat([ascii('GIF89a'), little16(width, height), Buffer.of(0x91, background, 0), gifPalette]);
}

// TIFF

type TagType = 1 | 3 | 4 | 5 | 16;
export interface TiffTag {
  readonly tag: number;
  readonly type: TagType;
  readonly values: readonly number[];
}
export interface TiffParts {
  readonly bigEndian?: boolean;
  readonly bigTiff?: boolean;
  readonly tags: readonly TiffTag[];
  /** Strips or tiles. */
  readonly blocks: readonly Uint8Array[];
  readonly tiled?: boolean;
}

const tagSizes = { 1: 1, 3: 2, 4: 4, 5: 8, 16: 8 } as const;

/** A TIFF, its blocks first and its directory last. */
export function tiffFile(parts: TiffParts | readonly TiffParts[]): Buffer {
  const pages = 'blocks' in parts ? [parts] : parts;
  const { bigEndian = false, bigTiff = false } = pages[0] as TiffParts;
  const number = (size: number, value: number): Buffer => {
    const bytes = Buffer.alloc(size);
    if (size === 8) bytes.writeBigUInt64BE(BigInt(value));
    else bytes.writeUIntBE(value, 0, size);
    return bigEndian ? bytes : bytes.reverse();
  };
  const wide = bigTiff ? 8 : 4;
  const out: Buffer[] = [];
  let length = bigTiff ? 16 : 8;
  const put = (bytes: Uint8Array): number => {
    const at = length;
    const padded = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)]);
    out.push(padded);
    length += padded.length;
    return at;
  };
  const valueBytes = ({ type, values }: TiffTag) =>
    Buffer.concat(
      values.map((value) =>
        type === 5
          ? Buffer.concat([number(4, Math.round(value * 1000)), number(4, 1000)])
          : number(tagSizes[type], value),
      ),
    );
  let first = 0;
  let link: { at: number; buffer: Buffer } | undefined;
  for (const { tags, blocks, tiled = false } of pages) {
    const offsets = blocks.map(put);
    const all: TiffTag[] = [
      ...tags,
      { tag: tiled ? 324 : 273, type: bigTiff ? 16 : 4, values: offsets },
      { tag: tiled ? 325 : 279, type: bigTiff ? 16 : 4, values: blocks.map((block) => block.length) },
    ];
    const entries = all
      .toSorted((one, other) => one.tag - other.tag)
      .map((tag) => {
        const bytes = valueBytes(tag);
        const field =
          bytes.length <= wide ? Buffer.concat([bytes, Buffer.alloc(wide - bytes.length)]) : number(wide, put(bytes));
        return Buffer.concat([number(2, tag.tag), number(2, tag.type), number(wide, tag.values.length), field]);
      });
    const buffer = Buffer.concat([number(bigTiff ? 8 : 2, entries.length), ...entries, number(wide, 0)]);
    const at = put(buffer);
    if (link) number(wide, at).copy(link.buffer, link.buffer.length - wide);
    else first = at;
    const placed = out[out.length - 1] as Buffer;
    link = { at, buffer: placed.subarray(0, buffer.length) };
  }
  const head = bigTiff
    ? [ascii(bigEndian ? 'MM' : 'II'), number(2, 43), number(2, 8), number(2, 0), number(8, first)]
    : [ascii(bigEndian ? 'MM' : 'II'), number(2, 42), number(4, first)];
  return Buffer.concat([...head, ...out]);
}

export interface TiffShape {
  readonly width: number;
  readonly height: number;
  readonly bits: readonly number[];
  readonly photometric: number;
  readonly compression?: number;
  /** 1 unsigned, 2 signed, 3 float. */
  readonly sampleFormat?: number;
  readonly planar?: boolean;
  readonly predictor?: number;
  readonly rowsPerStrip?: number;
  readonly tile?: number;
  readonly more?: readonly TiffTag[];
}

/** The usual tags of a TIFF. */
export function tiffTags(shape: TiffShape): TiffTag[] {
  const { width, height, bits, photometric, compression = 1, sampleFormat, planar, predictor, tile, more = [] } = shape;
  const short = (tag: number, ...values: number[]): TiffTag => ({ tag, type: 3, values });
  return [
    { tag: 256, type: 4, values: [width] },
    { tag: 257, type: 4, values: [height] },
    short(258, ...bits),
    short(259, compression),
    short(262, photometric),
    short(277, bits.length),
    short(284, planar ? 2 : 1),
    ...(tile ? [short(322, tile), short(323, tile)] : [short(278, shape.rowsPerStrip ?? height)]),
    ...(predictor ? [short(317, predictor)] : []),
    ...(sampleFormat ? [short(339, ...bits.map(() => sampleFormat))] : []),
    ...more,
  ];
}

// ICC

const fixed = (...values: number[]): Buffer => big(...values.map((value) => Math.round(value * 65_536)));
const gammaCurve = (gamma: number): Buffer => Buffer.concat([ascii('para'), big(0, 0), fixed(gamma)]);

/**
 * A profile of inks as those of version 4: a table between curves, with a matrix. Black takes lightness away, and the other inks
 * lead to their colors.
 */
export function stagedInkProfile(size: 1 | 2): Buffer {
  const grid = [3, 2, 2, 3];
  const values: number[] = [];
  for (let point = 0; point < 36; point++) {
    const [c, m, y, k] = [
      Math.floor(point / 12) / 2,
      Math.floor(point / 6) % 2,
      Math.floor(point / 3) % 2,
      (point % 3) / 2,
    ];
    const light = (1 - (k ?? 0)) * (1 - 0.3 * (c ?? 0) - 0.4 * (m ?? 0) - 0.1 * (y ?? 0));
    const chroma = 0.3 * (1 - (k ?? 0));
    values.push(light, 0.5 + chroma * ((m ?? 0) - (c ?? 0)), 0.5 + chroma * ((y ?? 0) - (c ?? 0) / 2));
  }
  const numbers = values.map((value) => Math.round(value * (size === 1 ? 255 : 65_535)));
  const table = size === 1 ? Buffer.from(numbers) : big16(...numbers);
  const parts = [
    Buffer.concat([gammaCurve(0.9), gammaCurve(1), gammaCurve(1)]),
    fixed(1, 0, 0, 0, 0.9, 0, 0, 0, 0.9, 0, 0.05, 0.05),
    Buffer.concat([gammaCurve(1.1), gammaCurve(1), gammaCurve(1)]),
    Buffer.concat([Buffer.of(...grid), Buffer.alloc(12), Buffer.of(size, 0, 0, 0), table]),
    Buffer.concat([1, 1.2, 1, 0.8].map(gammaCurve)),
  ];
  const places: number[] = [];
  let end = 32;
  const padded = parts.map((part) => {
    places.push(end);
    const whole = Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
    end += whole.length;
    return whole;
  });
  const tag = Buffer.concat([ascii('mAB '), big(0), Buffer.of(4, 3, 0, 0), big(...places), ...padded]);
  const white = Buffer.concat([ascii('XYZ '), big(0), fixed(0.9642, 1, 0.8249)]);
  const head = Buffer.alloc(128);
  big(128 + 28 + tag.length + white.length).copy(head);
  big(0x04200000).copy(head, 8);
  ascii('prtrCMYKLab ').copy(head, 12);
  ascii('acsp').copy(head, 36);
  fixed(0.9642, 1, 0.8249).copy(head, 68);
  const list = [big(2), ascii('A2B0'), big(156, tag.length), ascii('wtpt'), big(156 + tag.length, white.length)];
  return Buffer.concat([head, ...list, tag, white]);
}

// JPEG

const segment = (marker: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(0xff, marker), big16(body.length + 2), body]);
};

export interface BlockJpeg {
  /** Each block's color: as many values of 0 to 255 as there are components, as stored. */
  readonly blocks: readonly (readonly number[])[];
  /** Blocks in a row. */
  readonly across: number;
  /** The second byte of the frame's marker: 0xc0 by default. */
  readonly frame?: number;
  readonly precision?: number;
  /** Adobe's color transform. */
  readonly adobe?: number;
  readonly profile?: Uint8Array;
  readonly restartInterval?: number;
}

/** A JPEG of blocks of 8×8 pixels, each in one color. */
export function blockJpeg(parts: BlockJpeg): Buffer {
  const { blocks, across, frame = 0xc0, precision = 8, adobe, profile, restartInterval = 0 } = parts;
  const count = blocks[0]?.length ?? 0;
  const ids = Array.from({ length: count }, (_, at) => at + 1);
  const bits: number[] = [];
  const data: number[] = [];
  const put = (value: number, length: number) => {
    for (let at = length - 1; at >= 0; at--) bits.push((value >> at) & 1);
  };
  const flush = () => {
    while (bits.length % 8 > 0) bits.push(1);
    for (let at = 0; at < bits.length; at += 8) {
      const byte = Number.parseInt(bits.slice(at, at + 8).join(''), 2);
      data.push(byte, ...(byte === 0xff ? [0] : []));
    }
    bits.length = 0;
  };
  let last = ids.map(() => 0);
  for (const [at, block] of blocks.entries()) {
    if (restartInterval > 0 && at > 0 && at % restartInterval === 0) {
      flush();
      data.push(0xff, 0xd0 + ((at / restartInterval - 1) % 8));
      last = ids.map(() => 0);
    }
    for (const [component, value] of block.entries()) {
      const level = value - 128;
      const difference = level - (last[component] ?? 0);
      last[component] = level;
      const size = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
      put(size, 4); // the code of each size has 4 bits
      put(difference < 0 ? difference + 2 ** size - 1 : difference, size);
      put(0, 1); // no details
    }
  }
  flush();
  const lengths = (length: number, codes: number) =>
    Buffer.from(Array.from({ length: 16 }, (_, at) => (at === length - 1 ? codes : 0)));
  return Buffer.concat([
    Buffer.of(0xff, 0xd8),
    ...(adobe === undefined ? [] : [segment(0xee, ascii('Adobe'), Buffer.of(0, 100, 0, 0, 0, 0, adobe))]),
    ...(profile ? [segment(0xe2, ascii('ICC_PROFILE\0'), Buffer.of(1, 1), profile)] : []),
    segment(0xdb, Buffer.of(0), Buffer.alloc(64, 8)),
    segment(
      frame,
      Buffer.of(precision),
      big16((blocks.length / across) * 8, across * 8),
      Buffer.of(count),
      ...ids.map((id) => Buffer.of(id, 0x11, 0)),
    ),
    segment(0xc4, Buffer.of(0), lengths(4, 12), Buffer.from(Array.from({ length: 12 }, (_, at) => at))),
    segment(0xc4, Buffer.of(0x10), lengths(1, 1), Buffer.of(0)),
    ...(restartInterval > 0 ? [segment(0xdd, big16(restartInterval))] : []),
    segment(0xda, Buffer.of(count), ...ids.map((id) => Buffer.of(id, 0)), Buffer.of(0, 63, 0)),
    Buffer.from(data),
    Buffer.of(0xff, 0xd9),
  ]);
}

// AVIF

/**
 * An AVIF that says which colors it has, by their numbers in ITU-T H.273.
 * @param isOfImage whether that is said of its image, or of nothing in the file.
 */
export function withAvifColors(avif: Buffer, primaries: number, transfer: number, isOfImage = true): Buffer {
  const colors = Buffer.concat([big(19), ascii('colrnclx'), big16(primaries, transfer, 1), Buffer.of(0x80)]);
  const boxOf = (type: string) => avif.indexOf(ascii(type)) - 4;
  const [meta, iprp, ipco, ipma, iloc] = ['meta', 'iprp', 'ipco', 'ipma', 'iloc'].map(boxOf) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const properties: number[] = [];
  for (let at = ipco + 8; at < ipco + avif.readUInt32BE(ipco); at += avif.readUInt32BE(at)) properties.push(at);
  // One byte for each association: the new property is the last.
  const associations = ipma + 18;
  const patched = Buffer.from(avif);
  const grow = (at: number, by: number) => patched.writeUInt32BE(patched.readUInt32BE(at) + by, at);
  grow(meta, colors.length + 1);
  grow(iprp, colors.length + 1);
  grow(ipco, colors.length);
  grow(ipma, 1);
  patched.writeUInt8((patched[associations] ?? 0) + 1, associations);
  moveExtents(patched, iloc, colors.length + 1);
  const end = ipco + avif.readUInt32BE(ipco);
  return Buffer.concat([
    patched.subarray(0, end),
    colors,
    patched.subarray(end, associations + 1),
    Buffer.of(isOfImage ? properties.length + 1 : 0),
    patched.subarray(associations + 1),
  ]);
}

/** An AVIF with alpha whose colors count as multiplied by it. */
export function asMultipliedAvif(avif: Buffer): Buffer {
  const boxOf = (type: string) => avif.indexOf(ascii(type)) - 4;
  const [meta, iref, iloc, auxl] = ['meta', 'iref', 'iloc', 'auxl'].map(boxOf) as [number, number, number, number];
  const [alpha, image] = [avif.readUInt16BE(auxl + 8), avif.readUInt16BE(auxl + 12)];
  const reference = Buffer.concat([big(14), ascii('prem'), big16(image, 1, alpha)]);
  const patched = Buffer.from(avif);
  const end = iref + avif.readUInt32BE(iref);
  for (const at of [meta, iref]) patched.writeUInt32BE(patched.readUInt32BE(at) + reference.length, at);
  moveExtents(patched, iloc, reference.length);
  return Buffer.concat([patched.subarray(0, end), reference, patched.subarray(end)]);
}

/** Moves where the data of items starts, in an `iloc` of version 0 with offsets of four bytes and one extent each. */
function moveExtents(bytes: Buffer, iloc: number, by: number): void {
  const count = bytes.readUInt16BE(iloc + 14);
  const base = ((bytes[iloc + 13] ?? 0) >> 4) & 15;
  for (let item = 0, at = iloc + 16; item < count; item++, at += 14 + base) {
    const offset = at + 6 + base;
    bytes.writeUInt32BE(bytes.readUInt32BE(offset) + by, offset);
  }
}
