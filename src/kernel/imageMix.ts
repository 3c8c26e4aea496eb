import { compositeOpaque, compositeTransparent, type Layer } from './blend/composite.ts';
import { colorMaps } from './color/colorTransfer.ts';
import { rgbFromLab } from './color/oklab.ts';
import { type ImageShare, jointWeights } from './masks/jointWeights.ts';
import { arena } from './math/arena.ts';
import { compareHashes } from './math/contentHash.ts';
import { type Checkpoint, type PreparedImage, prepare } from './preparedImage.ts';
import { chromaGain, type FusionInput, fuse } from './pyramid/fusion.ts';
import { chooseFramings, saliencyMap } from './sampling/framing.ts';
import { type Raster, rasterOf } from './sampling/pixelWords.ts';

/**
 * What a mix depends on besides images and weights. `seed` is a 32-bit integer, `guidanceScale` is between 1 and 20.
 */
export interface MixSettings {
  readonly seed: number;
  readonly guidanceScale: number;
}

/**
 * Mixes images prepared for the same size. An image's share of the result is its weight (0 or more) ÷ the sum of the weights.
 * The order of the images doesn't matter, images of weight 0 are ignored, and a single image is returned unchanged.
 *
 * @param output receives the pixels, one 32-bit word each, so that callers can reuse memory.
 * @throws RangeError if no weight is above 0 or the sizes differ. Errors of the checkpoint pass through.
 */
export function mix(
  images: readonly PreparedImage[],
  weights: readonly number[],
  settings: MixSettings,
  checkpoint: Checkpoint = () => {},
  output?: Int32Array<ArrayBuffer>,
): Raster {
  const present = sharesByImage(images, weights);
  const first = present[0];
  if (!first) throw new RangeError('No image has a weight');
  const { size } = first.image;
  if (present.some(({ image }) => image.size.width !== size.width || image.size.height !== size.height)) {
    throw new RangeError('Images prepared for different sizes');
  }
  const words = output ?? new Int32Array(size.width * size.height);
  const raster = rasterOf(words, size.width, size.height);
  if (present.length === 1) {
    words.set(first.image.pixels);
    return raster;
  }

  arena.reset();
  const maps = colorMaps(
    present.map(({ image }) => image.moments),
    present.map(({ share }) => share),
  );
  const rawWeights = jointWeights(present, settings);
  const inputs: FusionInput[] = present.map((one, i) => ({ ...one, rawWeights: rawWeights[i]!, colors: maps[i]! }));
  checkpoint(0.1);
  const levels = first.image.sizes.length;
  let done = 0;
  const { lab, weights: finestWeights } = fuse(inputs, () => checkpoint(0.1 + 0.4 * (++done / levels)));
  const fused = rgbFromLab(lab, chromaGain(lab, inputs));
  const composite = present.every(({ image }) => image.opaque) ? compositeOpaque : compositeTransparent;
  composite(words, toLayers(inputs, finestWeights), fused, size, (fraction) => checkpoint(0.5 + 0.5 * fraction));
  return raster;
}

/**
 * The images with a weight, sorted by content so that the order of the list has no effect; equal images become one
 * with their summed share.
 */
export function sharesByImage(images: readonly PreparedImage[], weights: readonly number[]): ImageShare[] {
  const used = images
    .map((image, i) => ({ image, weight: weights[i] ?? 0 }))
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => compareHashes(one.image.hash, other.image.hash) || one.weight - other.weight);
  const total = used.reduce((sum, { weight }) => sum + weight, 0);
  const out: { image: PreparedImage; share: number }[] = [];
  for (const { image, weight } of used) {
    const last = out.at(-1);
    if (last && compareHashes(last.image.hash, image.hash) === 0) last.share += weight / total;
    else out.push({ image, share: weight / total });
  }
  const eased = out.reduce((sum, { share }) => sum + easeSmallShare(share), 0);
  return out.map(({ image, share }) => ({ image, share: easeSmallShare(share) / eased }));
}

/**
 * Shares below `below` are reduced, the smallest by the fraction `reduction`. The most salient parts of an image appear first, so
 * without this an image's first percent would change the result too much.
 */
const SMALL_SHARE = { below: 0.15, reduction: 0.24 } as const;

function easeSmallShare(share: number): number {
  const missing = Math.max(0, 1 - share / SMALL_SHARE.below);
  return share * (1 - SMALL_SHARE.reduction * missing * missing);
}

/** An image reaches full opacity when its share is this fraction of the largest share. */
const FULL_OPACITY_RATIO = 0.3;

/**
 * The images' own pixels as layers over the fused low-res image, weighted like its finest band and with lightness
 * scaled by the color transfer.
 */
function toLayers(inputs: readonly FusionInput[], finestWeights: readonly Float32Array[]): Layer[] {
  const largest = Math.max(...inputs.map(({ share }) => share));
  return inputs.map(({ image, share, colors }, i) => {
    const lightnessScale = colors.matrix[0]!;
    const weights = finestWeights[i]!;
    scale(weights, lightnessScale);
    const ratio = Math.min(1, share / largest / FULL_OPACITY_RATIO);
    return { pixels: image.filled, lowRes: image.lowRes, weights, opacity: ratio * ratio * (3 - 2 * ratio) }; // smoothstep
  });
}

function scale(plane: Float32Array, factor: number): void {
  for (let p = 0; p < plane.length; p++) plane[p] = plane[p]! * factor;
}

/** Settings of a whole mix. `sample` counts from 0. */
export interface RasterMixSettings extends MixSettings {
  readonly width: number;
  readonly height: number;
  readonly sample?: number;
}

/** Frames, prepares and mixes decoded images in one call, for callers that mix once. */
export function mixRasters(
  rasters: readonly Raster[],
  weights: readonly number[],
  settings: RasterMixSettings,
): Raster {
  const { width, height, seed, sample = 0 } = settings;
  const framings = chooseFramings(rasters.map(saliencyMap), { width, height, seed, sample });
  const images = rasters.map((raster, i) => {
    const framing = framings[i];
    return prepare(raster, { width, height, ...(framing ? { framing } : {}) });
  });
  return mix(images, weights, settings);
}
