import { inflate } from './inflate.ts';
import { latin1 } from './latin1.ts';
import { chunksOf, type PngChunk, pngChunk } from './raster/pngChunks.ts';

/** The most texts with a keyword that are tried, and the most bytes that one is inflated to: a small file could keep it busy for long. */
const maxTexts = 8;
const maxInflated = 16 * 1024 * 1024;

const wholeChunks = (png: Uint8Array) => chunksOf(png).filter(({ whole }) => whole);

/** The text of a PNG under a keyword, from a tEXt, zTXt or iTXt chunk that can be read, or undefined. */
export function readPngText(png: Uint8Array, keyword: string): string | undefined {
  const bytes = readPngTextBytes(png, keyword);
  return bytes && decodeText(bytes);
}

/** The same, as it is encoded. */
export function readPngTextBytes(png: Uint8Array, keyword: string): Uint8Array | undefined {
  const texts = wholeChunks(png).filter((chunk) => keywordOf(chunk) === keyword);
  for (const chunk of texts.slice(0, maxTexts)) {
    const bytes = textOf(chunk);
    if (bytes) return bytes;
  }
  return undefined;
}

/** The chunks of a PNG that its pixels and their colors depend on. */
const imageChunks = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
const colorChunks = ['cHRM', 'gAMA', 'iCCP', 'sBIT', 'sRGB', 'cICP', 'mDCV', 'cLLI'];

/**
 * The same PNG with nothing but the image and its color profile: no texts, EXIF, or bytes behind the image.
 * Undefined if it isn't a whole PNG, or its EXIF data may say that it's to be turned.
 */
export function barePng(png: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const chunks = wholeChunks(png);
  if (chunks.at(-1)?.type !== 'IEND' || chunks.some(({ type }) => type === 'eXIf')) return undefined;
  const kept = chunks.filter(({ type }) => [...imageChunks, ...colorChunks].includes(type));
  const parts = kept.map(({ start, end }) => png.subarray(start, end));
  return new Uint8Array(Buffer.concat([png.subarray(0, chunks[0]?.start), ...parts]));
}

/**
 * Replaces the texts under these keywords and keeps the other chunks. Returns an incomplete PNG unchanged. NUL characters, which
 * the format can't contain, are dropped.
 */
export function writePngTexts(png: Uint8Array<ArrayBuffer>, texts: Readonly<Record<string, string>>) {
  const chunks = wholeChunks(png);
  const firstData = chunks.find(({ type }) => type === 'IDAT');
  if (!firstData) return png;
  const parts: Uint8Array[] = [png.subarray(0, chunks[0]?.start)];
  for (const chunk of chunks) {
    // Before the pixels, for readers that read only the start of the file.
    if (chunk === firstData) parts.push(...Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text)));
    if (!Object.hasOwn(texts, keywordOf(chunk) ?? '')) parts.push(png.subarray(chunk.start, chunk.end));
  }
  parts.push(png.subarray(chunks.at(-1)?.end));
  return new Uint8Array(Buffer.concat(parts));
}

function keywordOf({ type, data }: PngChunk): string | undefined {
  if (type !== 'iTXt' && type !== 'tEXt' && type !== 'zTXt') return undefined;
  const end = data.indexOf(0);
  return end < 0 ? undefined : latin1(data.subarray(0, end));
}

/**
 * tEXt: keyword, NUL, text. zTXt: keyword, NUL, compression method, text. iTXt: keyword, NUL, compression flag and method, language,
 * NUL, translated keyword, NUL, text. The only method is 0, deflate.
 */
function textOf({ type, data }: PngChunk): Uint8Array | undefined {
  const start = data.indexOf(0) + 1;
  if (type === 'tEXt') return data.subarray(start);
  if (type === 'zTXt') return data[start] === 0 ? inflate(data.subarray(start + 1), maxInflated) : undefined;
  const languageEnd = data.indexOf(0, start + 2);
  const keywordEnd = languageEnd < 0 ? -1 : data.indexOf(0, languageEnd + 1);
  if (keywordEnd < 0) return undefined;
  const bytes = data.subarray(keywordEnd + 1);
  if (data[start] === 0) return bytes;
  return data[start] === 1 && data[start + 1] === 0 ? inflate(bytes, maxInflated) : undefined;
}

/** tEXt and zTXt are Latin-1 by the standard, but many tools write UTF-8, which text in Latin-1 hardly ever is by chance. */
function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return latin1(bytes);
    throw error;
  }
}

function textChunk(keyword: string, text: string): Uint8Array {
  return pngChunk('iTXt', Buffer.from(`${keyword}\0\0\0\0\0${text.replaceAll('\0', '')}`));
}
