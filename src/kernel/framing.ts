import type { Raster } from '../images/raster.ts';
import { baseSize, reduceToBase } from './base.ts';
import { type ContentHash, compareHashes, contentHash, randomStream } from './hash.ts';
import { labFromRgb } from './oklab.ts';
import { isOpaque, wordsOf } from './pixels.ts';
import type { Size } from './pyramid.ts';
import type { Window } from './resample.ts';
import { saliency } from './saliency.ts';

/** A part of a picture, in fractions of its width and height, so that it holds at every resolution. */
export type Framing = Window;

/** What framing needs to know of a picture: its shape, its name by content, and where it draws the eye (from 0 up). */
export interface Look {
  readonly size: Size;
  readonly hash: ContentHash;
  readonly attention: Float32Array;
  readonly grid: Size;
}

/** What is asked of a framing: the size to fill, and which of the samples (from 0) of which seed it is for. */
export interface FramingRequest {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly sample: number;
}

const LOOK_SIDE = 128;
const CANDIDATES = 10;
const MAX_ZOOM = 1.35;
/** Side of the grid on which the overlap of framed pictures is measured. */
const OVERLAP_SIDE = 24;

/** Looks at a picture, at any resolution. */
export function look(raster: Raster): Look {
  const size = { width: raster.width, height: raster.height };
  const words = wordsOf(raster);
  const base = reduceToBase(words, size, baseSize(size, LOOK_SIDE), isOpaque(words));
  const attention = saliency(labFromRgb(base), base.size);
  for (let i = 0; i < attention.length; i++) {
    const positive = Math.max(0, attention[i]! + 0.5);
    attention[i] = positive * positive * (base.alpha ? base.alpha[i]! : 1) + 1e-4;
  }
  return { size, hash: contentHash(words, size.width, size.height), attention, grid: base.size };
}

/**
 * The part of each picture that goes into a mix, filling `width × height` without distortion. Sample 0 is cropped to what is
 * salient; later samples are mirrored, moved and enlarged by the seed, so that salient parts overlap little.
 */
export function framings(looks: readonly Look[], request: FramingRequest): Framing[] {
  const plain = looks.map((one) => salientFraming(one, request));
  if (request.sample === 0) return plain;
  const order = looks.map((_, i) => i).sort((i, j) => compareHashes(looks[i]!.hash, looks[j]!.hash));
  const taken = new Float64Array(OVERLAP_SIDE * OVERLAP_SIDE).fill(1 / (OVERLAP_SIDE * OVERLAP_SIDE));
  const chosen = [...plain];
  for (const i of order) {
    const one = looks[i]!;
    const random = randomStream(request.seed, request.sample, one.hash.high, one.hash.low);
    let best = { cost: Number.POSITIVE_INFINITY, framing: plain[i]!, view: new Float64Array(0) };
    for (let n = 0; n < CANDIDATES; n++) {
      const framing = variation(plain[i]!, random);
      const view = viewOf(one, framing);
      let overlap = 0;
      let kept = 0;
      for (let k = 0; k < view.length; k++) {
        overlap += view[k]! * taken[k]!;
        kept += view[k]!;
      }
      const cost = (overlap * view.length) / kept - 0.5 * kept;
      if (cost < best.cost) best = { cost, framing, view };
    }
    chosen[i] = best.framing;
    for (let k = 0; k < taken.length; k++) taken[k] = taken[k]! + best.view[k]!;
  }
  return chosen;
}

/** The largest window of the wanted shape, moved along the free side to where attention gathers. */
function salientFraming(one: Look, request: FramingRequest): Framing {
  const ratio = (request.width * one.size.height) / (request.height * one.size.width);
  if (ratio < 1) {
    const sums = new Float64Array(one.grid.width);
    one.attention.forEach((value, i) => {
      const x = i % one.grid.width;
      sums[x] = sums[x]! + value;
    });
    return { x: place(sums, ratio), y: 0, width: ratio, height: 1, flip: false };
  }
  const sums = new Float64Array(one.grid.height);
  one.attention.forEach((value, i) => {
    const y = Math.floor(i / one.grid.width);
    sums[y] = sums[y]! + value;
  });
  return { x: 0, y: place(sums, 1 / ratio), width: 1, height: 1 / ratio, flip: false };
}

/** Where along a side (from 0 to 1) a window of an extent starts, to have the bulk of the sums in its middle; moves smoothly with them. */
function place(sums: Float64Array, extent: number): number {
  let centre = centroid(sums, () => 1);
  for (let round = 0; round < 6; round++) {
    const around = centre;
    centre = centroid(sums, (at) => Math.max(0, 1 - Math.abs(at - around) / (0.75 * extent)));
  }
  return Math.max(0, Math.min(centre - extent / 2, 1 - extent));
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

function variation(plain: Framing, random: () => number): Framing {
  const zoom = 1 + random() * (MAX_ZOOM - 1);
  const width = plain.width / zoom;
  const height = plain.height / zoom;
  const shift = (start: number, extent: number, smaller: number) => {
    const reach = 0.3 * extent;
    const middle = start + extent / 2 + (2 * random() - 1) * reach;
    return Math.max(0, Math.min(middle - smaller / 2, 1 - smaller));
  };
  const x = shift(plain.x, plain.width, width);
  const y = shift(plain.y, plain.height, height);
  return { x, y, width, height, flip: random() < 0.5 };
}

/** Attention of the framed part on the overlap grid, as shares of the whole picture's. */
function viewOf(one: Look, framing: Framing): Float64Array<ArrayBuffer> {
  const { grid, attention } = one;
  let total = 0;
  for (let i = 0; i < attention.length; i++) total += attention[i]!;
  const scale = (framing.width * framing.height * attention.length) / (OVERLAP_SIDE * OVERLAP_SIDE * total);
  const view = new Float64Array(OVERLAP_SIDE * OVERLAP_SIDE);
  for (let v = 0; v < OVERLAP_SIDE; v++) {
    const y = framing.y + ((v + 0.5) / OVERLAP_SIDE) * framing.height;
    const row = Math.min(grid.height - 1, Math.floor(y * grid.height)) * grid.width;
    for (let u = 0; u < OVERLAP_SIDE; u++) {
      const across = framing.flip ? OVERLAP_SIDE - 1 - u : u;
      const x = framing.x + ((across + 0.5) / OVERLAP_SIDE) * framing.width;
      view[v * OVERLAP_SIDE + u] = attention[row + Math.min(grid.width - 1, Math.floor(x * grid.width))]! * scale;
    }
  }
  return view;
}
