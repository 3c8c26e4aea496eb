import type { Raster } from '../images/raster.ts';
import { type Base, baseSize, reduceToBase } from './base.ts';
import { fillHidden } from './fill.ts';
import { type Framing, framings, look } from './framing.ts';
import { type ContentHash, contentHash } from './hash.ts';
import { type Moments, moments } from './moments.ts';
import { type LabPlanes, labFromRgb, meanChroma } from './oklab.ts';
import { isOpaque } from './pixels.ts';
import { bands, gaussianPyramid, levelSizes, reduce, type Size } from './pyramid.ts';
import { resample } from './resample.ts';
import { saliency } from './saliency.ts';

/** Longest side of the picture on which colours and masks are worked out; what is finer is carried over from the pixels. */
const BASE_SIDE = 192;

/** One picture made ready for mixes of one size: all that does not depend on weights, seed or guidance. */
export interface Prepared {
  readonly size: Size;
  readonly hash: ContentHash;
  /** The framed pixels as they are. */
  readonly pixels: Int32Array<ArrayBuffer>;
  /** The same with colours under transparent pixels filled; the very same array where all is opaque. */
  readonly filled: Int32Array<ArrayBuffer>;
  readonly opaque: boolean;
  readonly base: Base;
  /** Sizes of the pyramid's levels; the first is the base's. */
  readonly sizes: readonly Size[];
  /** Bands of the base in Oklab, level by level; the last is what remains. */
  readonly bands: readonly LabPlanes[];
  readonly saliency: Float32Array;
  /** Coverage, level by level; null where all is opaque. */
  readonly alpha: readonly Float32Array[] | null;
  readonly moments: Moments;
  /** Mean distance of the base's colours from grey. */
  readonly chroma: number;
}

/**
 * What a picture is prepared for; without a framing it is cropped to what is salient. Sides in pixels, at least 1. A coarse one
 * goes without the finest band: mixes of such take about half the time and differ little.
 */
export interface PrepareOptions {
  readonly width: number;
  readonly height: number;
  readonly framing?: Framing;
  readonly coarse?: boolean;
}

/** Called between steps with the part done, from 0 to 1; throw to stop. */
export type Checkpoint = (fraction: number) => void;

/** Makes a picture ready to be mixed at a size. Much dearer than a mix: keep the result. */
export function prepare(raster: Raster, options: PrepareOptions, checkpoint: Checkpoint = () => {}): Prepared {
  const size = { width: options.width, height: options.height };
  const framing = options.framing ?? framings([look(raster)], { ...size, seed: 0, sample: 0 })[0];
  if (!framing) throw new RangeError('No framing');
  const window = {
    x: framing.x * raster.width,
    y: framing.y * raster.height,
    width: framing.width * raster.width,
    height: framing.height * raster.height,
    flip: framing.flip,
  };
  checkpoint(0.1);
  const pixels = resample(raster, window, size, (fraction) => checkpoint(0.1 + 0.3 * fraction));
  checkpoint(0.4);
  const opaque = isOpaque(pixels);
  const filled = opaque ? pixels : fillHidden(pixels, size);
  const whole = reduceToBase(filled, size, baseSize(size, BASE_SIDE), opaque);
  checkpoint(0.6);
  const wholeLab = labFromRgb(whole);
  const wholeSizes = levelSizes(whole.size);
  const seen = saliency(wholeLab, whole.size);
  // What draws the eye and what the colours are stays that of the whole: coarse or not, a mix divides the place alike.
  const isCoarse = options.coarse === true && wholeSizes.length > 1;
  const sizes = isCoarse ? wholeSizes.slice(1) : wholeSizes;
  const base = isCoarse ? reduceToBase(filled, size, sizes[0]!, opaque) : whole;
  const lab = isCoarse ? labFromRgb(base) : wholeLab;
  const [l, a, b] = [bands(lab.l, sizes), bands(lab.a, sizes), bands(lab.b, sizes)];
  checkpoint(0.8);
  return {
    size,
    hash: contentHash(pixels, size.width, size.height),
    pixels,
    filled,
    opaque,
    base,
    sizes,
    bands: sizes.map((_, level) => ({ l: l[level]!, a: a[level]!, b: b[level]! })),
    saliency: isCoarse ? reduce(seen, whole.size) : seen,
    alpha: base.alpha ? gaussianPyramid(base.alpha, sizes) : null,
    moments: moments(wholeLab, whole.alpha),
    chroma: meanChroma(wholeLab),
  };
}

/** Bytes that a prepared picture holds in memory, about. */
export function weighPrepared(one: Prepared): number {
  const { width, height } = one.size;
  const base = one.base.size.width * one.base.size.height;
  return width * height * (one.opaque ? 4 : 8) + base * 48; // 3 + 1 planes of the base, 6 of its pyramid
}
