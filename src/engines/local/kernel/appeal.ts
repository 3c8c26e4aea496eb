import { exp } from './arithmetic.ts';
import { boxMean } from './blur.ts';
import type { Moments } from './moments.ts';
import { fractalNoise } from './noise.ts';
import type { Prepared } from './prepare.ts';
import { gaussianPyramid } from './pyramid.ts';

/** How much the seeded noise counts beside saliency. */
const NOISE = 1.1;
/**
 * Sharpness of the masks, as a factor of the score before it becomes an exponent, at the guidance scale named. Tones below the
 * bands are divided sharply, or all would turn to one mud, but along smooth lines: islands of tone would look like stains.
 */
const SHARPNESS = { bands: 3.5, remainder: 24 } as const;
const MIDDLE_GUIDANCE = 7.5;
/** Sharper than this, masks are all but black and white, and exponents would leave the range of 32-bit numbers. */
const SHARPEST = 32;

interface Memory {
  seed: number;
  guidanceScale: number;
  scores: readonly Float32Array[];
  appeal: readonly Float32Array[];
}

/** What was last worked out for a picture: while weights change, seed and guidance stay. */
const memories = new WeakMap<Prepared, Memory>();

/** How strongly a picture asks for each pixel, level by level of its base; 0 where it is transparent. */
export function appealOf(one: Prepared, seed: number, guidanceScale: number): readonly Float32Array[] {
  const memory = memories.get(one);
  if (memory?.seed === seed && memory.guidanceScale === guidanceScale) return memory.appeal;
  const scores = memory?.seed === seed ? memory.scores : scoresOf(one, seed);
  // From a double exposure (1) over parts that flow into each other (7.5) to a collage (20).
  const relative = guidanceScale / MIDDLE_GUIDANCE;
  const guidance = { bands: relative * relative, remainder: relative * relative * Math.sqrt(relative) };
  const appeal = scores.map((score, level) => {
    const kind = level === scores.length - 1 ? 'remainder' : 'bands';
    const beta = Math.min(SHARPEST, guidance[kind] * SHARPNESS[kind]);
    const out = new Float32Array(score.length);
    for (let p = 0; p < out.length; p++) out[p] = exp(Math.max(-80, Math.min(80, score[p]! * beta)));
    const alpha = one.alpha?.[level];
    if (alpha) for (let p = 0; p < out.length; p++) out[p] = out[p]! * alpha[p]!;
    return out;
  });
  memories.set(one, { seed, guidanceScale, scores, appeal });
  return appeal;
}

/** Saliency with seeded noise that wanders through it. */
function scoresOf(one: Prepared, seed: number): readonly Float32Array[] {
  const score = fractalNoise(one.base.size, seed, noisePlace(one.moments));
  for (let p = 0; p < score.length; p++) score[p] = one.saliency[p]! + NOISE * score[p]!;
  const levels = gaussianPyramid(score, one.sizes);
  const last = levels.length - 1;
  levels[last] = boxMean(levels[last]!, one.sizes[last]!, 4);
  return levels;
}

/**
 * Where in the endless field a picture's noise begins. It follows the picture's colours, so that every picture has its own
 * wherever it stands in the list, and smoothly, so that a preview has that of the final mix (a hash would not do).
 */
function noisePlace({ mean, covariance }: Moments): { x: number; y: number } {
  const spread = [0, 4, 8].map((at) => Math.sqrt(Math.max(0, covariance[at]!)));
  return {
    x: 31 * mean[0]! + 67 * mean[1]! + 53 * mean[2]!,
    y: 43 * spread[0]! + 97 * spread[1]! + 79 * spread[2]!,
  };
}
