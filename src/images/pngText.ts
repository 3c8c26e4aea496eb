import { crc32 } from 'node:zlib';

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const latin1 = new TextDecoder('latin1');

/** A chunk of a PNG: its type, its data, and its range in the file. */
interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Whether bytes begin with the PNG signature. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, at) => bytes[at] === byte);
}

/** The text of a PNG under a keyword, from an uncompressed iTXt or tEXt chunk, or undefined. */
export function readPngText(png: Uint8Array, keyword: string): string | undefined {
  return chunksOf(png)
    .filter((chunk) => keywordOf(chunk) === keyword)
    .map(textOf)
    .find((text) => text !== undefined);
}

/**
 * Replaces the texts under these keywords and keeps the other chunks. Returns an incomplete PNG unchanged. NUL characters, which
 * the format can't contain, are dropped.
 */
export function writePngTexts(png: Uint8Array<ArrayBuffer>, texts: Readonly<Record<string, string>>) {
  const chunks = chunksOf(png);
  const firstData = chunks.find(({ type }) => type === 'IDAT');
  if (!firstData) return png;
  const parts: Uint8Array[] = [png.subarray(0, signature.length)];
  for (const chunk of chunks) {
    // Before the pixels, for readers that read only the start of the file.
    if (chunk === firstData) parts.push(...Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text)));
    if (!Object.hasOwn(texts, keywordOf(chunk) ?? '')) parts.push(png.subarray(chunk.start, chunk.end));
  }
  parts.push(png.subarray(chunks.at(-1)?.end));
  return new Uint8Array(Buffer.concat(parts));
}

function chunksOf(png: Uint8Array): Chunk[] {
  if (!isPng(png)) return [];
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const chunks: Chunk[] = [];
  for (let start = signature.length; start + 12 <= png.length; ) {
    const end = start + 12 + view.getUint32(start);
    if (end > png.length) break;
    const type = latin1.decode(png.subarray(start + 4, start + 8));
    chunks.push({ type, data: png.subarray(start + 8, end - 4), start, end });
    start = end;
  }
  return chunks;
}

function keywordOf({ type, data }: Chunk): string | undefined {
  if (type !== 'iTXt' && type !== 'tEXt' && type !== 'zTXt') return undefined;
  return latin1.decode(data.subarray(0, data.indexOf(0)));
}

/** tEXt: keyword, NUL, Latin-1. iTXt: keyword, NUL, compression flag and method, language, NUL, translated keyword, NUL, UTF-8. */
function textOf({ type, data }: Chunk): string | undefined {
  const afterKeyword = data.indexOf(0) + 1;
  if (type === 'tEXt') return latin1.decode(data.subarray(afterKeyword));
  if (type !== 'iTXt' || data[afterKeyword] !== 0) return undefined;
  const afterLanguage = data.indexOf(0, afterKeyword + 2) + 1;
  return new TextDecoder().decode(data.subarray(data.indexOf(0, afterLanguage) + 1));
}

function textChunk(keyword: string, text: string): Uint8Array {
  const body = Buffer.from(`iTXt${keyword}\0\0\0\0\0${text.replaceAll('\0', '')}`);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
