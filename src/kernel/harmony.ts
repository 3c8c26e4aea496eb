import { type Appeal, appealOf, sharpnessAt } from './appeal.ts';
import { exp } from './arithmetic.ts';
import { balance } from './balance.ts';
import type { Prepared } from './prepare.ts';
import { addExpanded } from './pyramid.ts';
import { distance } from './saliency.ts';
import { scratch } from './scratch.ts';

/** Pictures whose tones differ everywhere alike, within this distance in Oklab, have nothing to balance. */
const EVEN = 1e-6;
/** As an exponent, the bands' appeal changes by no more than this, so that it stays a 32-bit number above 0. */
const MOST = 25;
/** Exponents further than this below the greatest at a pixel count alike. */
const DEEPEST = 80;

/** A picture and its share of the mix; the shares of all sum to 1. */
export interface Sharing {
  readonly picture: Prepared;
  readonly share: number;
}

/**
 * The appeal of each picture beside the others, level by level: so changed, where much or little is at stake, that every step of a weight
 * changes the mix about as much, and that a picture with a small share comes in where it fits, not as a stain. Scratch.
 */
export function appealsTogether(
  all: readonly Sharing[],
  { seed, guidanceScale }: { readonly seed: number; readonly guidanceScale: number },
): Float32Array[][] {
  const sharpness = sharpnessAt(guidanceScale);
  const sizes = all[0]!.picture.sizes;
  const last = sizes.length - 1;
  const appeals = all.map(({ picture }) => appealOf(picture, seed, guidanceScale));
  const { gains, biases } = gainsOf(all, appeals, sharpness.remainder);
  const tones = toneAppeals(all, appeals, gains, biases, sharpness.remainder);
  return appeals.map(({ bands }, i) => {
    const gain = gains[i]!;
    const levels = new Array<Float32Array>(sizes.length);
    levels[last] = tones[i]!;
    let factor = scratch.floats(gain.length);
    for (let p = 0; p < gain.length; p++) factor[p] = exp(Math.max(-MOST, Math.min(MOST, gain[p]! * sharpness.bands)));
    for (let level = last - 1; level >= 0; level--) {
      const size = sizes[level]!;
      const finer = scratch.floats(size.width * size.height);
      addExpanded(finer, size, factor, 1);
      factor = finer;
      levels[level] = product(bands[level]!, factor);
    }
    return levels;
  });
}

interface Gains {
  /** What each picture's score gains at each pixel of the last level. */
  readonly gains: readonly Float32Array[];
  /** What its exponents gain everywhere there. */
  readonly biases: Float64Array;
}

function gainsOf(all: readonly Sharing[], appeals: readonly Appeal[], sharpness: number): Gains {
  const stakes = stakesOf(all);
  const exponents = appeals.map(({ tone }) => tone);
  const shares = all.map(({ share }) => share);
  const { slopes, biases } = balance(exponents, stakes, shares, sharpness);
  const gains = all.map((_, i) => {
    const gain = scratch.floats(stakes.length);
    for (let p = 0; p < gain.length; p++) gain[p] = slopes[i]! * stakes[p]!;
    return gain;
  });
  return { gains, biases };
}

/** How far the pictures' tones are from their mean, by shares, at each pixel: as deviations from what that is on the whole, of variance 1. */
function stakesOf(all: readonly Sharing[]): Float32Array {
  const tonesOf = ({ bands }: Prepared) => bands[bands.length - 1]!;
  const length = tonesOf(all[0]!.picture).l.length;
  const [l, a, b] = [scratch.floats(length), scratch.floats(length), scratch.floats(length)];
  for (const { share, picture } of all) {
    const tones = tonesOf(picture);
    for (let p = 0; p < length; p++) {
      l[p] = l[p]! + share * tones.l[p]!;
      a[p] = a[p]! + share * tones.a[p]!;
      b[p] = b[p]! + share * tones.b[p]!;
    }
  }
  const stakes = scratch.floats(length);
  for (const { share, picture } of all) {
    const tones = tonesOf(picture);
    for (let p = 0; p < length; p++) {
      stakes[p] = stakes[p]! + share * distance(tones.l[p]! - l[p]!, tones.a[p]! - a[p]!, tones.b[p]! - b[p]!);
    }
  }
  const mean = stakes.reduce((sum, value) => sum + value, 0) / length;
  const deviation = Math.sqrt(stakes.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / length);
  const scale = deviation < EVEN ? 0 : 1 / deviation;
  for (let p = 0; p < length; p++) stakes[p] = (stakes[p]! - mean) * scale;
  return stakes;
}

/** The appeal of what remains below the bands, such that masks of the shares are made of it as it is: that of the picture that asks most for a pixel is 1. */
function toneAppeals(
  all: readonly Sharing[],
  appeals: readonly Appeal[],
  gains: readonly Float32Array[],
  biases: Float64Array,
  sharpness: number,
): Float32Array[] {
  const length = gains[0]!.length;
  const greatest = scratch.floats(length).fill(Number.NEGATIVE_INFINITY);
  const tones = appeals.map(({ tone }, i) => {
    const gain = gains[i]!;
    const exponents = scratch.floats(length);
    for (let p = 0; p < length; p++) {
      const exponent = tone[p]! + gain[p]! * sharpness + biases[i]!;
      exponents[p] = exponent;
      if (exponent > greatest[p]!) greatest[p] = exponent;
    }
    return exponents;
  });
  tones.forEach((tone, i) => {
    for (let p = 0; p < length; p++) tone[p] = exp(Math.max(-DEEPEST, tone[p]! - greatest[p]!));
    const { alpha } = all[i]!.picture;
    const visible = alpha?.[alpha.length - 1];
    if (visible) for (let p = 0; p < length; p++) tone[p] = tone[p]! * visible[p]!;
  });
  return tones;
}

function product(one: Float32Array, factor: Float32Array): Float32Array {
  const out = scratch.floats(one.length);
  for (let p = 0; p < out.length; p++) out[p] = one[p]! * factor[p]!;
  return out;
}
