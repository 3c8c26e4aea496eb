import { crc32 } from 'node:zlib';
import { MixFailure } from '../../mix/failure.ts';
import { fourLetters } from '../latin1.ts';

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Encoders write a chunk for some kilobytes of pixels. A file of empty ones could keep its reader busy for long. */
const maxChunks = 500_000;

/** A chunk of a PNG. */
export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** Whether all of it is in the file, with its checksum. */
  readonly whole: boolean;
}

/** A chunk and the bytes of the file that it consists of. */
export interface PlacedChunk extends PngChunk {
  readonly start: number;
  readonly end: number;
}

/** Whether bytes begin with the PNG signature. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, at) => bytes[at] === byte);
}

/** The first chunks, up to the end of the image or to where the file is cut off. None if it isn't a PNG. */
export function chunksOf(png: Uint8Array): PlacedChunk[] {
  if (!isPng(png)) return [];
  const view = viewOf(png);
  const chunks: PlacedChunk[] = [];
  for (let start = signature.length; start + 8 <= png.length && chunks.length < maxChunks; ) {
    const type = fourLetters(png, start + 4);
    const end = start + 12 + view.getUint32(start);
    chunks.push({ type, data: png.subarray(start + 8, end - 4), whole: end <= png.length, start, end });
    if (type === 'IEND') break;
    start = end;
  }
  return chunks;
}

/** The chunks as decoders read them: without optional ones whose checksum is wrong. @throws MixFailure if there are too many. */
export function readChunks(png: Uint8Array): PngChunk[] {
  const chunks = chunksOf(png);
  if (chunks.length === maxChunks) throw new MixFailure('unreadable-image/damaged');
  return chunks.filter((chunk) => !isOptional(chunk) || !chunk.whole || hasChecksum(png, chunk));
}

/** Whether decoders can do without it. */
const isOptional = ({ type }: PngChunk) => /^[a-z]/.test(type);

/** Whether the checksum of a chunk that is whole is right. */
export const hasChecksum = (png: Uint8Array, { start, end }: PlacedChunk): boolean =>
  crc32(png.subarray(start + 4, end - 4)) === number32(png, end - 4);

/** A chunk with its length and checksum. */
export function pngChunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A number of four bytes. */
export const number32 = (bytes: Uint8Array, at: number) => viewOf(bytes).getUint32(at);
