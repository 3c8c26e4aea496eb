import { type Appeal, appealOf, sharpnessAt } from './appeal.ts';
import { exp } from './arithmetic.ts';
import type { Prepared } from './prepare.ts';
import { addExpanded } from './pyramid.ts';
import { distance } from './saliency.ts';
import { scratch } from './scratch.ts';

/** How much a distance of 1 in Oklab counts, in the units of the scores that become appeal. */
const IMPORTANCE = 5;
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
 * The appeal of each picture beside the others, level by level: less where its tone is far from the mean tone of the mix. So a picture
 * with a small share comes in where it fits, not as a stain; one with a large share is given what it asks for. Scratch.
 */
export function appealsTogether(
  all: readonly Sharing[],
  { seed, guidanceScale }: { readonly seed: number; readonly guidanceScale: number },
): Float32Array[][] {
  const sharpness = sharpnessAt(guidanceScale);
  const losses = lossesOf(all);
  const sizes = all[0]!.picture.sizes;
  const last = sizes.length - 1;
  const appeals = all.map(({ picture }) => appealOf(picture, seed, guidanceScale));
  const tones = toneAppeals(all, appeals, losses, sharpness.remainder);
  return appeals.map(({ bands }, i) => {
    const loss = losses[i]!;
    const levels = new Array<Float32Array>(sizes.length);
    levels[last] = tones[i]!;
    let factor = scratch.floats(loss.length);
    for (let p = 0; p < loss.length; p++) factor[p] = exp(-Math.max(-MOST, Math.min(MOST, loss[p]! * sharpness.bands)));
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

/** What each picture's score loses at each pixel, more or less than it does on the whole. */
function lossesOf(all: readonly Sharing[]): Float32Array[] {
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
  return all.map(({ share, picture }) => {
    const tones = tonesOf(picture);
    const loss = scratch.floats(length);
    const others = 1 - share;
    const importance = IMPORTANCE * others * others * others; // fades soon: between equals a weight shall move nothing by itself
    let sum = 0;
    for (let p = 0; p < length; p++) {
      const value = importance * distance(tones.l[p]! - l[p]!, tones.a[p]! - a[p]!, tones.b[p]! - b[p]!);
      loss[p] = value;
      sum += value;
    }
    const mean = sum / length;
    for (let p = 0; p < length; p++) loss[p] = loss[p]! - mean;
    return loss;
  });
}

/** The appeal of what remains below the bands: that of the picture that asks most for a pixel is 1. */
function toneAppeals(
  all: readonly Sharing[],
  appeals: readonly Appeal[],
  losses: readonly Float32Array[],
  sharpness: number,
): Float32Array[] {
  const length = losses[0]!.length;
  const greatest = scratch.floats(length).fill(Number.NEGATIVE_INFINITY);
  const tones = appeals.map(({ tone }, i) => {
    const loss = losses[i]!;
    const exponents = scratch.floats(length);
    for (let p = 0; p < length; p++) {
      const exponent = tone[p]! - loss[p]! * sharpness;
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
