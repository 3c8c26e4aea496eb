import { fourLetters } from '../latin1.ts';
import type { Transfer } from './colorStandard.ts';

// ICC profiles as far as colors are converted here (ICC.1:2022).

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The space of the colors that a profile describes, such as `GRAY` or `CMYK`. Undefined if it isn't a profile. */
export const colorSpace = (profile: Uint8Array): string | undefined =>
  profile.length >= 132 ? fourLetters(profile, 16) : undefined;

/** The space that a profile leads to: `Lab ` or `XYZ `. */
export const connectionSpace = (profile: Uint8Array): string => fourLetters(profile, 20);

/** The data of a profile's tag. */
export function iccTag(profile: Uint8Array, name: string): Uint8Array | undefined {
  const view = viewOf(profile);
  const end = Math.min(profile.length, 132 + view.getUint32(128) * 12);
  for (let at = 132; at + 12 <= end; at += 12) {
    if (fourLetters(profile, at) !== name) continue;
    const start = view.getUint32(at + 4);
    return profile.subarray(start, start + view.getUint32(at + 8));
  }
  return undefined;
}

/** A curve and the bytes that it takes. */
export interface IccCurve {
  readonly apply: Transfer;
  readonly length: number;
}

/** The curve at the start of the bytes. Undefined if it isn't understood. */
export function iccCurve(bytes: Uint8Array): IccCurve | undefined {
  if (bytes.length < 12) return undefined;
  const view = viewOf(bytes);
  const kind = fourLetters(bytes, 0);
  if (kind === 'para') return parametricCurve(view);
  const count = view.getUint32(8);
  const length = 12 + count * 2;
  if (kind !== 'curv' || length > bytes.length) return undefined;
  if (count === 0) return { apply: (level) => level, length };
  const read = (index: number) => view.getUint16(12 + index * 2);
  if (count === 1) return { apply: (level) => level ** (read(0) / 256), length };
  return { apply: (level) => interpolate(read, count, level) / 65_535, length };
}

/** ICC.1, parametricCurveType. */
function parametricCurve(view: DataView): IccCurve | undefined {
  const kind = view.getUint16(8);
  const count = [1, 3, 4, 5, 7][kind];
  if (count === undefined || 12 + count * 4 > view.byteLength) return undefined;
  const length = 12 + count * 4;
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: count },
    (_, index) => view.getInt32(12 + index * 4) / 65_536,
  );
  switch (kind) {
    case 0:
      return { apply: (x) => x ** g, length };
    case 1:
      return { apply: (x) => (x >= -b / a ? (a * x + b) ** g : 0), length };
    case 2:
      return { apply: (x) => (x >= -b / a ? (a * x + b) ** g + c : c), length };
    case 3:
      return { apply: (x) => (x >= d ? (a * x + b) ** g : c * x), length };
    default:
      return { apply: (x) => (x >= d ? (a * x + b) ** g + e : c * x + f), length };
  }
}

/** The value at `position`, from 0 to 1, between `count` values, of which there are at least two. */
export function interpolate(read: (index: number) => number, count: number, position: number): number {
  const at = position * (count - 1);
  const low = Math.min(Math.floor(at), count - 2);
  return read(low) + (read(low + 1) - read(low)) * (at - low);
}
