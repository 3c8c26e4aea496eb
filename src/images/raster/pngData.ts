import { deflateSync } from 'node:zlib';
import { MixFailure } from '../../mix/failure.ts';
import { inflatePart } from '../inflate.ts';
import { cutOff } from './cutOff.ts';
import { chunksOf, hasChecksum, number32, type PngChunk, pngChunk, readChunks } from './pngChunks.ts';

/** In bytes: 100 megapixels of 16-bit RGBA, and more. */
const maxUnpacked = 1e9;

/** The part of a PNG's pixels that is in the file, from 0 to 1. Undefined if it isn't cut off, or if that can't be found out. */
export function presentPartOfPng(bytes: Uint8Array): number | undefined {
  const chunks = readChunks(bytes);
  if (chunks.at(-1)?.type === 'IEND') return undefined;
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (!header || header.length < 13) return 0;
  const wanted = unpackedLength(header);
  const found = unpackRows(chunks, wanted);
  return found && Math.min(1, found.length / wanted);
}

/** The rows that are in the file, with their filter bytes. Undefined if their data is damaged. */
function unpackRows(chunks: readonly PngChunk[], wanted: number): Uint8Array | undefined {
  const data = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map((one) => one.data));
  if (data.length === 0) return new Uint8Array();
  if (wanted > maxUnpacked) return undefined;
  return inflatePart(data, wanted + 1024);
}

/** Chunks whose last data is cut off. If only its checksum is missing, the rows are packed again. @throws MixFailure */
export function withWholeData(chunks: readonly PngChunk[], header: Uint8Array): readonly PngChunk[] {
  const last = chunks.findLast(({ type }) => type === 'IDAT');
  if (last?.whole !== false) return chunks;
  const wanted = unpackedLength(header);
  const rows = unpackRows(chunks, wanted);
  if (rows && rows.length < wanted) throw cutOff(rows.length / wanted);
  if (!rows) throw new MixFailure('unreadable-image/damaged');
  return withRows(chunks, rows, wanted);
}

/**
 * A PNG with its pixels packed again if they are all there: the checksum of packed data, which browsers ignore, may be missing or wrong.
 * Undefined if pixels are missing, or if the checksum of a chunk in `original`, which the PNG was made of, is wrong.
 */
export function repackPng(png: Uint8Array, original: Uint8Array): Buffer | undefined {
  const isIntact = chunksOf(original).every((chunk) => chunk.whole && hasChecksum(original, chunk));
  const chunks = readChunks(png);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  if (!isIntact || !header || header.length < 13) return undefined;
  const wanted = unpackedLength(header);
  const rows = unpackRows(chunks, wanted);
  if (!rows || rows.length < wanted) return undefined;
  const parts = withRows(chunks, rows, wanted).map(({ type, data }) => pngChunk(type, data));
  return Buffer.concat([png.subarray(0, 8), ...parts]);
}

/** Chunks with other data, before the end. */
function withRows(chunks: readonly PngChunk[], rows: Uint8Array, wanted: number): PngChunk[] {
  const data = { type: 'IDAT', data: deflateSync(rows.subarray(0, wanted), { level: 1 }), whole: true };
  const others = chunks.filter(({ type }) => type !== 'IDAT' && type !== 'IEND');
  return [...others, data, ...chunks.filter(({ type }) => type === 'IEND')];
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
