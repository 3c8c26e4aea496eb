import { type ColorMoments, colorMoments } from './color/colorMoments.ts';
import { type LabPlanes, labFromRgb, meanChroma } from './color/oklab.ts';
import { saliency } from './masks/saliency.ts';
import { type ContentHash, contentHash } from './math/contentHash.ts';
import { gaussianPyramid, laplacianPyramid, levelSizes, reduce, type Size } from './pyramid/laplacianPyramid.ts';
import { chooseFramings, type Framing, saliencyMap } from './sampling/framing.ts';
import { type LowResImage, lowResSize, toLowRes } from './sampling/lowRes.ts';
import type { Raster } from './sampling/pixelWords.ts';
import { isOpaque } from './sampling/pixelWords.ts';
import { fillTransparent } from './sampling/pullPush.ts';
import { resample } from './sampling/resample.ts';

/**
 * Longest side of the low-res image on which colors and masks are computed. Finer detail comes from the pixels
 * themselves.
 */
const LOW_RES_SIDE = 192;

/** An image prepared for mixes of one size: everything that doesn't depend on weights, seed or guidance scale. */
export interface PreparedImage {
  readonly size: Size;
  readonly hash: ContentHash;
  /** The framed pixels, RGBA words. */
  readonly pixels: Int32Array<ArrayBuffer>;
  /** `pixels` with colors filled in under transparent pixels; the same array if the image is opaque. */
  readonly filled: Int32Array<ArrayBuffer>;
  readonly opaque: boolean;
  readonly lowRes: LowResImage;
  /** Sizes of the pyramid levels; the first is the size of `lowRes`. */
  readonly sizes: readonly Size[];
  /** Laplacian pyramid of `lowRes` in Oklab, one entry per level; the last is the low-pass residual. */
  readonly bands: readonly LabPlanes[];
  /** Saliency at the size of `lowRes`, about −2.5 to 2.5. */
  readonly saliency: Float32Array;
  /** Gaussian pyramid of alpha, 0 to 1; null if the image is opaque. */
  readonly alpha: readonly Float32Array[] | null;
  readonly moments: ColorMoments;
  /** Mean Oklab chroma of the image. */
  readonly chroma: number;
}

/**
 * The size in pixels (at least 1 × 1) to prepare an image for. Without a framing the image is cropped around its most salient part.
 * `coarse` skips the finest band: mixes take about half the time and differ little.
 */
export interface PrepareOptions {
  readonly width: number;
  readonly height: number;
  readonly framing?: Framing;
  readonly coarse?: boolean;
}

/** Called between steps with the fraction done, 0 to 1. It throws to cancel the work. */
export type Checkpoint = (fraction: number) => void;

/** Prepares an image for mixes of one size. Takes much longer than a mix, so keep the result. */
export function prepare(raster: Raster, options: PrepareOptions, checkpoint: Checkpoint = () => {}): PreparedImage {
  const size = { width: options.width, height: options.height };
  const framing = options.framing ?? chooseFramings([saliencyMap(raster)], { ...size, seed: 0, sample: 0 })[0];
  if (!framing) throw new RangeError('No framing');
  const rect = {
    x: framing.x * raster.width,
    y: framing.y * raster.height,
    width: framing.width * raster.width,
    height: framing.height * raster.height,
    flip: framing.flip,
  };
  checkpoint(0.1);
  const pixels = resample(raster, rect, size, (fraction) => checkpoint(0.1 + 0.3 * fraction));
  checkpoint(0.4);
  const opaque = isOpaque(pixels);
  const filled = opaque ? pixels : fillTransparent(pixels, size, () => checkpoint(0.4));
  const full = toLowRes(filled, size, lowResSize(size, LOW_RES_SIDE), opaque, () => checkpoint(0.5));
  checkpoint(0.6);
  const fullLab = labFromRgb(full);
  const fullSizes = levelSizes(full.size);
  const fullSaliency = saliency(fullLab, full.size);
  // Saliency and color moments come from the full low-res image, so that coarse and full mixes get the same masks.
  const isCoarse = options.coarse === true && fullSizes.length > 1;
  const sizes = isCoarse ? fullSizes.slice(1) : fullSizes;
  const lowRes = isCoarse ? toLowRes(filled, size, sizes[0]!, opaque) : full;
  const lab = isCoarse ? labFromRgb(lowRes) : fullLab;
  const [l, a, b] = [laplacianPyramid(lab.l, sizes), laplacianPyramid(lab.a, sizes), laplacianPyramid(lab.b, sizes)];
  checkpoint(0.8);
  return {
    size,
    hash: contentHash(pixels, size.width, size.height),
    pixels,
    filled,
    opaque,
    lowRes,
    sizes,
    bands: sizes.map((_, level) => ({ l: l[level]!, a: a[level]!, b: b[level]! })),
    saliency: isCoarse ? reduce(fullSaliency, full.size) : fullSaliency,
    alpha: lowRes.alpha ? gaussianPyramid(lowRes.alpha, sizes) : null,
    moments: colorMoments(fullLab, full.alpha),
    chroma: meanChroma(fullLab),
  };
}

/** Approximate memory that a prepared image takes, in bytes. */
export function preparedImageBytes(image: PreparedImage): number {
  const { width, height } = image.size;
  const lowResPixels = image.lowRes.size.width * image.lowRes.size.height;
  return width * height * (image.opaque ? 4 : 8) + lowResPixels * 48; // about 12 float planes
}
