import { fourLetters } from '../latin1.ts';

/** A box of a file in the ISO base media format (ISO/IEC 14496-12): its type, and where its content is. */
export interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** The boxes between two places. The last one may end behind the file. */
export function boxesIn(bytes: Uint8Array, from: number, to: number): Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= Math.min(to, bytes.length); ) {
    const short = view.getUint32(at);
    const isLong = short === 1 && at + 16 <= bytes.length;
    const length = isLong ? Number(view.getBigUint64(at + 8)) : short === 0 ? to - at : short;
    if (length < 8) break;
    const type = fourLetters(bytes, at + 4);
    boxes.push({ type, start: at + (isLong ? 16 : 8), end: at + length });
    at += length;
  }
  return boxes;
}

/** Reads numbers one after the other, the highest byte first. What is behind the file counts as 0. */
export class NumberReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** A number of `size` bytes. */
  read(size: number): number {
    let value = 0;
    for (const stop = this.at + size; this.at < stop; this.at++) value = value * 256 + (this.#bytes[this.at] ?? 0);
    return value;
  }
}
