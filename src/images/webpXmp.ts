import { fourLetters } from './latin1.ts';
import { decodePacket } from './xmpPacket.ts';

// XMP in WebP: a RIFF chunk at the end, announced by a flag in the VP8X header (RFC 9649, 2.7).

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

const xmpFlag = 0x04;
const alphaFlag = 0x10;

/** Whether bytes begin with a WebP signature. */
export function isWebp(bytes: Uint8Array): boolean {
  return fourLetters(bytes, 0) === 'RIFF' && fourLetters(bytes, 8) === 'WEBP';
}

/** The XMP packet of a WebP, as XML. */
export function readWebpXmp(webp: Uint8Array): string | undefined {
  const chunk = chunksOf(webp)?.find(({ type }) => type === 'XMP ');
  return chunk && decodePacket(chunk.data);
}

/** Replaces the XMP packet of a WebP. Returns it unchanged if its structure is invalid. */
export function writeWebpXmp(webp: Uint8Array<ArrayBuffer>, packet: string): Uint8Array<ArrayBuffer> {
  const chunks = chunksOf(webp)?.filter(({ type }) => type !== 'XMP ');
  const header = chunks && headerOf(chunks);
  if (!header) return webp;
  const rest = chunks.filter(({ type }) => type !== 'VP8X');
  const all = [{ type: 'VP8X', data: header }, ...rest, { type: 'XMP ', data: Buffer.from(packet) }];
  const body = Buffer.concat([Buffer.from('WEBP'), ...all.flatMap(bytesOf)]);
  const riff = Buffer.from('RIFF\0\0\0\0');
  riff.writeUInt32LE(body.length, 4);
  return new Uint8Array(Buffer.concat([riff, body]));
}

function chunksOf(webp: Uint8Array): Chunk[] | undefined {
  if (!isWebp(webp)) return undefined;
  const view = new DataView(webp.buffer, webp.byteOffset, webp.byteLength);
  const size = 8 + view.getUint32(4, true);
  if (size > webp.length) return undefined;
  const chunks: Chunk[] = [];
  for (let at = 12; at + 8 <= size; ) {
    const length = view.getUint32(at + 4, true);
    if (at + 8 + length > size) return undefined;
    chunks.push({ type: fourLetters(webp, at), data: webp.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

function bytesOf({ type, data }: Chunk): Uint8Array[] {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return [head, data, Buffer.alloc(data.length % 2)];
}

/** The data of the VP8X chunk with the XMP flag: the file's own, or one made from the header of its image data. */
function headerOf(chunks: readonly Chunk[]): Uint8Array | undefined {
  const [first] = chunks;
  const header = first && (first.type === 'VP8X' ? Buffer.from(first.data) : plainHeader(first));
  if (!header || header.length < 10) return undefined;
  header.writeUInt8(header.readUInt8(0) | xmpFlag, 0);
  return header;
}

/** Flags, three reserved bytes, then width - 1 and height - 1 in 24 bits each. */
function plainHeader(image: Chunk): Buffer | undefined {
  const size = sizeOf(image);
  if (!size) return undefined;
  const header = Buffer.alloc(10);
  header.writeUInt8(size.hasAlpha ? alphaFlag : 0, 0);
  header.writeUIntLE(size.width - 1, 4, 3);
  header.writeUIntLE(size.height - 1, 7, 3);
  return header;
}

function sizeOf({ type, data }: Chunk): { width: number; height: number; hasAlpha: boolean } | undefined {
  if (data.length < 10) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  switch (type) {
    case 'VP8 ': // 3 bytes of frame tag, 3 of start code, then 14 bits each with 2 of scaling (RFC 6386, 9.1)
      return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff, hasAlpha: false };
    case 'VP8L': {
      // 1 byte of signature, then size - 1 in 14 bits each, and 1 bit of alpha (RFC 9649, 3.4)
      const bits = view.getUint32(1, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, hasAlpha: ((bits >>> 28) & 1) === 1 };
    }
    default:
      return undefined;
  }
}
