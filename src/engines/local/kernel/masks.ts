import { calibrate } from './calibration.ts';
import type { Size } from './pyramid.ts';

/** Masks of all pictures at one level: planes that sum to 1 at every pixel, the mean of each being its due. */
export function calibratedMasks(appeals: readonly Float32Array[], size: Size, dues: readonly number[]): Float32Array[] {
  const factors = calibrate(appeals, size, dues);
  const length = size.width * size.height;
  const sums = new Float64Array(length);
  appeals.forEach((appeal, i) => {
    const factor = factors[i]!;
    for (let p = 0; p < length; p++) sums[p] = sums[p]! + appeal[p]! * factor;
  });
  return appeals.map((appeal, i) => {
    const factor = factors[i]!;
    const due = dues[i]!;
    const mask = new Float32Array(length);
    for (let p = 0; p < length; p++) {
      const sum = sums[p]!;
      mask[p] = sum > 0 ? (appeal[p]! * factor) / sum : due; // where nothing is visible any mask will do
    }
    return mask;
  });
}
