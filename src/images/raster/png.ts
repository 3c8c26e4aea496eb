import { constants, crc32, deflateSync, inflateSync } from 'node:zlib';
import { MixFailure } from '../../mix/failure.ts';
import { makeImageWarning } from '../../mix/imageWarning.ts';
import {
  grayProfile,
  primariesOfStandard,
  rgbProfile,
  srgbPrimaries,
  transferOfGamma,
  transferOfStandard,
} from './iccProfile.ts';
import type { PreparedRaster } from './preparedRaster.ts';

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** Whether all of its data is in the file. */
  readonly whole: boolean;
}

/** Where the first frame of an animation is, if it isn't the image itself. */
export interface FramePlace {
  readonly x: number;
  readonly y: number;
  readonly canvas: { readonly width: number; readonly height: number };
}

export interface PreparedPng extends PreparedRaster {
  readonly place?: FramePlace;
}

/**
 * A PNG without what the decoder stumbles over, and with the profile that its color chunks stand for. Of an animation that doesn't
 * start with the image itself, the first frame.
 */
export function preparePng(bytes: Uint8Array): PreparedPng {
  const chunks = readChunks(bytes);
  const find = (type: string) => chunks.find((chunk) => chunk.type === type)?.data;
  if (find('CgBI')) throw new MixFailure('unsupported-image/png-cgbi');
  const header = find('IHDR');
  if (!header || header.length < 13) throw new MixFailure('unreadable-image/cut', { args: { percent: 0 } });
  const profile = profileChunk(chunks, header);
  const frame = separateFrame(chunks, header);
  const isComplete = chunks.some(({ type }) => type === 'IEND');
  if (!profile && !frame && isComplete) return { bytes, warnings: [] };
  const kept = frame ? frame.chunks : withWholeData(chunks, header);
  const parts = kept.flatMap(({ type, data }) => {
    if (type === 'IHDR') return [chunk(type, data), ...(profile ? [profile] : [])];
    if (profile && replacedByProfile.has(type)) return [];
    return type === 'IEND' ? [] : [chunk(type, data)];
  });
  const warnings = isComplete ? [] : [makeImageWarning('no-end')];
  const rewritten = Buffer.concat([bytes.subarray(0, 8), ...parts, chunk('IEND', new Uint8Array())]);
  return { bytes: rewritten, warnings, ...(frame ? { place: frame.place } : {}) };
}

/** In bytes: 100 megapixels of 16-bit RGBA, and more. */
const maxUnpacked = 1e9;

/** The part of a PNG's pixels that is in the file, from 0 to 1. Undefined if that can't be found out. */
export function presentPartOfPng(bytes: Uint8Array): number | undefined {
  const chunks = readChunks(bytes);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (!header || header.length < 13) return 0;
  const wanted = unpackedLength(header);
  const found = unpackRows(chunks, wanted);
  return found && Math.min(1, found.length / wanted);
}

/** The rows that are in the file, with their filter bytes. Undefined if their data is damaged. */
function unpackRows(chunks: readonly Chunk[], wanted: number): Uint8Array | undefined {
  const data = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map((one) => one.data));
  if (data.length === 0) return new Uint8Array();
  if (wanted > maxUnpacked) return undefined;
  try {
    return inflateSync(data, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: wanted + 1024 });
  } catch (error) {
    if (!isZlibError(error)) throw error;
    return undefined;
  }
}

/** Chunks whose last data is cut off. If only its checksum is missing, the rows are packed again. @throws MixFailure */
function withWholeData(chunks: readonly Chunk[], header: Uint8Array): readonly Chunk[] {
  const last = chunks.findLast(({ type }) => type === 'IDAT');
  if (last?.whole !== false) return chunks;
  const wanted = unpackedLength(header);
  const rows = unpackRows(chunks, wanted);
  if (rows && rows.length < wanted) {
    const percent = Math.floor((rows.length / wanted) * 100);
    throw new MixFailure('unreadable-image/cut', { args: { percent } });
  }
  if (!rows) throw new MixFailure('unreadable-image/damaged');
  const data = { type: 'IDAT', data: deflateSync(rows.subarray(0, wanted), { level: 1 }), whole: true };
  return [...chunks.filter(({ type }) => type !== 'IDAT'), data];
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code));
}

const replacedByProfile = new Set(['gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP']);

function readChunks(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = latin1(bytes.subarray(at + 4, at + 8));
    const end = at + 8 + length;
    chunks.push({ type, data: bytes.subarray(at + 8, end), whole: end + 4 <= bytes.length });
    if (type === 'IEND') break;
    at = end + 4;
  }
  return chunks;
}

