import type { LabPlanes } from './oklab.ts';
import { scratch } from './scratch.ts';

/** About as many pixels as a comparison looks at. */
const SAMPLES = 4096;

/**
 * How alike the bands of pictures are: for each pair the correlation of lightness and colours, held between 0 and 1 (flat
 * bands count as alike). Row by row, a full square.
 */
export function likeness(all: readonly LabPlanes[]): Float64Array {
  const count = all.length;
  const out = new Float64Array(count * count).fill(1);
  const length = all[0]?.l.length ?? 0;
  const step = Math.max(1, Math.floor(length / SAMPLES)) | 1; // odd, so that it walks through the columns
  const power = all.map((one) => innerProduct(one, one, step));
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const scale = Math.sqrt(power[i]! * power[j]!);
      const value = scale > 1e-12 ? innerProduct(all[i]!, all[j]!, step) / scale : 1;
      out[i * count + j] = out[j * count + i] = Math.max(0, Math.min(1, value));
    }
  }
  return out;
}

function innerProduct(one: LabPlanes, other: LabPlanes, step: number): number {
  let sum = 0;
  for (let i = 0; i < one.l.length; i += step) {
    sum += one.l[i]! * other.l[i]! + one.a[i]! * other.a[i]! + one.b[i]! * other.b[i]!;
  }
  return sum;
}

/**
 * Where masks are soft, unlike bands cancel each other. Multiplies the masks by the gain that makes up for half of that at
 * each pixel: the variance that is left, Σᵢⱼ mᵢ mⱼ ρᵢⱼ, to the power −¼. Pictures that are alike lose and gain nothing.
 */
export function keepContrast(masks: readonly Float32Array[], alike: Float64Array): void {
  const count = masks.length;
  const length = masks[0]?.length ?? 0;
  const left = scratch.floats(length);
  for (let i = 0; i < count; i++) {
    const one = masks[i]!;
    for (let p = 0; p < length; p++) left[p] = left[p]! + one[p]! * one[p]!;
    for (let j = 0; j < i; j++) {
      const other = masks[j]!;
      const both = 2 * alike[i * count + j]!;
      for (let p = 0; p < length; p++) left[p] = left[p]! + both * one[p]! * other[p]!;
    }
  }
  for (let p = 0; p < length; p++) left[p] = 1 / Math.sqrt(Math.sqrt(left[p]!));
  for (const mask of masks) for (let p = 0; p < length; p++) mask[p] = mask[p]! * left[p]!;
}
