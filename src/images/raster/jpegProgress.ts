import type { JpegFrame, JpegScan, JpegStructure } from './jpegMarkers.ts';

/** The part of a JPEG that is in the file, from 0 to 1; 1 if all is there, `coarse` if the whole image is there without its details. */
export function presentPartOfJpeg(bytes: Uint8Array, { frame, scans }: JpegStructure): number | 'coarse' | undefined {
  const scan = scans.at(-1);
  if (!frame || !scan || frame.width === 0 || frame.height === 0) return 0;
  const before = scans.slice(0, -1);
  if (frame.marker === 0xc2) {
    const outlines = scans.filter(({ first }) => first === 0);
    const covered = new Set(outlines.flatMap(({ components }) => components.map(({ id }) => id)));
    if (scan.first !== 0 || scan.earlierBit !== 0) return covered.size < frame.components.length ? undefined : 'coarse';
  }
  const part = presentPartOfScan(bytes, frame, scan);
  if (part === undefined) return undefined;
  const earlier = before.reduce((sum, { components }) => sum + components.length, 0);
  const done = (earlier + part * scan.components.length) / frame.components.length;
  if (frame.marker === 0xc2 && done >= 1) return 'coarse';
  return Math.min(1, done);
}

/** Whether the scans of a progressive JPEG have all bits of all coefficients, unless the last of them is cut off. */
export function hasAllScans({ frame, scans }: JpegStructure): boolean {
  return (frame?.components ?? []).every(({ id }) => {
    const own = scans.filter(({ components }) => components.some((component) => component.id === id));
    return Array.from({ length: 64 }, (_, at) => at).every((at) =>
      own.some(({ first, last, bit }) => bit === 0 && first <= at && at <= last),
    );
  });
}

/** In bytes: how far the last block may reach into zeros that follow the data. */
const zerosInBlock = 2;

/**
 * The part of a scan's blocks that can be decoded. Undefined if the data is damaged. Zeros at the end, which a copy that broke off may
 * have where data is missing, look like blocks too. They count only if they
 * mean blank blocks, and end with the last one.
 */
function presentPartOfScan(bytes: Uint8Array, frame: JpegFrame, scan: JpegScan): number | undefined {
  const isProgressive = frame.marker === 0xc2;
  const maxAcross = Math.max(...frame.components.map(({ across }) => across));
  const maxDown = Math.max(...frame.components.map(({ down }) => down));
  const isAlone = scan.components.length === 1;
  const parts = scan.components.map(({ id, dc, ac }) => {
    const component = frame.components.find((one) => one.id === id);
    return component && { ...component, dc: decoder(scan.tables.get(dc)), ac: decoder(scan.tables.get(16 + ac)) };
  });
  const blocks = (size: number, sampling: number, max: number) =>
    isAlone ? Math.ceil(Math.ceil((size * sampling) / max) / 8) : Math.ceil(size / (8 * max));
  const [alone] = parts;
  const columns = blocks(frame.width, alone?.across ?? 1, maxAcross);
  const rows = blocks(frame.height, alone?.down ?? 1, maxDown);
  const reader = new BitReader(bytes, scan.start, scan.end);
  const total = columns * rows;
  const partOf = (units: number) => Math.floor(units / columns) / rows; // only full rows of blocks count as present
  const zeros = startOfZeros(bytes, scan);
  let unitsBeforeZeros: number | undefined;
  for (let unit = 0; unit < total; unit++) {
    if (scan.restartInterval > 0 && unit > 0 && unit % scan.restartInterval === 0) reader.restart();
    for (const part of parts) {
      if (!part?.dc || (!isProgressive && !part.ac)) return undefined;
      const count = isAlone ? 1 : part.across * part.down;
      for (let block = 0; block < count; block++) {
        const bits = part.dc(reader);
        if (bits === undefined) return undefined;
        reader.skip(bits);
        if (!isProgressive && part.ac && !skipDetails(reader, part.ac)) return undefined;
      }
    }
    if (reader.at > zeros + zerosInBlock) unitsBeforeZeros ??= unit;
    if (reader.isPastEnd) return partOf(Math.min(unit, unitsBeforeZeros ?? unit));
  }
  if (unitsBeforeZeros === undefined) return 1;
  const areBlank = scan.components.every(({ dc, ac }) => meansNothing(scan, dc) && meansNothing(scan, 16 + ac));
  return areBlank && reader.at >= scan.end - 1 ? 1 : partOf(unitsBeforeZeros);
}

/** Whether a table's code of zeros only stands for no change, or for no more details: symbol 0. */
const meansNothing = ({ tables }: JpegScan, table: number): boolean => tables.get(table)?.[16] === 0;

function startOfZeros(bytes: Uint8Array, { start, end }: JpegScan): number {
  let at = end;
  while (at > start && bytes[at - 1] === 0) at--;
  return at;
}

function skipDetails(reader: BitReader, ac: Decoder): boolean {
  for (let at = 1; at < 64; at++) {
    const symbol = ac(reader);
    if (symbol === undefined) return false;
    const bits = symbol & 15;
    if (bits === 0 && symbol !== 0xf0) break;
    at += symbol >> 4;
    reader.skip(bits);
  }
  return true;
}

/** Reads the next symbol. Undefined if no code matches. */
type Decoder = (reader: BitReader) => number | undefined;

function decoder(table: Uint8Array | undefined): Decoder | undefined {
  if (!table) return undefined;
  const symbols = table.subarray(16);
  return (reader) => {
    let code = 0;
    let first = 0;
    let at = 0;
    for (let length = 0; length < 16; length++) {
      code |= reader.bit();
      const count = table[length] ?? 0;
      if (code - first < count) return symbols[at + code - first];
      at += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return undefined;
  };
}

/** Reads bits, without the zeros that are stuffed after 0xff. Past the end, all bits are 0. */
class BitReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** Where the next byte is. */
  at: number;
  #byte = 0;
  #left = 0;
  isPastEnd = false;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  bit(): number {
    if (this.#left === 0) this.#load();
    this.#left--;
    return (this.#byte >> this.#left) & 1;
  }

  skip(count: number): void {
    for (let at = 0; at < count; at++) this.bit();
  }

  restart(): void {
    this.#left = 0;
    while (this.at < this.#end) {
      const isMarker = this.#bytes[this.at] === 0xff && ((this.#bytes[this.at + 1] ?? 0) & 0xf8) === 0xd0;
      if (isMarker) {
        this.at += 2;
        return;
      }
      this.at++;
    }
    this.isPastEnd = true;
  }

  #load(): void {
    this.#left = 8;
    const byte = this.#bytes[this.at];
    const isMarker = byte === 0xff && this.#bytes[this.at + 1] !== 0;
    if (this.at >= this.#end || isMarker) {
      this.isPastEnd = true;
      this.#byte = 0;
      return;
    }
    this.#byte = byte ?? 0;
    this.at += byte === 0xff ? 2 : 1;
  }
}