const latin1 = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/**
 * The profile that the color chunks mean, as browsers read them: cICP, then iCCP, then sRGB, then gAMA with cHRM. Undefined if the
 * decoder knows without it.
 */
function profileChunk(chunks: readonly Chunk[], header: Uint8Array): Buffer | undefined {
  const before = chunks.slice(
    0,
    Math.max(
      0,
      chunks.findIndex(({ type }) => type === 'IDAT'),
    ),
  );
  const find = (type: string) => before.find((chunk) => chunk.type === type)?.data;
  const isGray = header[9] === 0 || header[9] === 4;
  const standard = find('cICP');
  if (standard && standard.length >= 4 && standard[2] === 0) {
    const [primaries = 0, transfer = 0] = standard;
    if (transfer === 16 || transfer === 18) throw new MixFailure('unsupported-image/hdr');
    const gamut = primariesOfStandard(primaries);
    const curve = transferOfStandard(transfer);
    if (gamut && curve) return packProfile(isGray ? grayProfile(curve) : rgbProfile(gamut, curve));
  }
  if (find('iCCP') || find('sRGB')) return undefined;
  const gamma = find('gAMA');
  if (!gamma || gamma.length < 4) return undefined;
  const value = number32(gamma, 0) / 100_000;
  if (!(value > 0)) return undefined;
  const chromaticities = find('cHRM');
  const gamut = chromaticities && chromaticities.length >= 32 ? primariesFrom(chromaticities) : srgbPrimaries;
  // The exact value that files in sRGB have means sRGB, with or without its primaries.
  if (Math.abs(value - 0.45455) < 2e-5 && isNear(gamut, srgbPrimaries)) return undefined;
  const curve = transferOfGamma(1 / value);
  return packProfile(isGray ? grayProfile(curve) : rgbProfile(gamut, curve));
}

const isNear = (one: readonly number[], other: readonly number[]) =>
  one.every((value, at) => Math.abs(value - (other[at] ?? 0)) < 0.002);

/** White, red, green and blue, each x and y. */
function primariesFrom(data: Uint8Array): number[] {
  const values = Array.from({ length: 8 }, (_, at) => number32(data, at * 4) / 100_000);
  return values.every((value) => value >= 0 && value <= 1) && (values[1] ?? 0) > 0 ? values : [...srgbPrimaries];
}

const number32 = (bytes: Uint8Array, at: number) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);

function packProfile(profile: Uint8Array): Buffer {
  return chunk('iCCP', Buffer.concat([Buffer.from('x\0\0', 'latin1'), stored(profile)]));
}

/** As zlib data without compression. */
function stored(data: Uint8Array): Buffer {
  let one = 1;
  let two = 0;
  for (const byte of data) {
    one = (one + byte) % 65_521;
    two = (two + one) % 65_521;
  }
  const head = Buffer.from([
    0x78,
    1,
    1,
    data.length & 255,
    data.length >> 8,
    ~data.length & 255,
    (~data.length >> 8) & 255,
  ]);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(((two << 16) | one) >>> 0);
  return Buffer.concat([head, data, check]);
}

/** The first frame of an animation whose image isn't part of it, as the chunks of a PNG. */
function separateFrame(
  chunks: readonly Chunk[],
  header: Uint8Array,
): { chunks: Chunk[]; place: FramePlace } | undefined {
  const image = chunks.findIndex(({ type }) => type === 'IDAT');
  const first = chunks.findIndex(({ type }) => type === 'fcTL');
  const control = chunks[first]?.data;
  const animation = chunks.findIndex(({ type }) => type === 'acTL');
  if (animation < 0 || animation > image || first < image || !control || control.length < 26) return undefined;
  const [width, height, x, y] = [4, 8, 12, 16].map((at) => number32(control, at)) as [number, number, number, number];
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

/** The bytes of a PNG's rows after decompression, each with its filter byte. */
function unpackedLength(header: Uint8Array): number {
  const [width, height] = [number32(header, 0), number32(header, 4)];
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[header[9] ?? 0] ?? 1;
  const bits = channels * (header[8] ?? 8);
  const size = (columns: number, rows: number) => (columns > 0 ? rows * (1 + Math.ceil((columns * bits) / 8)) : 0);
  if (header[12] !== 1) return size(width, height);
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return passes.reduce(
    (sum, [x, y, dx, dy]) => sum + size(Math.ceil((width - x) / dx), Math.max(0, Math.ceil((height - y) / dy))),
    0,
  );
}
