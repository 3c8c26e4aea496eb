import { labFromRgb } from '../color/oklab.ts';
import { saliency } from '../masks/saliency.ts';
import { type ContentHash, compareHashes, contentHash, randomStream } from '../math/contentHash.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';
import { lowResSize, toLowRes } from './lowRes.ts';
import type { Raster } from './pixelWords.ts';
import { isOpaque, wordsOf } from './pixelWords.ts';
import type { PixelRect } from './resample.ts';

/** A part of an image as fractions of its width and height, so that it applies at every resolution. */
export type Framing = PixelRect;

/**
 * The saliency of an image as `values` ≥ 0 on a `grid`, with the image's size in pixels and the hash of its content.
 */
export interface SaliencyMap {
  readonly size: Size;
  readonly hash: ContentHash;
  readonly values: Float32Array;
  readonly grid: Size;
}

/** The size to fill in pixels, and the seed and number of the sample (from 0). */
export interface FramingRequest {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly sample: number;
}

/** Longest side of a saliency map. */
const SALIENCY_SIDE = 128;
/** Random framings that are compared for each image of samples 1 and up. */
const CANDIDATES = 10;
const MAX_ZOOM = 1.35;
/** Side of the grid on which the overlap of framed images is measured. */
const OVERLAP_SIDE = 24;

/** Computes the saliency map of an image of any resolution. */
export function saliencyMap(raster: Raster): SaliencyMap {
  const size = { width: raster.width, height: raster.height };
  const words = wordsOf(raster);
  const lowRes = toLowRes(words, size, lowResSize(size, SALIENCY_SIDE), isOpaque(words));
  const values = saliency(labFromRgb(lowRes), lowRes.size);
  for (let i = 0; i < values.length; i++) {
    const positive = Math.max(0, values[i]! + 0.5);
    values[i] = positive * positive * (lowRes.alpha ? lowRes.alpha[i]! : 1) + 1e-4;
  }
  return { size, hash: contentHash(words, size.width, size.height), values, grid: lowRes.size };
}

/**
 * Chooses the part of each image that fills `width × height` without distortion. Sample 0 is the largest crop around the most salient
 * part. Later samples are flipped, shifted and zoomed by the seed so that salient parts overlap little.
 */
export function chooseFramings(maps: readonly SaliencyMap[], request: FramingRequest): Framing[] {
  const centered = maps.map((map) => salientFraming(map, request));
  if (request.sample === 0) return centered;
  const order = maps.map((_, i) => i).sort((i, j) => compareHashes(maps[i]!.hash, maps[j]!.hash));
  const covered = new Float64Array(OVERLAP_SIDE * OVERLAP_SIDE).fill(1 / (OVERLAP_SIDE * OVERLAP_SIDE));
  const chosen = [...centered];
  for (const i of order) {
    const map = maps[i]!;
    const random = randomStream(request.seed, request.sample, map.hash.high, map.hash.low);
    let best = { cost: Number.POSITIVE_INFINITY, framing: centered[i]!, view: new Float64Array(0) };
    for (let n = 0; n < CANDIDATES; n++) {
      const framing = randomFraming(centered[i]!, random);
      const view = projectSaliency(map, framing);
      let overlap = 0;
      let kept = 0;
      for (let k = 0; k < view.length; k++) {
        overlap += view[k]! * covered[k]!;
        kept += view[k]!;
      }
      const cost = (overlap * view.length) / kept - 0.5 * kept;
      if (cost < best.cost) best = { cost, framing, view };
    }
    chosen[i] = best.framing;
    for (let k = 0; k < covered.length; k++) covered[k] = covered[k]! + best.view[k]!;
  }
  return chosen;
}

/** The largest crop of the requested aspect ratio, moved along its free side to where the saliency concentrates. */
function salientFraming(map: SaliencyMap, request: FramingRequest): Framing {
  const ratio = (request.width * map.size.height) / (request.height * map.size.width);
  if (ratio < 1) {
    const sums = new Float64Array(map.grid.width);
    map.values.forEach((value, i) => {
      const x = i % map.grid.width;
      sums[x] = sums[x]! + value;
    });
    return { x: centerOnSaliency(sums, ratio), y: 0, width: ratio, height: 1, flip: false };
  }
  const sums = new Float64Array(map.grid.height);
  map.values.forEach((value, i) => {
    const y = Math.floor(i / map.grid.width);
    sums[y] = sums[y]! + value;
  });
  return { x: 0, y: centerOnSaliency(sums, 1 / ratio), width: 1, height: 1 / ratio, flip: false };
}

/**
 * The start of a window of size `extent` along a side (both in fractions of the side) that is centered on the bulk of the sums. Found by
 * mean shift with a triangular kernel, so it varies continuously with the image.
 */
function centerOnSaliency(sums: Float64Array, extent: number): number {
  let center = centroid(sums, () => 1);
  for (let round = 0; round < 6; round++) {
    const around = center;
    center = centroid(sums, (at) => Math.max(0, 1 - Math.abs(at - around) / (0.75 * extent)));
  }
  return Math.max(0, Math.min(center - extent / 2, 1 - extent));
}

function centroid(sums: Float64Array, importance: (at: number) => number): number {
  let total = 0;
  let moment = 0;
  for (let i = 0; i < sums.length; i++) {
    const at = (i + 0.5) / sums.length;
    const weight = sums[i]! * importance(at);
    total += weight;
    moment += weight * at;
  }
  return total > 0 ? moment / total : 0.5;
}

function randomFraming(center: Framing, random: () => number): Framing {
  const zoom = 1 + random() * (MAX_ZOOM - 1);
  const width = center.width / zoom;
  const height = center.height / zoom;
  const shift = (start: number, extent: number, smaller: number) => {
    const reach = 0.3 * extent;
    const middle = start + extent / 2 + (2 * random() - 1) * reach;
    return Math.max(0, Math.min(middle - smaller / 2, 1 - smaller));
  };
  const x = shift(center.x, center.width, width);
  const y = shift(center.y, center.height, height);
  return { x, y, width, height, flip: random() < 0.5 };
}

/** Saliency of the framed part on the overlap grid, as fractions of the image's total. */
function projectSaliency(map: SaliencyMap, framing: Framing): Float64Array<ArrayBuffer> {
  const { grid, values } = map;
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  const scale = (framing.width * framing.height * values.length) / (OVERLAP_SIDE * OVERLAP_SIDE * total);
  const view = new Float64Array(OVERLAP_SIDE * OVERLAP_SIDE);
  for (let v = 0; v < OVERLAP_SIDE; v++) {
    const y = framing.y + ((v + 0.5) / OVERLAP_SIDE) * framing.height;
    const row = Math.min(grid.height - 1, Math.floor(y * grid.height)) * grid.width;
    for (let u = 0; u < OVERLAP_SIDE; u++) {
      const across = framing.flip ? OVERLAP_SIDE - 1 - u : u;
      const x = framing.x + ((across + 0.5) / OVERLAP_SIDE) * framing.width;
      view[v * OVERLAP_SIDE + u] = values[row + Math.min(grid.width - 1, Math.floor(x * grid.width))]! * scale;
    }
  }
  return view;
}
