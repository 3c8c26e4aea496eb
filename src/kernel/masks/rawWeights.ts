import type { ColorMoments } from '../color/colorMoments.ts';
import { exp } from '../math/deterministicMath.ts';
import type { PreparedImage } from '../preparedImage.ts';
import { gaussianPyramid } from '../pyramid/laplacianPyramid.ts';
import { fractalNoise } from '../sampling/noise.ts';
import { guidedFilter } from './guidedFilter.ts';

/** Sharpness (inverse temperature) of the masks of the bands and of the residual. */
export interface MaskSharpness {
  readonly bands: number;
  readonly residual: number;
}

/** Weight of the seeded noise relative to saliency. */
const NOISE_WEIGHT = 1.1;
/**
 * Sharpness at the default guidance scale: logit = score × sharpness. This is what sets how sharply masks separate the images. The
 * residual is separated sharply, because averaged tones turn to mud, but along smooth boundaries, because islands of tone look like stains.
 */
const DEFAULT_SHARPNESS: MaskSharpness = { bands: 3.5, residual: 28 };
/**
 * Guided filter of the residual's scores: radius in pixels of the last level, and the variance of lightness that
 * counts as an edge.
 */
const RESIDUAL_SMOOTHING = { radius: 4, epsilon: 0.02 } as const;
const DEFAULT_GUIDANCE = 7.5;
/** Upper limit of sharpness. Masks are practically binary here. */
const MAX_SHARPNESS = 32;
/** Logits are clamped to this range, so that weights × the gains of `jointWeights` fit into 32-bit floats. */
const LOGIT_RANGE = { min: -45, max: 62 } as const;

/** An image's mask weights before normalization over the images. */
export interface RawWeights {
  /** exp(logit) × alpha, one plane for each band. */
  readonly bands: readonly Float32Array[];
  /** Logits of the residual, regardless of alpha. */
  readonly residualLogits: Float32Array;
}

interface CacheEntry {
  seed: number;
  guidanceScale: number;
  scores: readonly Float32Array[];
  weights: RawWeights;
}

/** The latest result for each image. Seed and guidance scale stay the same while weights change. */
const cache = new WeakMap<PreparedImage, CacheEntry>();

/** The image's raw mask weights, independent of the other images. */
export function rawWeights(image: PreparedImage, seed: number, guidanceScale: number): RawWeights {
  const cached = cache.get(image);
  if (cached?.seed === seed && cached.guidanceScale === guidanceScale) return cached.weights;
  const scores = cached?.seed === seed ? cached.scores : scorePyramid(image, seed);
  const sharpness = maskSharpness(guidanceScale);
  const bands = scores.slice(0, -1).map((score, level) => {
    const out = new Float32Array(score.length);
    for (let p = 0; p < out.length; p++) {
      out[p] = exp(Math.max(LOGIT_RANGE.min, Math.min(LOGIT_RANGE.max, score[p]! * sharpness.bands)));
    }
    const alpha = image.alpha?.[level];
    if (alpha) for (let p = 0; p < out.length; p++) out[p] = out[p]! * alpha[p]!;
    return out;
  });
  const weights = { bands, residualLogits: scores[scores.length - 1]!.map((score) => score * sharpness.residual) };
  cache.set(image, { seed, guidanceScale, scores, weights });
  return weights;
}

/** Sharpness from a double exposure (guidance scale 1) to smooth transitions (7.5) to a collage (20). */
export function maskSharpness(guidanceScale: number): MaskSharpness {
  const relative = guidanceScale / DEFAULT_GUIDANCE;
  const square = relative * relative;
  return {
    bands: Math.min(MAX_SHARPNESS, square * DEFAULT_SHARPNESS.bands),
    residual: Math.min(MAX_SHARPNESS, square * Math.sqrt(relative) * DEFAULT_SHARPNESS.residual),
  };
}

/** Saliency plus seeded noise, as a Gaussian pyramid with its last level smoothed. */
function scorePyramid(image: PreparedImage, seed: number): readonly Float32Array[] {
  const score = fractalNoise(image.lowRes.size, seed, noiseOrigin(image.moments));
  for (let p = 0; p < score.length; p++) score[p] = image.saliency[p]! + NOISE_WEIGHT * score[p]!;
  const levels = gaussianPyramid(score, image.sizes);
  const last = levels.length - 1;
  levels[last] = guidedFilter(
    levels[last]!,
    image.bands[last]!.l,
    image.sizes[last]!,
    RESIDUAL_SMOOTHING.radius,
    RESIDUAL_SMOOTHING.epsilon,
  );
  return levels;
}

/**
 * The origin of an image's window in the infinite noise plane. It depends on the image's colors, so that each image has its own noise
 * whatever its position in the list, and depends on them continuously, so that a preview and the final mix agree (a hash would not).
 */
function noiseOrigin({ mean, covariance }: ColorMoments): { x: number; y: number } {
  const spread = [0, 4, 8].map((at) => Math.sqrt(Math.max(0, covariance[at]!)));
  return {
    x: 31 * mean[0]! + 67 * mean[1]! + 53 * mean[2]!,
    y: 43 * spread[0]! + 97 * spread[1]! + 79 * spread[2]!,
  };
}
