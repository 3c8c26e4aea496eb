import { MixFailure } from '../../mix/failure.ts';

/** A directory of a TIFF or BigTIFF: the tags of a page. */
export class TiffDirectory {
  readonly littleEndian: boolean;
  /** Where the directory of the next page is. 0 if there is none, or if that isn't in the file. */
  readonly next: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isBig: boolean;
  readonly #entries = new Map<number, { type: number; count: number; at: number }>();

  /**
   * @param place where it is. By default, that of the first page.
   * @throws MixFailure `unreadable-image/truncated` if the directory isn't in the file.
   */
  constructor(bytes: Uint8Array, place?: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.littleEndian = bytes[0] === 0x49;
    if (bytes.length < 16) throw new MixFailure('unreadable-image/truncated');
    this.#isBig = this.#view.getUint16(2, this.littleEndian) === 43;
    const wide = this.#isBig ? 8 : 4;
    const start = place ?? this.#number(wide, this.#isBig ? 8 : 4);
    const count = this.#number(this.#isBig ? 8 : 2, start);
    const size = this.#isBig ? 20 : 12;
    let at = start + (this.#isBig ? 8 : 2);
    const end = at + count * size;
    this.next = end + wide <= bytes.length ? this.#number(wide, end) : 0;
    for (let index = 0; index < Math.min(count, 4096); index++, at += size) {
      const tag = this.#number(2, at);
      const type = this.#number(2, at + 2);
      const length = this.#number(wide, at + 4);
      const field = at + 4 + wide;
      const bytesLong = (sizes[type] ?? 1) * length;
      if (!this.#entries.has(tag)) {
        this.#entries.set(tag, { type, count: length, at: bytesLong <= wide ? field : this.#number(wide, field) });
      }
    }
  }

  /** A copy of the file whose first page is that of the directory at `place`. */
  startingAt(place: number): Uint8Array {
    const copy = Uint8Array.from(this.#bytes);
    const view = new DataView(copy.buffer);
    if (this.#isBig) view.setBigUint64(8, BigInt(place), this.littleEndian);
    else view.setUint32(4, place, this.littleEndian);
    return copy;
  }

  has(tag: number): boolean {
    return this.#entries.has(tag);
  }

  /** All values of a tag, none if it's missing. */
  numbers(tag: number): number[] {
    const entry = this.#entries.get(tag);
    if (!entry) return [];
    const size = sizes[entry.type] ?? 1;
    if (entry.at + size * entry.count > this.#bytes.length) throw new MixFailure('unreadable-image/truncated');
    return Array.from({ length: entry.count }, (_, index) => this.#value(entry.type, entry.at + index * size));
  }

  number(tag: number, otherwise: number): number {
    return this.#entries.has(tag) ? (this.numbers(tag)[0] ?? otherwise) : otherwise;
  }

  /** The bytes of a tag. */
  blob(tag: number): Uint8Array | undefined {
    const entry = this.#entries.get(tag);
    if (!entry) return undefined;
    const end = entry.at + entry.count * (sizes[entry.type] ?? 1);
    if (end > this.#bytes.length) throw new MixFailure('unreadable-image/truncated');
    return this.#bytes.subarray(entry.at, end);
  }

  /** Checks a tag that only the decoder reads. @throws MixFailure `unreadable-image/truncated` if its bytes aren't in the file. */
  requireBlob(tag: number): void {
    this.blob(tag);
  }

  #value(type: number, at: number): number {
    switch (type) {
      case 5:
        return this.#number(4, at) / (this.#number(4, at + 4) || 1);
      case 11:
        return this.#view.getFloat32(at, this.littleEndian);
      case 12:
        return this.#view.getFloat64(at, this.littleEndian);
      default:
        return this.#number(sizes[type] ?? 1, at);
    }
  }

  #number(size: number, at: number): number {
    if (!(at >= 0 && at + size <= this.#bytes.length)) throw new MixFailure('unreadable-image/truncated');
    switch (size) {
      case 1:
        return this.#view.getUint8(at);
      case 2:
        return this.#view.getUint16(at, this.littleEndian);
      case 4:
        return this.#view.getUint32(at, this.littleEndian);
      default:
        return Number(this.#view.getBigUint64(at, this.littleEndian));
    }
  }
}

/** The bytes of each type of value. */
const sizes: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};
