import { MixFailure } from '../../mix/failure.ts';
import { fourLetters } from '../latin1.ts';
import { decodeSrgb } from './colorMath.ts';
import { isHdrTransfer, primariesOfStandard, srgbPrimaries, transferOfStandard } from './colorStandard.ts';
import { type Box, boxesIn, NumberReader } from './isoBoxes.ts';
import type { PreparedFile } from './preparedRaster.ts';
import { fromRgb, type Recolor } from './recolor.ts';

/**
 * An AVIF with what the decoder doesn't do: the way from its colors to sRGB, and whether they are multiplied by alpha.
 * @throws MixFailure `unreadable-image/truncated`, `unsupported-image`, `unsupported-image/hdr`
 */
export function prepareAvif(bytes: Uint8Array): PreparedFile {
  const boxes = boxesIn(bytes, 0, bytes.length);
  const meta = boxes.find(({ type }) => type === 'meta');
  if (!meta) {
    // Without a box that says what is in the file, only its start is there.
    if (!boxes.some(({ type }) => type === 'moov')) throw new MixFailure('unreadable-image/truncated');
    throw new MixFailure('unsupported-image', { args: { format: 'AVIF video' } });
  }
  const inMeta = boxesIn(bytes, meta.start + 4, meta.end);
  const references = inMeta.find(({ type }) => type === 'iref');
  const isMultiplied =
    references && boxesIn(bytes, references.start + 4, references.end).some(({ type }) => type === 'prem');
  return {
    bytes: asStill(bytes),
    warnings: [],
    recolor: recolorOf(bytes, inMeta),
    ...(isMultiplied ? { isMultiplied } : {}),
  };
}

/** The decoder refuses an animation by its brand, although it reads the first image of one. */
function asStill(bytes: Uint8Array): Uint8Array {
  const isAnimation = fourLetters(bytes, 8) === 'avis';
  if (!isAnimation) return bytes;
  const still = Uint8Array.from(bytes);
  still.set(new TextEncoder().encode('avif'), 8);
  return still;
}

function recolorOf(bytes: Uint8Array, meta: readonly Box[]): Recolor | undefined {
  const colors = propertiesOfImage(bytes, meta)
    .filter(({ type }) => type === 'colr')
    .map(({ start }) => ({
      kind: fourLetters(bytes, start),
      numbers: new NumberReader(bytes, start + 4),
    }));
  const numbers = colors.find(({ kind }) => kind === 'nclx')?.numbers;
  if (!numbers) return undefined;
  const primaries = numbers.read(2);
  const transfer = numbers.read(2);
  if (isHdrTransfer(transfer)) throw new MixFailure('unsupported-image/hdr');
  if (colors.length > 1) return undefined; // the decoder applies the profile
  // Logarithmic, or beyond RGB. Browsers refuse them too.
  if ([9, 10, 12].includes(transfer)) {
    throw new MixFailure('unsupported-image', { args: { format: `AVIF (transfer ${transfer})` } });
  }
  // Unlike a PNG's, browsers show the curves of video as that of sRGB.
  const curve = [4, 5, 7, 8, 17].includes(transfer) ? transferOfStandard(transfer) : undefined;
  const gamut = primariesOfStandard(primaries) ?? srgbPrimaries;
  return gamut === srgbPrimaries && !curve ? undefined : fromRgb(gamut, curve ?? decodeSrgb);
}

/** What is said of the image itself, not of its alpha, its parts or other images in the file. */
function propertiesOfImage(bytes: Uint8Array, meta: readonly Box[]): Box[] {
  const properties = meta.find(({ type }) => type === 'iprp');
  const inProperties = properties ? boxesIn(bytes, properties.start, properties.end) : [];
  const list = inProperties.find(({ type }) => type === 'ipco');
  const primary = meta.find(({ type }) => type === 'pitm');
  if (!list || !primary) return [];
  const item = new NumberReader(bytes, primary.start + 4).read(bytes[primary.start] === 0 ? 2 : 4);
  const all = boxesIn(bytes, list.start, list.end);
  return inProperties
    .filter(({ type }) => type === 'ipma')
    .flatMap((box) => associated(bytes, box, item))
    .flatMap((index) => all[index - 1] ?? []);
}

/** The numbers, from 1, of the properties of an item (ISO/IEC 23008-12, ItemPropertyAssociationBox). */
function associated(bytes: Uint8Array, { start, end }: Box, item: number): number[] {
  const numbers = new NumberReader(bytes, start);
  const version = numbers.read(1);
  const isLong = (numbers.read(3) & 1) === 1;
  const stop = Math.min(end, bytes.length); // a broken length can be any number
  for (let entries = numbers.read(4); entries > 0 && numbers.at < stop; entries--) {
    const id = numbers.read(version === 0 ? 2 : 4);
    const indices = Array.from({ length: numbers.read(1) }, () =>
      isLong ? numbers.read(2) & 0x7fff : numbers.read(1) & 0x7f,
    );
    if (id === item) return indices;
  }
  return [];
}

/** The part of an AVIF's bytes that is in the file, from 0 to 1, as far as its boxes tell. */
export function presentPartOfAvif(bytes: Uint8Array): number | undefined {
  const boxes = boxesIn(bytes, 0, bytes.length);
  const meta = boxes.find(({ type }) => type === 'meta');
  const places = meta && boxesIn(bytes, meta.start + 4, meta.end).find(({ type }) => type === 'iloc');
  const end = Math.max(boxes.at(-1)?.end ?? 0, places && places.end <= bytes.length ? endOfItems(bytes, places) : 0);
  return end > 0 ? Math.min(1, bytes.length / end) : undefined;
}

/** Where the data of the last item ends (ISO/IEC 14496-12, ItemLocationBox). Only data that the box places in the file counts. */
function endOfItems(bytes: Uint8Array, { start, end }: Box): number {
  const numbers = new NumberReader(bytes, start);
  const version = numbers.read(4) >>> 24;
  const sizes = numbers.read(2);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version > 0 ? sizes & 15 : 0;
  let last = 0;
  for (let items = numbers.read(version < 2 ? 2 : 4); items > 0 && numbers.at < end; items--) {
    numbers.read(version < 2 ? 2 : 4);
    const isInFile = version === 0 || (numbers.read(2) & 15) === 0;
    numbers.read(2);
    const base = numbers.read(baseSize);
    for (let extents = numbers.read(2); extents > 0 && numbers.at < end; extents--) {
      numbers.read(indexSize);
      const offset = numbers.read(offsetSize);
      const length = numbers.read(lengthSize);
      if (isInFile) last = Math.max(last, base + offset + length);
    }
  }
  return last;
}
