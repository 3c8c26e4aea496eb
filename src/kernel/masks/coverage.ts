import { type MixSettings, sharesByImage } from '../imageMix.ts';
import { arena } from '../math/arena.ts';
import { compareHashes } from '../math/contentHash.ts';
import type { PreparedImage } from '../preparedImage.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';
import { jointWeights } from './jointWeights.ts';
import { calibratedMasks } from './maskCalibration.ts';

/**
 * Which image covers what in a mix: for each image a plane of `size` with its fraction of each pixel, 0 to 1. They
 * sum to 1 at each pixel.
 */
export interface Coverage {
  readonly size: Size;
  readonly parts: readonly Float32Array[];
}

/**
 * The masks of the finest band, at low-res size, in the order of `images`. Equal images divide their mask by weight.
 * @throws RangeError if no weight is above 0.
 */
export function coverage(
  images: readonly PreparedImage[],
  weights: readonly number[],
  settings: MixSettings,
): Coverage {
  const present = sharesByImage(images, weights);
  const size = present[0]?.image.sizes[0];
  if (!size) throw new RangeError('No image has a weight');
  const shares = present.map(({ share }) => share);
  arena.reset();
  const rawWeights = jointWeights(present, settings).map((levels) => levels[0]!);
  const masks = calibratedMasks(rawWeights, size, shares, present[0]!.image.sizes.length === 1);
  const parts = images.map((image, i) => {
    const weight = weights[i] ?? 0;
    const at = present.findIndex((one) => compareHashes(one.image.hash, image.hash) === 0);
    if (weight <= 0 || at < 0) return new Float32Array(size.width * size.height);
    const together = images.reduce(
      (sum, other, j) => sum + (compareHashes(other.hash, image.hash) === 0 ? Math.max(0, weights[j] ?? 0) : 0),
      0,
    );
    return masks[at]!.map((value) => (value * weight) / together);
  });
  return { size, parts };
}
