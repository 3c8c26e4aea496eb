import { exp } from './arithmetic.ts';
import { guidedFilter } from './blur.ts';
import type { Moments } from './moments.ts';
import { fractalNoise } from './noise.ts';
import type { Prepared } from './prepare.ts';
import { gaussianPyramid } from './pyramid.ts';

/** How sharply scores divide the bands, and what remains below them. */
export interface Sharpness {
  readonly bands: number;
  readonly remainder: number;
}

/** How much the seeded noise counts beside saliency. */
const NOISE = 1.1;
/**
 * Sharpness of the masks, as a factor of the score before it becomes an exponent, at the guidance scale named. Tones below the
 * bands are divided sharply, or all would turn to one mud, but along smooth lines: islands of tone would look like stains.
 */
const SHARPNESS: Sharpness = { bands: 3.5, remainder: 28 };
/** How far the lines between tones are smoothed, in pixels of the last level; and the variance of lightness whose edges they follow. */
const SMOOTH = { radius: 4, edges: 0.02 } as const;
const MIDDLE_GUIDANCE = 7.5;
/** Sharper than this, masks are all but black and white. */
const SHARPEST = 32;
/** Exponents beyond these would leave the range of 32-bit numbers, together with what harmony changes. */
const EXPONENTS = { least: -45, most: 62 } as const;

/** How strongly a picture asks for each pixel of its base. */
export interface Appeal {
  /** For each band from 0 up; 0 where the picture is transparent. */
  readonly bands: readonly Float32Array[];
  /** For what remains below the bands, as an exponent, transparent or not. */
  readonly tone: Float32Array;
}

interface Memory {
  seed: number;
  guidanceScale: number;
  scores: readonly Float32Array[];
  appeal: Appeal;
}

/** What was last worked out for a picture: while weights change, seed and guidance stay. */
const memories = new WeakMap<Prepared, Memory>();

/** How strongly a picture asks for each pixel, whatever the others are. */
export function appealOf(one: Prepared, seed: number, guidanceScale: number): Appeal {
  const memory = memories.get(one);
  if (memory?.seed === seed && memory.guidanceScale === guidanceScale) return memory.appeal;
  const scores = memory?.seed === seed ? memory.scores : scoresOf(one, seed);
  const sharpness = sharpnessAt(guidanceScale);
  const bands = scores.slice(0, -1).map((score, level) => {
    const out = new Float32Array(score.length);
    for (let p = 0; p < out.length; p++) {
      out[p] = exp(Math.max(EXPONENTS.least, Math.min(EXPONENTS.most, score[p]! * sharpness.bands)));
    }
    const alpha = one.alpha?.[level];
    if (alpha) for (let p = 0; p < out.length; p++) out[p] = out[p]! * alpha[p]!;
    return out;
  });
  const appeal = { bands, tone: scores[scores.length - 1]!.map((score) => score * sharpness.remainder) };
  memories.set(one, { seed, guidanceScale, scores, appeal });
  return appeal;
}

/** From a double exposure (guidance scale 1) over parts that flow into each other (7.5) to a collage (20). */
export function sharpnessAt(guidanceScale: number): Sharpness {
  const relative = guidanceScale / MIDDLE_GUIDANCE;
  const square = relative * relative;
  return {
    bands: Math.min(SHARPEST, square * SHARPNESS.bands),
    remainder: Math.min(SHARPEST, square * Math.sqrt(relative) * SHARPNESS.remainder),
  };
}

/** Saliency with seeded noise that wanders through it. */
function scoresOf(one: Prepared, seed: number): readonly Float32Array[] {
  const score = fractalNoise(one.base.size, seed, noisePlace(one.moments));
  for (let p = 0; p < score.length; p++) score[p] = one.saliency[p]! + NOISE * score[p]!;
  const levels = gaussianPyramid(score, one.sizes);
  const last = levels.length - 1;
  levels[last] = guidedFilter(levels[last]!, one.bands[last]!.l, one.sizes[last]!, SMOOTH.radius, SMOOTH.edges);
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
