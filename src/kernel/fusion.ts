import { keepContrast, likeness } from './gain.ts';
import type { Sharing } from './harmony.ts';
import { calibratedMasks } from './masks.ts';
import type { LabPlanes } from './oklab.ts';
import { collapse } from './pyramid.ts';
import { scratch } from './scratch.ts';
import type { ColourMap } from './transport.ts';

/** A picture as it takes part in a mix. */
export interface Part extends Sharing {
  /** How strongly it asks for each pixel beside the others, level by level. */
  readonly appeal: readonly Float32Array[];
  readonly colours: ColourMap;
}

/** The fused bases, and the weights (mask × gain) with which the finest level took from each picture; scratch. */
export interface Fusion {
  readonly lab: LabPlanes;
  readonly weights: readonly Float32Array[];
}

/** Fuses the bases of pictures band by band, in Oklab: what a mask lets through of each band, with contrast kept. */
export function fuse(parts: readonly Part[], checkpoint: () => void): Fusion {
  const sizes = parts[0]!.picture.sizes;
  const shares = parts.map(({ share }) => share);
  let finest: readonly Float32Array[] = [];
  const fused = sizes.map((size, level) => {
    const isRemainder = level === sizes.length - 1;
    const bands = parts.map(({ picture }) => picture.bands[level]!);
    const appeals = parts.map(({ appeal }) => appeal[level]!);
    const weights = calibratedMasks(appeals, size, shares, isRemainder);
    if (!isRemainder) keepContrast(weights, likeness(bands));
    if (level === 0) finest = weights;
    const length = size.width * size.height;
    const out = { l: scratch.floats(length), a: scratch.floats(length), b: scratch.floats(length) };
    parts.forEach(({ colours }, i) => {
      addBand(out, bands[i]!, weights[i]!, colours, isRemainder);
    });
    checkpoint();
    return out;
  });
  for (const channel of ['l', 'a', 'b'] as const) {
    const planes = fused.map((level) => level[channel]);
    collapse(planes, sizes);
  }
  return { lab: fused[0]!, weights: finest };
}

/** Adds weight × colour-mapped band. What remains below the bands is moved to the target colour too; bands have no mean to move. */
function addBand(
  out: LabPlanes,
  band: LabPlanes,
  weights: Float32Array,
  colours: ColourMap,
  isRemainder: boolean,
): void {
  const { matrix, mean, target } = colours;
  const offset = mean.map((_, c) => {
    if (!isRemainder) return 0;
    return target[c]! - (matrix[3 * c]! * mean[0]! + matrix[3 * c + 1]! * mean[1]! + matrix[3 * c + 2]! * mean[2]!);
  });
  const { l, a, b } = band;
  const toL = out.l;
  const toA = out.a;
  const toB = out.b;
  const [ll, la, lb] = [matrix[0]!, matrix[1]!, matrix[2]!];
  const [al, aa, ab] = [matrix[3]!, matrix[4]!, matrix[5]!];
  const [bl, ba, bb] = [matrix[6]!, matrix[7]!, matrix[8]!];
  const [ol, oa, ob] = [offset[0]!, offset[1]!, offset[2]!];
  for (let p = 0; p < weights.length; p++) {
    const weight = weights[p]!;
    const x = l[p]!;
    const y = a[p]!;
    const z = b[p]!;
    toL[p] = toL[p]! + weight * (ll * x + la * y + lb * z + ol);
    toA[p] = toA[p]! + weight * (al * x + aa * y + ab * z + oa);
    toB[p] = toB[p]! + weight * (bl * x + ba * y + bb * z + ob);
  }
}
