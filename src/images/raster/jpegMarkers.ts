// The structure of a JPEG: its segments and where the data of each scan lies (ITU-T T.81, annex B).

import { latin1 } from '../latin1.ts';

export interface JpegComponent {
  readonly id: number;
  readonly across: number;
  readonly down: number;
}

export interface JpegFrame {
  /** The second byte of its marker: 0xc0 baseline, 0xc2 progressive, 0xc3 lossless, from 0xc9 on arithmetic. */
  readonly marker: number;
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
}

export interface JpegScan {
  readonly components: readonly { readonly id: number; readonly dc: number; readonly ac: number }[];
  /** The first and last coefficient, and the bit position of an earlier pass: all 0 except in progressive JPEGs. */
  readonly first: number;
  readonly last: number;
  readonly earlierBit: number;
  /** The lowest bit of the coefficients that the scan has. */
  readonly bit: number;
  /** Where its data starts and ends. */
  readonly start: number;
  readonly end: number;
  /** The Huffman tables that apply, by 16 × class + number. Each: the count of codes of 1 to 16 bits, then their symbols. */
  readonly tables: ReadonlyMap<number, Uint8Array>;
  readonly restartInterval: number;
}

export interface JpegStructure {
  readonly frame: JpegFrame | undefined;
  readonly scans: readonly JpegScan[];
  readonly profile: Uint8Array | undefined;
  /** Whether the end marker was found. */
  readonly ended: boolean;
}

/** Walks the segments up to the end marker or the end of the file. */
export function readJpeg(bytes: Uint8Array): JpegStructure {
  const at16 = (at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  const tables = new Map<number, Uint8Array>();
  const scans: JpegScan[] = [];
  const profiles = new Map<number, Uint8Array>();
  let frame: JpegFrame | undefined;
  let restartInterval = 0;
  let ended = false;
  let at = 2;
  while (at < bytes.length) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) break;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined) break;
    if (marker === 0xd9) {
      ended = true;
      break;
    }
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const length = at16(at);
    if (length < 2) continue;
    const body = bytes.subarray(at + 2, at + length);
    const isWhole = at + length <= bytes.length;
    at += length;
    if (!isWhole) break;
    if (marker === 0xc4) readTables(body, tables);
    else if (marker === 0xdd) restartInterval = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
    else if (marker === 0xe2 && latin1(body.subarray(0, 12)) === 'ICC_PROFILE\0')
      profiles.set(body[12] ?? 0, body.subarray(14));
    else if (isFrame(marker)) frame ??= readFrame(marker, body);
    else if (marker === 0xda) {
      const end = endOfData(bytes, at);
      scans.push({ ...readScan(body), start: at, end, tables: new Map(tables), restartInterval });
      at = end;
    }
  }
  const profile =
    profiles.size > 0 ? Buffer.concat([...profiles].toSorted(([a], [b]) => a - b).map(([, part]) => part)) : undefined;
  return { frame, scans, profile, ended };
}

/** All of C0 to CF are frames except for C4 (tables), C8 (reserved) and CC (tables); F7 is JPEG-LS. */
const isFrame = (marker: number) =>
  (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;

function readFrame(marker: number, body: Uint8Array): JpegFrame {
  const [precision = 0, h1 = 0, h0 = 0, w1 = 0, w0 = 0, count = 0] = body;
  const components = Array.from({ length: count }, (_, index) => {
    const [id = 0, sampling = 0x11] = body.subarray(6 + index * 3);
    return { id, across: sampling >> 4 || 1, down: sampling & 15 || 1 };
  });
  return { marker, precision, width: (w1 << 8) | w0, height: (h1 << 8) | h0, components };
}

function readTables(body: Uint8Array, tables: Map<number, Uint8Array>): void {
  for (let at = 0; at + 17 <= body.length; ) {
    const count = body.subarray(at + 1, at + 17).reduce((sum, codes) => sum + codes, 0);
    tables.set(body[at] ?? 0, body.subarray(at + 1, at + 17 + count));
    at += 17 + count;
  }
}

function readScan(body: Uint8Array) {
  const count = body[0] ?? 0;
  const components = Array.from({ length: count }, (_, index) => {
    const [id = 0, selected = 0] = body.subarray(1 + index * 2);
    return { id, dc: selected >> 4, ac: selected & 15 };
  });
  const [first = 0, last = 0, bits = 0] = body.subarray(1 + count * 2);
  return { components, first, last, earlierBit: bits >> 4, bit: bits & 15 };
}

/** Where a marker follows that ends a scan's data. */
function endOfData(bytes: Uint8Array, start: number): number {
  for (let at = start; ; at++) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return bytes.length;
    const next = bytes[at + 1];
    if (next === undefined) return at;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
}
