import type { LabPlanes } from '../color/oklab.ts';
import { arena } from '../math/arena.ts';

/** Approximate number of pixels that a correlation is measured on. */
const SAMPLE_COUNT = 4096;

/**
 * Correlation of each pair of bands over l, a and b, clamped to 0 … 1 (flat bands count as 1); an n × n matrix, row
 * by row.
 */
export function bandCorrelations(all: readonly LabPlanes[]): Float64Array {
  const count = all.length;
  const out = new Float64Array(count * count).fill(1);
  const length = all[0]?.l.length ?? 0;
  const step = Math.max(1, Math.floor(length / SAMPLE_COUNT)) | 1; // odd, so that samples don't line up in columns
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
 * Where masks are soft, uncorrelated bands partly cancel out. Multiplies the masks by the gain that undoes half of that loss (in
 * decibels) at each pixel: v^(−¼), where v = Σᵢⱼ mᵢ mⱼ ρᵢⱼ is the variance that remains. Identical bands have v = 1, gain 1.
 */
export function preserveContrast(masks: readonly Float32Array[], correlations: Float64Array): void {
  const count = masks.length;
  const length = masks[0]?.length ?? 0;
  const gain = arena.floats(length);
  for (let i = 0; i < count; i++) {
    const one = masks[i]!;
    for (let p = 0; p < length; p++) gain[p] = gain[p]! + one[p]! * one[p]!;
    for (let j = 0; j < i; j++) {
      const other = masks[j]!;
      const factor = 2 * correlations[i * count + j]!;
      for (let p = 0; p < length; p++) gain[p] = gain[p]! + factor * one[p]! * other[p]!;
    }
  }
  for (let p = 0; p < length; p++) gain[p] = 1 / Math.sqrt(Math.sqrt(gain[p]!));
  for (const mask of masks) for (let p = 0; p < length; p++) mask[p] = mask[p]! * gain[p]!;
}
