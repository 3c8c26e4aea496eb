import { appealsTogether } from './harmony.ts';
import { compareHashes } from './hash.ts';
import { calibratedMasks } from './masks.ts';
import { distinct, type MixSettings } from './mix.ts';
import type { Prepared } from './prepare.ts';
import type { Size } from './pyramid.ts';
import { scratch } from './scratch.ts';

/** Which picture lands where in a mix: for each picture a plane of `size` with its part of each pixel, from 0 to 1; they sum to 1. */
export interface Coverage {
  readonly size: Size;
  readonly parts: readonly Float32Array[];
}

/**
 * The masks that divide the finest detail of a mix among its pictures, in the order of the pictures and smaller than them.
 * Equal pictures divide their place by weight. @throws RangeError where no weight is above 0.
 */
export function coverage(pictures: readonly Prepared[], weights: readonly number[], settings: MixSettings): Coverage {
  const present = distinct(pictures, weights);
  const size = present[0]?.picture.sizes[0];
  if (!size) throw new RangeError('No picture has a weight');
  const shares = present.map(({ share }) => share);
  scratch.begin();
  const appeals = appealsTogether(present, settings).map((levels) => levels[0]!);
  const masks = calibratedMasks(appeals, size, shares, present[0]!.picture.sizes.length === 1);
  const parts = pictures.map((picture, i) => {
    const weight = weights[i] ?? 0;
    const at = present.findIndex((one) => compareHashes(one.picture.hash, picture.hash) === 0);
    if (weight <= 0 || at < 0) return new Float32Array(size.width * size.height);
    const together = pictures.reduce(
      (sum, other, j) => sum + (compareHashes(other.hash, picture.hash) === 0 ? Math.max(0, weights[j] ?? 0) : 0),
      0,
    );
    return masks[at]!.map((value) => (value * weight) / together);
  });
  return { size, parts };
}
