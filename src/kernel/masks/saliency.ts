import type { LabPlanes } from '../color/oklab.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';
import { boxMean, guidedFilter } from './guidedFilter.ts';

/** Weight of each cue, in standard deviations. */
const CUE_WEIGHTS = { distance: 0.8, surround: 0.9, contrast: 0.6, chroma: 0.4, skin: 1.4, center: 0.7 } as const;
const CLAMP = 2.5;

/**
 * Saliency of an image: global color distance, center–surround difference, local contrast, chroma, likeness to skin (keeps faces) and a
 * center prior. Mean 0, standard deviation about 1, clamped to ±2.5, smoothed along the edges of lightness.
 */
export function saliency(lab: LabPlanes, size: Size): Float32Array {
  const { width, height } = size;
  const length = width * height;
  const longest = Math.max(width, height);
  const small = Math.max(1, Math.floor(longest / 48));
  const large = Math.max(2, Math.floor(longest / 8));
  const total = new Float32Array(length);
  const cue = new Float32Array(length);

  const means = [mean(lab.l), mean(lab.a), mean(lab.b)] as const;
  for (let i = 0; i < length; i++) {
    cue[i] = colorDistance(lab.l[i]! - means[0], lab.a[i]! - means[1], lab.b[i]! - means[2]);
  }
  addStandardized(total, cue, CUE_WEIGHTS.distance);

  const near = [lab.l, lab.a, lab.b].map((plane) => boxMean(plane, size, small));
  const far = near.map((plane) => boxMean(plane, size, large));
  const [nearL, nearA, nearB] = near as [Float32Array, Float32Array, Float32Array]; // three planes in, three out
  const [farL, farA, farB] = far as [Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < length; i++) {
    cue[i] = colorDistance(nearL[i]! - farL[i]!, nearA[i]! - farA[i]!, nearB[i]! - farB[i]!);
  }
  addStandardized(total, cue, CUE_WEIGHTS.surround);

  for (let i = 0; i < length; i++) {
    const difference = lab.l[i]! - nearL[i]!;
    cue[i] = difference < 0 ? -difference : difference;
  }
  addStandardized(total, boxMean(cue, size, 2 * small), CUE_WEIGHTS.contrast);

  for (let i = 0; i < length; i++) cue[i] = Math.sqrt(nearA[i]! * nearA[i]! + nearB[i]! * nearB[i]!);
  addStandardized(total, cue, CUE_WEIGHTS.chroma);

  for (let i = 0; i < length; i++) cue[i] = skinLikeness(nearL[i]!, nearA[i]!, nearB[i]!);
  addStandardized(total, boxMean(cue, size, 2 * small), CUE_WEIGHTS.skin);

  for (let y = 0; y < height; y++) {
    const v = (2 * y + 1) / height - 1;
    for (let x = 0; x < width; x++) {
      const u = (2 * x + 1) / width - 1;
      cue[y * width + x] = -(u * u + v * v);
    }
  }
  addStandardized(total, cue, CUE_WEIGHTS.center);

  const smooth = guidedFilter(total, lab.l, size, Math.max(1, Math.floor(longest / 20)), 0.004);
  const out = new Float32Array(length);
  addStandardized(out, smooth, 1);
  for (let i = 0; i < length; i++) out[i] = Math.max(-CLAMP, Math.min(CLAMP, out[i]!));
  return out;
}

/**
 * Distance of two Oklab colors, given their differences. `a` and `b` count double because their range is smaller than
 * that of `l`.
 */
export function colorDistance(l: number, a: number, b: number): number {
  return Math.sqrt(l * l + 4 * (a * a + b * b));
}

/**
 * 1 at a medium skin color, falling toward 0. Skin tones share one hue and range widely in lightness, so lightness
 * counts least.
 */
function skinLikeness(l: number, a: number, b: number): number {
  const da = (a - 0.045) * 36;
  const db = (b - 0.05) * 30;
  const dl = (l - 0.65) * 2.6;
  return 1 / (1 + da * da + db * db + dl * dl * dl * dl);
}

function mean(plane: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < plane.length; i++) sum += plane[i]!;
  return sum / plane.length;
}

/** Adds a cue's z-score × weight. A cue that hardly varies adds almost nothing. */
function addStandardized(total: Float32Array, cue: Float32Array, weight: number): void {
  const average = mean(cue);
  let squares = 0;
  for (let i = 0; i < cue.length; i++) squares += (cue[i]! - average) * (cue[i]! - average);
  const scale = weight / (Math.sqrt(squares / cue.length) + 0.004);
  for (let i = 0; i < cue.length; i++) total[i] = total[i]! + (cue[i]! - average) * scale;
}
