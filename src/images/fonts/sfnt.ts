/** Reads bytes of a font file. Fewer come back at its end. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/** A face of a TrueType or OpenType file. */
export interface Face {
  /** Every name of its family, in lower case. */
  readonly names: ReadonlySet<string>;
  /** The name that the renderer finds it by. */
  readonly family: string;
  /** Whether its glyphs are outlines. Those of color emoji are images, which the renderer doesn't draw. */
  readonly hasOutlines: boolean;
  /** Whether some of its glyphs are in colors, which the renderer doesn't draw. */
  readonly hasColors: boolean;
  readonly tables: ReadonlyMap<string, { readonly offset: number; readonly length: number }>;
}

const maxTableLength = 4 * 2 ** 20;

/** The faces of a font file, more than one in a collection. None if it isn't a font. */
export async function readFaces(read: ReadBytes): Promise<Face[]> {
  const head = view(await read(0, 12));
  if (head.byteLength < 12) return [];
  const tag = tagAt(head, 0);
  if (tag !== 'ttcf') return isFont(tag, head) ? [await readFace(read, 0)] : [];
  const count = Math.min(head.getUint32(8), 64);
  const offsets = view(await read(12, 4 * count));
  const faces: Face[] = [];
  for (let at = 0; at + 4 <= offsets.byteLength; at += 4) faces.push(await readFace(read, offsets.getUint32(at)));
  return faces;
}

const isFont = (tag: string, head: DataView) => head.getUint32(0) === 0x10000 || tag === 'OTTO' || tag === 'true';

async function readFace(read: ReadBytes, offset: number): Promise<Face> {
  const head = view(await read(offset, 12));
  const count = head.byteLength < 12 ? 0 : Math.min(head.getUint16(4), 128);
  const records = view(await read(offset + 12, 16 * count));
  const tables = new Map<string, { offset: number; length: number }>();
  for (let at = 0; at + 16 <= records.byteLength; at += 16) {
    tables.set(tagAt(records, at), { offset: records.getUint32(at + 8), length: records.getUint32(at + 12) });
  }
  const has = (names: readonly string[]) => names.some((name) => tables.has(name));
  const areImages = has(['sbix', 'CBDT']);
  const face = {
    tables,
    hasOutlines: !areImages && has(['glyf', 'CFF ', 'CFF2']),
    hasColors: areImages || has(['COLR', 'SVG ']),
  };
  const { family, names } = familyNames(await readTable(read, { tables }, 'name'));
  return { ...face, family, names: new Set(names.map((name) => name.toLowerCase())) };
}

async function readTable(read: ReadBytes, { tables }: Pick<Face, 'tables'>, name: string): Promise<DataView> {
  const { offset = 0, length = 0 } = tables.get(name) ?? {};
  return view(length > maxTableLength ? new Uint8Array() : await read(offset, length));
}

/** The family names in a `name` table. The typographic family, if there is one, is the one that counts. */
export function familyNames(table: DataView): { family: string; names: string[] } {
  const found: Record<'typographic' | 'legacy', string[]> = { typographic: [], legacy: [] };
  if (table.byteLength < 6) return { family: '', names: [] };
  const count = Math.min(table.getUint16(2), Math.floor((table.byteLength - 6) / 12));
  const strings = table.getUint16(4);
  for (let at = 6; at < 6 + 12 * count; at += 12) {
    const [platform, id] = [table.getUint16(at), table.getUint16(at + 6)];
    if (id !== 1 && id !== 16) continue;
    const [length, start] = [table.getUint16(at + 8), strings + table.getUint16(at + 10)];
    if (start + length > table.byteLength) continue;
    const bytes = new Uint8Array(table.buffer, table.byteOffset + start, length);
    const name = new TextDecoder(platform === 1 ? 'latin1' : 'utf-16be').decode(bytes);
    (id === 16 ? found.typographic : found.legacy).push(name);
  }
  const names = [...found.typographic, ...found.legacy];
  return { family: names[0] ?? '', names };
}

/** Tells which characters a face has glyphs for, by code point. */
export async function readCoverage(read: ReadBytes, face: Face): Promise<(character: number) => boolean> {
  const table = await readTable(read, face, 'cmap');
  if (table.byteLength < 4) return () => false;
  const count = Math.min(table.getUint16(2), Math.floor((table.byteLength - 4) / 8));
  const subtables = Array.from({ length: count }, (_, at) => table.getUint32(4 + 8 * at + 4)).filter(
    (offset) => offset + 16 <= table.byteLength,
  );
  const formats = new Map(subtables.map((offset) => [table.getUint16(offset), offset]));
  const full = formats.get(12);
  if (full !== undefined) return (character) => inGroups(table, full, character);
  const basic = formats.get(4);
  return basic === undefined ? () => false : (character) => inSegments(table, basic, character);
}

function inGroups(table: DataView, offset: number, character: number): boolean {
  const count = Math.min(table.getUint32(offset + 12), Math.floor((table.byteLength - offset - 16) / 12));
  let [low, high] = [0, count - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = offset + 16 + 12 * middle;
    if (character < table.getUint32(at)) high = middle - 1;
    else if (character > table.getUint32(at + 4)) low = middle + 1;
    else return true;
  }
  return false;
}

function inSegments(table: DataView, offset: number, character: number): boolean {
  const twice = table.getUint16(offset + 6);
  const [ends, starts, deltas, ranges] = [14, 16 + twice, 16 + 2 * twice, 16 + 3 * twice].map((at) => offset + at);
  if (ends === undefined || starts === undefined || deltas === undefined || ranges === undefined) return false;
  for (let at = 0; at < twice && ranges + at + 2 <= table.byteLength; at += 2) {
    if (character > table.getUint16(ends + at)) continue;
    const start = table.getUint16(starts + at);
    if (character < start) return false;
    const range = table.getUint16(ranges + at);
    if (range === 0) return ((character + table.getUint16(deltas + at)) & 0xffff) !== 0;
    const glyph = ranges + at + range + 2 * (character - start);
    return glyph + 2 <= table.byteLength && table.getUint16(glyph) !== 0;
  }
  return false;
}

export const view = ({ buffer, byteOffset, byteLength }: Uint8Array) => new DataView(buffer, byteOffset, byteLength);

function tagAt(data: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => data.getUint8(at + index)));
}
