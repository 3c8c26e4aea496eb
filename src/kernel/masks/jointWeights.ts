import { arena } from '../math/arena.ts';
import { exp } from '../math/deterministicMath.ts';
import type { PreparedImage } from '../preparedImage.ts';
import { addExpanded } from '../pyramid/laplacianPyramid.ts';
import { matchMoments } from './momentMatching.ts';
import { maskSharpness, type RawWeights, rawWeights } from './rawWeights.ts';
import { colorDistance } from './saliency.ts';

/** Below this standard deviation (Oklab distance) the dispersion counts as constant, and no gains apply. */
const MIN_DEVIATION = 1e-6;
/** Limit of the logit gain of the bands; with `LOGIT_RANGE` it keeps weights positive 32-bit floats. */
const MAX_GAIN_LOGIT = 25;
/** Logits are clamped to this far below the largest logit at the pixel. */
const LOGIT_DEPTH = 80;

/** An image and its share of the mix. The shares of all images sum to 1. */
export interface ImageShare {
  readonly image: PreparedImage;
  readonly share: number;
}

/**
 * The raw mask weights of all images, level by level, adjusted for the color dispersion: so that each step of a weight changes the mix by
 * about the same amount, and an image with a small share appears where its tones fit, not as a stain. The planes belong to the arena.
 */
export function jointWeights(
  images: readonly ImageShare[],
  { seed, guidanceScale }: { readonly seed: number; readonly guidanceScale: number },
): Float32Array[][] {
  const sharpness = maskSharpness(guidanceScale);
  const sizes = images[0]!.image.sizes;
  const last = sizes.length - 1;
  const raw = images.map(({ image }) => rawWeights(image, seed, guidanceScale));
  const { gains, biases } = dispersionGains(images, raw, sharpness.residual);
  const residual = residualWeights(images, raw, gains, biases, sharpness.residual);
  return raw.map(({ bands }, i) => {
    const gain = gains[i]!;
    const levels = new Array<Float32Array>(sizes.length);
    levels[last] = residual[i]!;
    let factor = arena.floats(gain.length);
    for (let p = 0; p < gain.length; p++) {
      factor[p] = exp(Math.max(-MAX_GAIN_LOGIT, Math.min(MAX_GAIN_LOGIT, gain[p]! * sharpness.bands)));
    }
    for (let level = last - 1; level >= 0; level--) {
      const size = sizes[level]!;
      const finer = arena.floats(size.width * size.height);
      addExpanded(finer, size, factor, 1);
      factor = finer;
      levels[level] = product(bands[level]!, factor);
    }
    return levels;
  });
}

interface Gains {
  /** What to add to each image's scores at each pixel of the last level. */
  readonly gains: readonly Float32Array[];
  /** What to add to each image's logits at every pixel of that level. */
  readonly biases: Float64Array;
}

function dispersionGains(images: readonly ImageShare[], raw: readonly RawWeights[], sharpness: number): Gains {
  const dispersion = colorDispersion(images);
  const logits = raw.map(({ residualLogits }) => residualLogits);
  const shares = images.map(({ share }) => share);
  const { slopes, biases } = matchMoments(logits, dispersion, shares, sharpness);
  const gains = images.map((_, i) => {
    const gain = arena.floats(dispersion.length);
    for (let p = 0; p < gain.length; p++) gain[p] = slopes[i]! * dispersion[p]!;
    return gain;
  });
  return { gains, biases };
}

/**
 * The share-weighted mean distance of the images' tones from their mean at each pixel, standardized to mean 0 and
 * variance 1.
 */
function colorDispersion(images: readonly ImageShare[]): Float32Array {
  const tonesOf = ({ bands }: PreparedImage) => bands[bands.length - 1]!;
  const length = tonesOf(images[0]!.image).l.length;
  const [l, a, b] = [arena.floats(length), arena.floats(length), arena.floats(length)];
  for (const { share, image } of images) {
    const tones = tonesOf(image);
    for (let p = 0; p < length; p++) {
      l[p] = l[p]! + share * tones.l[p]!;
      a[p] = a[p]! + share * tones.a[p]!;
      b[p] = b[p]! + share * tones.b[p]!;
    }
  }
  const dispersion = arena.floats(length);
  for (const { share, image } of images) {
    const tones = tonesOf(image);
    for (let p = 0; p < length; p++) {
      dispersion[p] =
        dispersion[p]! + share * colorDistance(tones.l[p]! - l[p]!, tones.a[p]! - a[p]!, tones.b[p]! - b[p]!);
    }
  }
  let sum = 0;
  for (let p = 0; p < length; p++) sum += dispersion[p]!;
  const mean = sum / length;
  let squares = 0;
  for (let p = 0; p < length; p++) squares += (dispersion[p]! - mean) * (dispersion[p]! - mean);
  const deviation = Math.sqrt(squares / length);
  const scale = deviation < MIN_DEVIATION ? 0 : 1 / deviation;
  for (let p = 0; p < length; p++) dispersion[p] = (dispersion[p]! - mean) * scale;
  return dispersion;
}

/**
 * Raw weights of the residual, largest weight 1 at each pixel. Normalizing them yields masks with the requested
 * shares already.
 */
function residualWeights(
  images: readonly ImageShare[],
  raw: readonly RawWeights[],
  gains: readonly Float32Array[],
  biases: Float64Array,
  sharpness: number,
): Float32Array[] {
  const length = gains[0]!.length;
  const maxima = arena.floats(length).fill(Number.NEGATIVE_INFINITY);
  const weights = raw.map(({ residualLogits }, i) => {
    const gain = gains[i]!;
    const logits = arena.floats(length);
    for (let p = 0; p < length; p++) {
      const logit = residualLogits[p]! + gain[p]! * sharpness + biases[i]!;
      logits[p] = logit;
      if (logit > maxima[p]!) maxima[p] = logit;
    }
    return logits;
  });
  weights.forEach((weight, i) => {
    for (let p = 0; p < length; p++) weight[p] = exp(Math.max(-LOGIT_DEPTH, weight[p]! - maxima[p]!));
    const { alpha } = images[i]!.image;
    const visible = alpha?.[alpha.length - 1];
    if (visible) for (let p = 0; p < length; p++) weight[p] = weight[p]! * visible[p]!;
  });
  return weights;
}

function product(one: Float32Array, factor: Float32Array): Float32Array {
  const out = arena.floats(one.length);
  for (let p = 0; p < out.length; p++) out[p] = one[p]! * factor[p]!;
  return out;
}
