import type { Base } from './base.ts';
import { Blender } from './blender.ts';
import { Fields } from './field.ts';
import type { RgbPlanes } from './oklab.ts';
import type { Size } from './pyramid.ts';
import { scratch } from './scratch.ts';

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

/** Rows between two ticks, about. */
const TICK = 64;

/**
 * Puts the pictures' own pixels over the fused base, into `out`: Σ weight × (pixel − base) + fused, where weights, bases and the fused base
 * are brought up to full size by straight interpolation. All that is finer than the base comes from the pixels, as the
 * weights divide them, and a picture that is alone comes out as it went in. Opaque pictures only; in whole numbers throughout.
 */
export function compose(out: Int32Array, layers: readonly Layer[], fused: RgbPlanes, size: Size, tick: Ticker): void {
  const { height } = size;
  const base = layers[0]!.base;
  const none = scratch.floats(fused.r.length);
  const weights = layers.map((layer) => layer.weights);
  const padding = Array.from({ length: -weights.length & 3 }, () => none);
  const fields = new Fields(size, base.size, [...corrections(layers, fused), none, ...weights, ...padding]);
  const words = layers.map((layer) => layer.words);
  const blender = new Blender(fields, words, size, base.size);
  for (let y = 0, next = 0; y < height; ) {
    if (y >= next) {
      tick(y / height);
      next = y + TICK;
    }
    const rows = fields.nextStretch();
    blender.blend(out, y, rows);
    y += rows;
  }
}
