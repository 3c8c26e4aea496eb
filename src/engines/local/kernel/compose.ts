import type { Base } from './base.ts';
import { FIELD_BITS, Field } from './field.ts';
import type { RgbPlanes } from './oklab.ts';
import type { Size } from './pyramid.ts';

/** A picture whose pixels go into the result. */
export interface Layer {
  readonly words: Int32Array;
  readonly base: Base;
  /** Its mask at the base's size; the masks of all layers sum to 1 at every pixel. */
  readonly mask: Float32Array;
  /** Part of its opacity that counts for the result's, from 0 to 1. */
  readonly presence: number;
}

/** What all layers share: the result's size, the contrast gain at the base's size, and the fused base. */
export interface Composition {
  readonly size: Size;
  readonly gain: Float32Array;
  readonly fused: RgbPlanes;
}

/** Bits behind the point of a mask as it multiplies a byte, and of the sum as it is multiplied by the gain. */
const MASK_BITS = 14;
const SUM_BITS = 10;

/** The fused base less what the layers' own bases amount to; added to the sum of the layers' pixels it gives the result. */
export function corrections(layers: readonly Layer[], { gain, fused }: Composition): Field[] {
  const base = layers[0]?.base;
  if (!base) throw new RangeError('Nothing to compose');
  return (['r', 'g', 'b'] as const).map((channel) => {
    const sum = new Float32Array(gain.length);
    for (const layer of layers) {
      const plane = layer.base[channel];
      for (let p = 0; p < sum.length; p++) sum[p] = sum[p]! + layer.mask[p]! * plane[p]!;
    }
    const target = fused[channel];
    for (let p = 0; p < sum.length; p++) sum[p] = target[p]! - gain[p]! * sum[p]!;
    return new Field(base, sum);
  });
}

/**
 * Puts the pictures' own pixels over the fused base: gain × Σ mask × (pixel − base) + fused, each brought up to full size by
 * straight interpolation. All that is finer than the base comes from the pixels, as the masks divide them, and a
 * picture that is alone comes out as it went in. Opaque pictures only; in whole numbers throughout.
 */
export function compose(
  layers: readonly Layer[],
  composition: Composition,
  checkpoint: (fraction: number) => void,
): Int32Array<ArrayBuffer> {
  const { width, height } = composition.size;
  const [addedRed, addedGreen, addedBlue] = corrections(layers, composition) as [Field, Field, Field]; // one a channel
  const step = layers[0]!.base.step;
  const masks = layers.map(({ base, mask }) => new Field(base, mask));
  const gain = new Field(layers[0]!.base, composition.gain);
  const fields = [...masks, gain, addedRed, addedGreen, addedBlue];
  const out = new Int32Array(width * height);
  const sums = { red: new Int32Array(width), green: new Int32Array(width), blue: new Int32Array(width) };
  for (let y = 0; y < height; y++) {
    if ((y & 63) === 0) checkpoint(y / height);
    for (const field of fields) field.advance();
    sums.red.fill(0);
    sums.green.fill(0);
    sums.blue.fill(0);
    for (let i = 0; i < layers.length; i++) addRow(sums, layers[i]!.words, y * width, masks[i]!.line, step);
    writeRow(out, y * width, sums, gain.line, addedRed.line, addedGreen.line, addedBlue.line, step);
  }
  return out;
}

interface Sums {
  readonly red: Int32Array;
  readonly green: Int32Array;
  readonly blue: Int32Array;
}

function addRow({ red, green, blue }: Sums, words: Int32Array, row: number, mask: Int32Array, step: number): void {
  const width = red.length;
  const part = 1 / step;
  for (let x = 0, c = 0; x < width; c++) {
    let m = mask[c]!;
    const rise = ((mask[c + 1]! - m) * part) | 0;
    for (const end = Math.min(x + step, width); x < end; x++) {
      const word = words[row + x]!;
      const weight = m >> (FIELD_BITS - MASK_BITS);
      red[x] = red[x]! + Math.imul(word & 255, weight);
      green[x] = green[x]! + Math.imul((word >> 8) & 255, weight);
      blue[x] = blue[x]! + Math.imul((word >> 16) & 255, weight);
      m += rise;
    }
  }
}

function writeRow(
  out: Int32Array,
  row: number,
  { red, green, blue }: Sums,
  gain: Int32Array,
  addedRed: Int32Array,
  addedGreen: Int32Array,
  addedBlue: Int32Array,
  step: number,
): void {
  const width = red.length;
  const part = 1 / step;
  const half = 1 << (FIELD_BITS - 1);
  for (let x = 0, c = 0; x < width; c++) {
    let g = gain[c]!;
    let r0 = addedRed[c]! + half;
    let g0 = addedGreen[c]! + half;
    let b0 = addedBlue[c]! + half;
    const gainRise = ((gain[c + 1]! - g) * part) | 0;
    const redRise = ((addedRed[c + 1]! + half - r0) * part) | 0;
    const greenRise = ((addedGreen[c + 1]! + half - g0) * part) | 0;
    const blueRise = ((addedBlue[c + 1]! + half - b0) * part) | 0;
    for (const end = Math.min(x + step, width); x < end; x++) {
      const factor = g >> (FIELD_BITS - SUM_BITS);
      const r = (Math.imul(red[x]! >> (MASK_BITS - SUM_BITS), factor) + r0) >> FIELD_BITS;
      const gr = (Math.imul(green[x]! >> (MASK_BITS - SUM_BITS), factor) + g0) >> FIELD_BITS;
      const b = (Math.imul(blue[x]! >> (MASK_BITS - SUM_BITS), factor) + b0) >> FIELD_BITS;
      out[row + x] = toByte(r) | (toByte(gr) << 8) | (toByte(b) << 16) | (255 << 24);
      g += gainRise;
      r0 += redRise;
      g0 += greenRise;
      b0 += blueRise;
    }
  }
}

function toByte(value: number): number {
  return value < 0 ? 0 : Math.min(value, 255);
}
