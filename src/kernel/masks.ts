import { calibrate } from './calibration.ts';
import type { Size } from './pyramid.ts';
import { scratch } from './scratch.ts';

/**
 * Masks of all pictures at one level: planes that sum to 1 at every pixel, the mean of each being its due; scratch.
 * @param isBalanced whether masks made of the appeals as they are have about the means that are due, as at the last level.
 */
export function calibratedMasks(
  appeals: readonly Float32Array[],
  size: Size,
  dues: readonly number[],
  isBalanced: boolean,
): Float32Array[] {
  const factors = calibrate(appeals, size, dues, isBalanced ? dues.map(() => 1) : dues);
  const length = size.width * size.height;
  const scale = scratch.doubles(length);
  appeals.forEach((appeal, i) => {
    const factor = factors[i]!;
    for (let p = 0; p < length; p++) scale[p] = scale[p]! + appeal[p]! * factor;
  });
  for (let p = 0; p < length; p++) scale[p] = scale[p]! > 0 ? 1 / scale[p]! : -1;
  return appeals.map((appeal, i) => {
    const factor = factors[i]!;
    const due = dues[i]!;
    const mask = scratch.floats(length);
    for (let p = 0; p < length; p++) {
      const unit = scale[p]!;
      mask[p] = unit > 0 ? appeal[p]! * factor * unit : due; // where nothing is visible any mask will do
    }
    return mask;
  });
}
