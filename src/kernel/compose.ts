import type { Base } from './base.ts';
import { Blender, type WeightedLayer } from './blender.ts';
import type { RgbPlanes } from './oklab.ts';
import type { Size } from './pyramid.ts';
import { scratch } from './scratch.ts';

/** A picture whose pixels go into the result. */
export interface Layer extends WeightedLayer {
  readonly base: Base;
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
  const blender = new Blender(layers, corrections(layers, fused), size, layers[0]!.base.size);
  for (let y = 0, next = 0; y < size.height; ) {
    if (y >= next) {
      tick(y / size.height);
      next = y + TICK;
    }
    y += blender.blend(out);
  }
}
