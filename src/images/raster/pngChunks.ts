import { crc32 } from 'node:zlib';

/** A chunk of a PNG. */
export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array;
  /** Whether all of its data is in the file. */
  readonly whole: boolean;
}

/** The chunks up to the end or to where the file is cut off, without those that decoders skip because their checksum is wrong. */
export function readChunks(bytes: Uint8Array): PngChunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = latin1.decode(bytes.subarray(at + 4, at + 8));
    const end = at + 8 + length;
    const whole = end + 4 <= bytes.length;
    const isOptional = /^[a-z]/.test(type);
    const isSkipped = isOptional && whole && crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end);
    if (!isSkipped) chunks.push({ type, data: bytes.subarray(at + 8, end), whole });
    if (type === 'IEND') break;
    at = end + 4;
  }
  return chunks;
}

const latin1 = new TextDecoder('latin1');

/** A chunk with its length and checksum. */
export function pngChunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** A number of four bytes. */
export const number32 = (bytes: Uint8Array, at: number) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
