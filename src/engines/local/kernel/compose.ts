import type { Base } from './base.ts';
import { FIELD_BITS, Fields } from './field.ts';
import type { RgbPlanes } from './oklab.ts';
import type { Size } from './pyramid.ts';
import { scratch } from './scratch.ts';
import type { Walk } from './walk.ts';

/** A picture whose pixels go into the result. */
export interface Layer {
  readonly words: Int32Array;
  readonly base: Base;
  /** How much of it is taken at each pixel of the base. */
  readonly weights: Float32Array;
  /** Part of its opacity that counts for the result's, from 0 to 1. */
  readonly presence: number;
}

/** Called with the part done, from 0 to 1. */
export type Ticker = (fraction: number) => void;

/** The fused base less what the layers' own bases amount to: added to the sum of the layers' pixels it gives the result; scratch. */
export function corrections(layers: readonly Layer[], fused: RgbPlanes): Float32Array[] {
  return (['r', 'g', 'b'] as const).map((channel) => {
    const left = scratch.floats(fused[channel].length);
    left.set(fused[channel]);
    for (const { base, weights } of layers) takeAway(left, weights, base[channel]);
    return left;
  });
}

function takeAway(from: Float32Array, weights: Float32Array, plane: Float32Array): void {
  for (let p = 0; p < from.length; p++) from[p] = from[p]! - weights[p]! * plane[p]!;
}

/** As many layers go through in one pass; those beyond are summed before. */
const TOGETHER = 3;

/**
 * Puts the pictures' own pixels over the fused base, into `out`: Σ weight × (pixel − base) + fused, where weights, bases and the fused base
 * are brought up to full size by straight interpolation. All that is finer than the base comes from the pixels, as the
 * weights divide them, and a picture that is alone comes out as it went in. Opaque pictures only; in whole numbers throughout.
 */
export function compose(out: Int32Array, layers: readonly Layer[], fused: RgbPlanes, size: Size, tick: Ticker): void {
  const { width, height } = size;
  const base = layers[0]!.base;
  const nothing = scratch.floats(fused.r.length);
  const first = layers.slice(0, TOGETHER);
  const weights = Array.from({ length: TOGETHER }, (_, i) => first[i]?.weights ?? nothing);
  const words = Array.from({ length: TOGETHER }, (_, i) => (first[i] ?? layers[0]!).words);
  const [one, two, three] = words as [Int32Array, Int32Array, Int32Array]; // TOGETHER of them
  const main = new Fields(size, base.size, [...weights, ...corrections(layers, fused)]);
  const others = layers
    .slice(TOGETHER)
    .map((layer) => ({ layer, field: new Fields(size, base.size, [layer.weights]) }));
  const sums = new Int32Array(width * 3);
  for (let y = 0; y < height; y++) {
    if ((y & 63) === 0) tick(y / height);
    const row = y * width;
    main.advance();
    if (others.length > 0) sums.fill(0);
    for (const { layer, field } of others) {
      field.advance();
      addRow(sums, layer.words, row, width, field.line, field.across);
    }
    writeRow(out, row, width, sums, layers.length, one, two, three, main.line, main.across);
  }
}

function addRow(
  sums: Int32Array,
  words: Int32Array,
  row: number,
  width: number,
  line: Int32Array,
  { ends, offsets, part }: Walk,
): void {
  for (let x = 0, c = 0; x < width; c++) {
    const end = ends[c]!;
    const offset = offsets[c]!;
    let weight = line[c]!;
    const rise = ((line[c + 1]! - weight) * part) | 0;
    weight = (weight + rise * offset) | 0;
    for (; x < end; x++) {
      const word = words[row + x]!;
      const at = 3 * x;
      sums[at] = (sums[at]! + Math.imul(word & 255, weight)) | 0;
      sums[at + 1] = (sums[at + 1]! + Math.imul((word >> 8) & 255, weight)) | 0;
      sums[at + 2] = (sums[at + 2]! + Math.imul((word >> 16) & 255, weight)) | 0;
      weight = (weight + rise) | 0;
    }
  }
}

/** `line` holds, for each base column, the weights of the three pictures and the corrections of red, green and blue. */
function writeRow(
  out: Int32Array,
  row: number,
  width: number,
  sums: Int32Array,
  count: number,
  one: Int32Array,
  two: Int32Array,
  three: Int32Array,
  line: Int32Array,
  { ends, offsets, part }: Walk,
): void {
  const half = 1 << (FIELD_BITS - 1);
  for (let x = 0, c = 0, stretch = 0; x < width; c += 6, stretch++) {
    const end = ends[stretch]!;
    const offset = offsets[stretch]!;
    let first = line[c]!;
    let second = line[c + 1]!;
    let third = line[c + 2]!;
    let redAdd = (line[c + 3]! + half) | 0;
    let greenAdd = (line[c + 4]! + half) | 0;
    let blueAdd = (line[c + 5]! + half) | 0;
    const firstRise = ((line[c + 6]! - first) * part) | 0;
    const secondRise = ((line[c + 7]! - second) * part) | 0;
    const thirdRise = ((line[c + 8]! - third) * part) | 0;
    const redRise = ((line[c + 9]! + half - redAdd) * part) | 0;
    const greenRise = ((line[c + 10]! + half - greenAdd) * part) | 0;
    const blueRise = ((line[c + 11]! + half - blueAdd) * part) | 0;
    first = (first + firstRise * offset) | 0;
    second = (second + secondRise * offset) | 0;
    third = (third + thirdRise * offset) | 0;
    redAdd = (redAdd + redRise * offset) | 0;
    greenAdd = (greenAdd + greenRise * offset) | 0;
    blueAdd = (blueAdd + blueRise * offset) | 0;
    for (; x < end; x++) {
      const p = one[row + x]!;
      const q = two[row + x]!;
      let red = (redAdd + Math.imul(p & 255, first) + Math.imul(q & 255, second)) | 0;
      let green = (greenAdd + Math.imul((p >> 8) & 255, first) + Math.imul((q >> 8) & 255, second)) | 0;
      let blue = (blueAdd + Math.imul((p >> 16) & 255, first) + Math.imul((q >> 16) & 255, second)) | 0;
      if (count > 2) {
        const s = three[row + x]!;
        red = (red + Math.imul(s & 255, third)) | 0;
        green = (green + Math.imul((s >> 8) & 255, third)) | 0;
        blue = (blue + Math.imul((s >> 16) & 255, third)) | 0;
      }
      if (count > 3) {
        const at = 3 * x;
        red = (red + sums[at]!) | 0;
        green = (green + sums[at + 1]!) | 0;
        blue = (blue + sums[at + 2]!) | 0;
      }
      red >>= FIELD_BITS;
      green >>= FIELD_BITS;
      blue >>= FIELD_BITS;
      if ((red | green | blue) & ~255) {
        red = toByte(red);
        green = toByte(green);
        blue = toByte(blue);
      }
      out[row + x] = red | (green << 8) | (blue << 16) | (255 << 24);
      first = (first + firstRise) | 0;
      second = (second + secondRise) | 0;
      third = (third + thirdRise) | 0;
      redAdd = (redAdd + redRise) | 0;
      greenAdd = (greenAdd + greenRise) | 0;
      blueAdd = (blueAdd + blueRise) | 0;
    }
  }
}

function toByte(value: number): number {
  if (value < 0) return 0;
  return value > 255 ? 255 : value;
}
