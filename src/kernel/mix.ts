import type { Raster } from '../images/raster.ts';
import { compose, type Layer } from './compose.ts';
import { composeTransparent } from './composeTransparent.ts';
import { fuse, type Part } from './fusion.ts';
import { appealsTogether, type Sharing } from './harmony.ts';
import { compareHashes } from './hash.ts';
import { rgbFromLab } from './oklab.ts';
import { rasterOf } from './pixels.ts';
import type { Checkpoint, Prepared } from './prepare.ts';
import { scratch } from './scratch.ts';
import { chromaFactor } from './tone.ts';
import { colourMaps } from './transport.ts';

/** What a mix depends on besides pictures and weights. The seed is a whole number of 32 bits, the guidance scale from 1 to 20. */
export interface MixSettings {
  readonly seed: number;
  readonly guidanceScale: number;
}

/**
 * Mixes pictures prepared for one size. Each weight (0 and up) stands for a share of the result: weight ÷ sum of the
 * weights. The order of the pictures does not matter; those of weight 0 are left out; one alone comes out as it is.
 *
 * @param into takes the pixels, a word each, where memory is to be used again.
 * @throws RangeError where no weight is above 0 or the sizes differ; whatever the checkpoint throws.
 */
export function mix(
  pictures: readonly Prepared[],
  weights: readonly number[],
  settings: MixSettings,
  checkpoint: Checkpoint = () => {},
  into?: Int32Array<ArrayBuffer>,
): Raster {
  const present = distinct(pictures, weights);
  const first = present[0];
  if (!first) throw new RangeError('No picture has a weight');
  const { size } = first.picture;
  if (present.some(({ picture }) => picture.size.width !== size.width || picture.size.height !== size.height)) {
    throw new RangeError('Pictures prepared for different sizes');
  }
  const words = into ?? new Int32Array(size.width * size.height);
  const raster = rasterOf(words, size.width, size.height);
  if (present.length === 1) {
    words.set(first.picture.pixels);
    return raster;
  }

  scratch.begin();
  const maps = colourMaps(
    present.map(({ picture }) => picture.moments),
    present.map(({ share }) => share),
  );
  const appeals = appealsTogether(present, settings);
  const parts: Part[] = present.map((one, i) => ({ ...one, appeal: appeals[i]!, colours: maps[i]! }));
  checkpoint(0.1);
  const levels = first.picture.sizes.length;
  let done = 0;
  const { lab, weights: taken } = fuse(parts, () => checkpoint(0.1 + 0.4 * (++done / levels)));
  const fused = rgbFromLab(lab, chromaFactor(lab, parts));
  const put = present.every(({ picture }) => picture.opaque) ? compose : composeTransparent;
  put(words, layersOf(parts, taken), fused, size, (fraction) => checkpoint(0.5 + 0.5 * fraction));
  return raster;
}

/** The pictures that count, equal ones taken together, in an order that only their content decides. */
export function distinct(pictures: readonly Prepared[], weights: readonly number[]): Sharing[] {
  const used = pictures
    .map((picture, i) => ({ picture, weight: weights[i] ?? 0 }))
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => compareHashes(one.picture.hash, other.picture.hash) || one.weight - other.weight);
  const total = used.reduce((sum, { weight }) => sum + weight, 0);
  const out: { picture: Prepared; share: number }[] = [];
  for (const { picture, weight } of used) {
    const last = out.at(-1);
    if (last && compareHashes(last.picture.hash, picture.hash) === 0) last.share += weight / total;
    else out.push({ picture, share: weight / total });
  }
  const eased = out.reduce((sum, { share }) => sum + ease(share), 0);
  return out.map(({ picture, share }) => ({ picture, share: ease(share) / eased }));
}

/** A share below this comes in gently, the smallest ones with so much less: what is most salient appears first, and would jump out at once. */
const GENTLE = { below: 0.15, less: 0.24 } as const;

function ease(share: number): number {
  const missing = Math.max(0, 1 - share / GENTLE.below);
  return share * (1 - GENTLE.less * missing * missing);
}

/** Presence rises with a weight up to this part of the greatest one. */
const FULL_PRESENCE = 0.3;

/** The pictures' own pixels as they go over the fused base: as it took them, and with lightness stretched as in it. */
function layersOf(parts: readonly Part[], taken: readonly Float32Array[]): Layer[] {
  const greatest = Math.max(...parts.map(({ share }) => share));
  return parts.map(({ picture, share, colours }, i) => {
    const stretch = colours.matrix[0]!;
    const weights = taken[i]!;
    scale(weights, stretch);
    const rise = Math.min(1, share / greatest / FULL_PRESENCE);
    return { words: picture.filled, base: picture.base, weights, presence: rise * rise * (3 - 2 * rise) };
  });
}

function scale(plane: Float32Array, factor: number): void {
  for (let p = 0; p < plane.length; p++) plane[p] = plane[p]! * factor;
}
