import type { ColorMap } from '../color/colorTransfer.ts';
import { type LabPlanes, meanChroma } from '../color/oklab.ts';
import type { ImageShare } from '../masks/jointWeights.ts';
import { calibratedMasks } from '../masks/maskCalibration.ts';
import { arena } from '../math/arena.ts';
import { bandCorrelations, preserveContrast } from './contrastGain.ts';
import { collapse } from './laplacianPyramid.ts';

/** An image with all that fusion needs. */
export interface FusionInput extends ImageShare {
  /** Unnormalized mask weights, one plane per level. */
  readonly rawWeights: readonly Float32Array[];
  readonly colors: ColorMap;
}

/**
 * The fused low-res image, and each image's weights (mask × contrast gain) at the finest level. All planes belong to
 * the arena.
 */
export interface FusedImage {
  readonly lab: LabPlanes;
  readonly weights: readonly Float32Array[];
}

/** Fuses low-res images band by band in Oklab: the masked sum of the bands, with contrast preserved. */
export function fuse(inputs: readonly FusionInput[], checkpoint: () => void): FusedImage {
  const sizes = inputs[0]!.image.sizes;
  const shares = inputs.map(({ share }) => share);
  let finest: readonly Float32Array[] = [];
  const fused = sizes.map((size, level) => {
    const isResidual = level === sizes.length - 1;
    const bands = inputs.map(({ image }) => image.bands[level]!);
    const rawWeights = inputs.map((input) => input.rawWeights[level]!);
    const weights = calibratedMasks(rawWeights, size, shares, isResidual);
    if (!isResidual) preserveContrast(weights, bandCorrelations(bands));
    if (level === 0) finest = weights;
    const length = size.width * size.height;
    const out = { l: arena.floats(length), a: arena.floats(length), b: arena.floats(length) };
    inputs.forEach(({ colors }, i) => {
      addBand(out, bands[i]!, weights[i]!, colors, isResidual);
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

/** Adds weight × color-mapped band. Only the residual is shifted to the target mean: bands have a mean of zero. */
function addBand(out: LabPlanes, band: LabPlanes, weights: Float32Array, colors: ColorMap, isResidual: boolean): void {
  const { matrix, mean, target } = colors;
  const offset = mean.map((_, c) => {
    if (!isResidual) return 0;
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

/** Upper limit of the chroma gain. */
const MAX_CHROMA_GAIN = 1.5;

/**
 * Averaging colors lowers their chroma. Returns the factor, at least 1, that restores the weighted mean chroma of the
 * images.
 */
export function chromaGain(fused: LabPlanes, inputs: readonly FusionInput[]): number {
  const actual = meanChroma(fused);
  const target = inputs.reduce((sum, { image, share }) => sum + share * image.chroma, 0);
  if (actual < 1e-4 || target <= actual) return 1;
  return Math.min(MAX_CHROMA_GAIN, target / actual);
}
