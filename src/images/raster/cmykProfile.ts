import { labToSrgb } from './colorMath.ts';

/** Writes the color of four inks, each 0 to 255, as red, green and blue at `at`. */
export type InkTable = (c: number, m: number, y: number, k: number, rgba: Uint8Array, at: number) => void;

interface Lut {
  /** From a byte of ink to the position in the grid, from 0 to 1. */
  readonly inputs: readonly Float64Array[];
  readonly grid: readonly number[];
  /** Three values from 0 to 1 for each point of the grid. */
  readonly values: Float64Array;
  readonly output: (value: number, channel: number) => number;
  readonly lab: (l: number, a: number, b: number) => [number, number, number];
}

/** Whether it's a profile of four inks, in whatever form. */
export const isCmykProfile = (profile: Uint8Array): boolean => profile.length >= 132 && text(profile, 16) === 'CMYK';

/** The perceptual table of a CMYK profile. Undefined if it's another kind of profile, or not one that is understood. */
export function cmykTable(profile: Uint8Array): InkTable | undefined {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  if (!isCmykProfile(profile) || text(profile, 20) !== 'Lab ') return undefined;
  const count = Math.min(view.getUint32(128), 200);
  for (const wanted of ['A2B0', 'A2B1', 'A2B2']) {
    for (let tag = 0; tag < count; tag++) {
      const at = 132 + tag * 12;
      if (at + 12 > profile.length || text(profile, at) !== wanted) continue;
      const start = view.getUint32(at + 4);
      const lut = readLut(profile.subarray(start, start + view.getUint32(at + 8)));
      if (lut) return (c, m, y, k, rgba, to) => interpolate(lut, [c, m, y, k], rgba, to);
    }
  }
  return undefined;
}

const text = (bytes: Uint8Array, at: number) => new TextDecoder('latin1').decode(bytes.subarray(at, at + 4));

function readLut(tag: Uint8Array): Lut | undefined {
  if (tag.length < 48 || tag[8] !== 4 || tag[9] !== 3) return undefined;
  const kind = text(tag, 0);
  if (kind === 'mft1' || kind === 'mft2') return readTable(tag, kind === 'mft1' ? 1 : 2);
  return undefined;
}

/** A table of one or two bytes a value (ICC.1, lut8Type and lut16Type). */
function readTable(tag: Uint8Array, size: 1 | 2): Lut | undefined {
  const view = new DataView(tag.buffer, tag.byteOffset, tag.byteLength);
  const points = tag[10] ?? 0;
  const inputCount = size === 1 ? 256 : view.getUint16(48);
  const outputCount = size === 1 ? 256 : view.getUint16(50);
  const head = size === 1 ? 48 : 52;
  const total = 4 * inputCount + 3 * points ** 4 + 3 * outputCount;
  if (points < 2 || inputCount < 2 || outputCount < 2 || head + total * size > tag.length) return undefined;
  const max = size === 1 ? 255 : 65_535;
  const read = (index: number) => (size === 1 ? view.getUint8(head + index) : view.getUint16(head + index * 2)) / max;
  const inputs = Array.from({ length: 4 }, (_, channel) =>
    Float64Array.from({ length: 256 }, (_, ink) =>
      between((index) => read(channel * inputCount + index), inputCount, ink / 255),
    ),
  );
  const values = Float64Array.from({ length: 3 * points ** 4 }, (_, index) => read(4 * inputCount + index));
  const outputs = 4 * inputCount + values.length;
  const scale = size === 1 ? 1 : 65_535 / 65_280; // 16-bit Lab of these tables has its white at 0xff00
  return {
    inputs,
    grid: [points, points, points, points],
    values,
    output: (value, channel) => between((index) => read(outputs + channel * outputCount + index), outputCount, value),
    lab: (l, a, b) =>
      size === 1
        ? [l * 100, a * 255 - 128, b * 255 - 128]
        : [l * 100 * scale, (a * 65_535) / 256 - 128, (b * 65_535) / 256 - 128],
  };
}

function between(read: (index: number) => number, count: number, position: number): number {
  const at = position * (count - 1);
  const low = Math.min(Math.floor(at), count - 2);
  return read(low) + (read(low + 1) - read(low)) * (at - low);
}

const color = new Float64Array(3);

function interpolate(lut: Lut, inks: readonly number[], rgba: Uint8Array, to: number): void {
  const lows: number[] = [];
  const parts: number[] = [];
  for (let channel = 0; channel < 4; channel++) {
    const points = lut.grid[channel] ?? 2;
    const at = (lut.inputs[channel]?.[inks[channel] ?? 0] ?? 0) * (points - 1);
    const low = Math.min(Math.floor(at), points - 2);
    lows.push(low);
    parts.push(at - low);
  }
  let l = 0;
  let a = 0;
  let b = 0;
  for (let corner = 0; corner < 16; corner++) {
    let weight = 1;
    let index = 0;
    for (let channel = 0; channel < 4; channel++) {
      const isHigh = (corner >> channel) & 1;
      const part = parts[channel] ?? 0;
      weight *= isHigh ? part : 1 - part;
      index = index * (lut.grid[channel] ?? 2) + (lows[channel] ?? 0) + isHigh;
    }
    if (weight === 0) continue;
    l += weight * (lut.values[index * 3] ?? 0);
    a += weight * (lut.values[index * 3 + 1] ?? 0);
    b += weight * (lut.values[index * 3 + 2] ?? 0);
  }
  const [lightness, redness, yellowness] = lut.lab(lut.output(l, 0), lut.output(a, 1), lut.output(b, 2));
  labToSrgb(lightness, redness, yellowness, color);
  for (let at = 0; at < 3; at++) rgba[to + at] = Math.round(color[at] ?? 0);
}
