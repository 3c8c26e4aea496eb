import { exp, roughLog2 } from './arithmetic.ts';
import { fractalNoise } from './noise.ts';
import type { Prepared } from './prepare.ts';
import { gaussianPyramid, type Size } from './pyramid.ts';

/** How much the seeded noise counts beside saliency. */
const NOISE = 0.9;
/** The guidance scale at which masks are as sharp as the figures below say. */
const MIDDLE_GUIDANCE = 7.5;

/**
 * How sharply a level of a size is divided between the pictures: softly at 8 pixels (large shapes flow into each other),
 * sharply from 512 on (details belong to one picture). Guidance goes from a double exposure (1) to a collage (20).
 */
function sharpness(size: Size, guidanceScale: number): number {
  const octaves = Math.max(0, Math.min(6, roughLog2(Math.max(size.width, size.height, 8)) - 3));
  const guidance = guidanceScale / MIDDLE_GUIDANCE;
  return (1.5 + (2.5 / 6) * octaves) * guidance * guidance;
}

/** The level of the finest details, those above the base. */
const DETAIL: Size = { width: 512, height: 512 };

/** How strongly a picture asks for each pixel: a plane for each level of its base, and one at the base's size for the details above it. */
export interface Appeal {
  readonly levels: readonly Float32Array[];
  readonly detail: Float32Array;
}

/** The appeal of a picture under a seed and a guidance scale; 0 where it is transparent. */
export function appealOf(one: Prepared, seed: number, guidanceScale: number): Appeal {
  const size = one.base.size;
  const noise = gaussianPyramid(fractalNoise(size, seed, one.hash.high, one.hash.low), one.sizes);
  const planeAt = (level: number, beta: number) => {
    const salient = one.saliency[level]!;
    const wandering = noise[level]!;
    const alpha = one.alpha?.[level];
    const out = new Float32Array(salient.length);
    for (let i = 0; i < out.length; i++) {
      const score = (salient[i]! + NOISE * wandering[i]!) * beta;
      out[i] = exp(Math.max(-80, Math.min(80, score))) * (alpha ? alpha[i]! : 1);
    }
    return out;
  };
  return {
    levels: one.sizes.map((at, level) => planeAt(level, sharpness(at, guidanceScale))),
    detail: planeAt(0, sharpness(DETAIL, guidanceScale)),
  };
}
