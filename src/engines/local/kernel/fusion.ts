import type { Appeal } from './appeal.ts';
import { contrastGain, likeness } from './gain.ts';
import { calibratedMasks } from './masks.ts';
import { type LabPlanes, labPlanes } from './oklab.ts';
import type { Prepared } from './prepare.ts';
import { collapse } from './pyramid.ts';
import type { ColourMap } from './transport.ts';

/** A picture as it takes part in a mix. */
export interface Part {
  readonly picture: Prepared;
  /** Its share of the whole; shares sum to 1. */
  readonly share: number;
  readonly appeal: Appeal;
  readonly colours: ColourMap;
}

/** Fuses the bases of pictures band by band, in Oklab: what a mask lets through of each band, with contrast kept. */
export function fuse(parts: readonly Part[], checkpoint: () => void): LabPlanes {
  const first = parts[0];
  if (!first) throw new RangeError('Nothing to fuse');
  const sizes = first.picture.sizes;
  const shares = parts.map(({ share }) => share);
  const fused = sizes.map((size, level) => {
    const masks = calibratedMasks(
      parts.map(({ appeal }) => appeal.levels[level]!),
      size,
      shares,
    );
    const out = labPlanes(size.width * size.height);
    const remainder = level === sizes.length - 1;
    for (let i = 0; i < parts.length; i++) addBand(out, parts[i]!, level, masks[i]!, remainder);
    if (!remainder) {
      const gain = contrastGain(masks, likeness(parts.map(({ picture }) => picture.bands[level]!)));
      for (const plane of [out.l, out.a, out.b]) multiply(plane, gain);
    }
    checkpoint();
    return out;
  });
  for (const channel of ['l', 'a', 'b'] as const)
    collapse(
      fused.map((planes) => planes[channel]),
      sizes,
    );
  return fused[0] ?? labPlanes(0);
}

/** Adds mask × colour-mapped band. The remainder is moved to the target colour too; bands have no mean to move. */
function addBand(out: LabPlanes, part: Part, level: number, mask: Float32Array, remainder: boolean): void {
  const band = part.picture.bands[level]!;
  const rows = [out.l, out.a, out.b];
  rows.forEach((plane, c) => {
    const { matrix, mean, target } = part.colours;
    const fromL = matrix[3 * c]!;
    const fromA = matrix[3 * c + 1]!;
    const fromB = matrix[3 * c + 2]!;
    const offset = remainder ? target[c]! - (fromL * mean[0]! + fromA * mean[1]! + fromB * mean[2]!) : 0;
    addMapped(plane, mask, band, fromL, fromA, fromB, offset);
  });
}

function addMapped(
  out: Float32Array,
  mask: Float32Array,
  { l, a, b }: LabPlanes,
  fromL: number,
  fromA: number,
  fromB: number,
  offset: number,
): void {
  for (let p = 0; p < mask.length; p++) {
    out[p] = out[p]! + mask[p]! * (fromL * l[p]! + fromA * a[p]! + fromB * b[p]! + offset);
  }
}

function multiply(plane: Float32Array, gain: Float32Array): void {
  for (let p = 0; p < plane.length; p++) plane[p] = plane[p]! * gain[p]!;
}
