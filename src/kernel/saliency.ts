import { boxMean, guidedFilter } from './blur.ts';
import type { LabPlanes } from './oklab.ts';
import type { Size } from './pyramid.ts';

/** How much each hint counts, in standard deviations. */
const IMPORTANCE = { distance: 0.8, surround: 0.9, contrast: 0.6, chroma: 0.4, skin: 1.4, centre: 0.7 } as const;
const CLAMP = 2.5;

/**
 * Where a picture draws the eye: colours unlike the rest, things unlike their surroundings, local contrast, strong colour,
 * skin (so that faces are kept), and the centre. Mean 0, deviation about 1, held within ±2.5, smooth but true to the edges.
 */
export function saliency(lab: LabPlanes, size: Size): Float32Array {
  const { width, height } = size;
  const length = width * height;
  const longest = Math.max(width, height);
  const small = Math.max(1, Math.floor(longest / 48));
  const large = Math.max(2, Math.floor(longest / 8));
  const total = new Float32Array(length);
  const hint = new Float32Array(length);

  const means = [mean(lab.l), mean(lab.a), mean(lab.b)] as const;
  for (let i = 0; i < length; i++) {
    hint[i] = distance(lab.l[i]! - means[0], lab.a[i]! - means[1], lab.b[i]! - means[2]);
  }
  addStandardised(total, hint, IMPORTANCE.distance);

  const near = [lab.l, lab.a, lab.b].map((plane) => boxMean(plane, size, small));
  const far = near.map((plane) => boxMean(plane, size, large));
  const [nearL, nearA, nearB] = near as [Float32Array, Float32Array, Float32Array]; // three planes in, three out
  const [farL, farA, farB] = far as [Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < length; i++) {
    hint[i] = distance(nearL[i]! - farL[i]!, nearA[i]! - farA[i]!, nearB[i]! - farB[i]!);
  }
  addStandardised(total, hint, IMPORTANCE.surround);

  for (let i = 0; i < length; i++) {
    const away = lab.l[i]! - nearL[i]!;
    hint[i] = away < 0 ? -away : away;
  }
  addStandardised(total, boxMean(hint, size, 2 * small), IMPORTANCE.contrast);

  for (let i = 0; i < length; i++) hint[i] = Math.sqrt(nearA[i]! * nearA[i]! + nearB[i]! * nearB[i]!);
  addStandardised(total, hint, IMPORTANCE.chroma);

  for (let i = 0; i < length; i++) hint[i] = skinLikeness(nearL[i]!, nearA[i]!, nearB[i]!);
  addStandardised(total, boxMean(hint, size, 2 * small), IMPORTANCE.skin);

  for (let y = 0; y < height; y++) {
    const v = (2 * y + 1) / height - 1;
    for (let x = 0; x < width; x++) {
      const u = (2 * x + 1) / width - 1;
      hint[y * width + x] = -(u * u + v * v);
    }
  }
  addStandardised(total, hint, IMPORTANCE.centre);

  const smooth = guidedFilter(total, lab.l, size, Math.max(1, Math.floor(longest / 20)), 0.004);
  const out = new Float32Array(length);
  addStandardised(out, smooth, 1);
  for (let i = 0; i < length; i++) out[i] = Math.max(-CLAMP, Math.min(CLAMP, out[i]!));
  return out;
}

/** How far apart two colours look that differ by this much in Oklab. Colour counts double beside lightness: its range is smaller. */
export function distance(l: number, a: number, b: number): number {
  return Math.sqrt(l * l + 4 * (a * a + b * b));
}

/** From 1 for a middling skin colour towards 0; skins of all people lie along one hue, from dark to light. */
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

/** Adds a hint with its mean taken off and divided by its deviation; a hint that hardly varies adds hardly anything. */
function addStandardised(total: Float32Array, hint: Float32Array, importance: number): void {
  const middle = mean(hint);
  let squares = 0;
  for (let i = 0; i < hint.length; i++) squares += (hint[i]! - middle) * (hint[i]! - middle);
  const scale = importance / (Math.sqrt(squares / hint.length) + 0.004);
  for (let i = 0; i < hint.length; i++) total[i] = total[i]! + (hint[i]! - middle) * scale;
}
