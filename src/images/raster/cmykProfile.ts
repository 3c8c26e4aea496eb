import { fourLetters } from '../latin1.ts';
import { labToSrgb } from './colorMath.ts';
import type { Transfer } from './colorStandard.ts';
import { colorSpace, connectionSpace, iccCurve, iccTag, interpolate } from './iccReader.ts';

/** Writes the color of four inks, each 0 to 255, as red, green and blue at `at`. */
export type InkTable = (c: number, m: number, y: number, k: number, rgba: Uint8Array, at: number) => void;

type Triple = readonly [number, number, number];

interface Lut {
  /** From a byte of ink to the position in the grid, from 0 to 1. */
  readonly inputs: readonly Float64Array[];
  /** The number of points for each ink. */
  readonly grid: readonly number[];
  /** Three values from 0 to 1 for each point of the grid. */
  readonly values: Float64Array;
  /** CIELab from an interpolated value. */
  readonly toLab: (...value: Triple) => Triple;
}

/** Whether it's a profile of four inks, in whatever form. */
export const isCmykProfile = (profile: Uint8Array): boolean => colorSpace(profile) === 'CMYK';

/** The perceptual table of a CMYK profile. Undefined if it's another kind of profile, or not one that is understood. */
export function cmykTable(profile: Uint8Array): InkTable | undefined {
  if (!isCmykProfile(profile) || connectionSpace(profile) !== 'Lab ') return undefined;
  for (const wanted of ['A2B0', 'A2B1', 'A2B2']) {
    const tag = iccTag(profile, wanted);
    const lut = tag && readLut(tag);
    if (lut) return (c, m, y, k, rgba, to) => lookUp(lut, [c, m, y, k], rgba, to);
  }
  return undefined;
}

function readLut(tag: Uint8Array): Lut | undefined {
  if (tag.length < 48 || tag[8] !== 4 || tag[9] !== 3) return undefined;
  switch (fourLetters(tag, 0)) {
    case 'mft1':
      return readTable(tag, 1);
    case 'mft2':
      return readTable(tag, 2);
    case 'mAB ':
      return readStages(tag);
    default:
      return undefined;
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Reads numbers of one or two bytes, each from 0 to 1. */
function numberReader(bytes: Uint8Array, size: 1 | 2): (index: number) => number {
  const view = viewOf(bytes);
  return size === 1 ? (index) => view.getUint8(index) / 255 : (index) => view.getUint16(index * 2) / 65_535;
}

/** Damaged profiles can have any number. */
const clip = (value: number) => Math.min(1, Math.max(0, value || 0));

const ofEachByte = (curve: Transfer) => Float64Array.from({ length: 256 }, (_, ink) => clip(curve(ink / 255)));

/** A table of one or two bytes a value (ICC.1, lut8Type and lut16Type). */
function readTable(tag: Uint8Array, size: 1 | 2): Lut | undefined {
  const view = viewOf(tag);
  const points = tag[10] ?? 0;
  const inputCount = size === 1 ? 256 : view.getUint16(48);
  const outputCount = size === 1 ? 256 : view.getUint16(50);
  const head = size === 1 ? 48 : 52;
  const total = 4 * inputCount + 3 * points ** 4 + 3 * outputCount;
  if (points < 2 || inputCount < 2 || outputCount < 2 || head + total * size > tag.length) return undefined;
  const read = numberReader(tag.subarray(head), size);
  const inputs = Array.from({ length: 4 }, (_, channel) =>
    ofEachByte((ink) => interpolate((index) => read(channel * inputCount + index), inputCount, ink)),
  );
  const values = Float64Array.from({ length: 3 * points ** 4 }, (_, index) => read(4 * inputCount + index));
  const outputs = 4 * inputCount + values.length;
  const output = (value: number, channel: number) =>
    interpolate((index) => read(outputs + channel * outputCount + index), outputCount, value);
  const lab = size === 1 ? labOf : oldLabOf;
  return {
    inputs,
    grid: [points, points, points, points],
    values,
    toLab: (one, two, three) => lab(output(one, 0), output(two, 1), output(three, 2)),
  };
}

const labOf = (l: number, a: number, b: number): Triple => [l * 100, a * 255 - 128, b * 255 - 128];

/** In tables of two bytes as before version 4, white is 0xff00. */
function oldLabOf(l: number, a: number, b: number): Triple {
  return [(l * 100 * 65_535) / 65_280, (a * 65_535) / 256 - 128, (b * 65_535) / 256 - 128];
}

/** Curves, a table, and perhaps more curves with a matrix, as in profiles of version 4 (ICC.1, lutAToBType). */
function readStages(tag: Uint8Array): Lut | undefined {
  const view = viewOf(tag);
  const [last, matrix, middle, table, first] = [12, 16, 20, 24, 28].map((at) => view.getUint32(at));
  const inputs = curvesAt(tag, first, 4);
  const output = curveStage(tag, last);
  const between = middle === 0 ? undefined : [curveStage(tag, middle), matrixStage(tag, matrix)];
  if (!inputs || !output || !table || table + 20 > tag.length) return undefined;
  const grid = [...tag.subarray(table, table + 4)];
  const size = tag[table + 16];
  const count = 3 * grid.reduce((product, points) => product * points, 1);
  if ((size !== 1 && size !== 2) || table + 20 + count * size > tag.length) return undefined;
  if (grid.some((points) => points < 2)) return undefined;
  const stages: Stage[] = [];
  for (const stage of [...(between ?? []), output]) {
    if (!stage) return undefined;
    stages.push(stage);
  }
  const read = numberReader(tag.subarray(table + 20), size);
  return {
    inputs: inputs.map(ofEachByte),
    grid,
    values: Float64Array.from({ length: count }, (_, index) => read(index)),
    toLab: (...color) => labOf(...stages.reduce<Triple>((value, stage) => stage(value), color)),
  };
}

type Stage = (color: Triple) => Triple;

/** The curves that start at a place, one after the other, each filled up to a multiple of four bytes. */
function curvesAt(tag: Uint8Array, start: number | undefined, count: number): Transfer[] | undefined {
  const curves: Transfer[] = [];
  for (let at = start ?? 0; curves.length < count; ) {
    const curve = at > 0 ? iccCurve(tag.subarray(at)) : undefined;
    if (!curve) return undefined;
    curves.push(curve.apply);
    at += Math.ceil(curve.length / 4) * 4;
  }
  return curves;
}

function curveStage(tag: Uint8Array, start: number | undefined): Stage | undefined {
  const [one, two, three] = curvesAt(tag, start, 3) ?? [];
  if (!one || !two || !three) return undefined;
  return ([x, y, z]) => [one(clip(x)), two(clip(y)), three(clip(z))];
}

/** Nine factors in rows, then what is added. */
function matrixStage(tag: Uint8Array, start: number | undefined): Stage | undefined {
  if (!start || start + 48 > tag.length) return undefined;
  const view = viewOf(tag);
  const at = (index: number) => view.getInt32(start + index * 4) / 65_536;
  const rows = [0, 1, 2].map((row) => [at(row * 3), at(row * 3 + 1), at(row * 3 + 2), at(9 + row)]);
  const [one = [], two = [], three = []] = rows;
  const apply = ([a = 0, b = 0, c = 0, d = 0]: readonly number[], [x, y, z]: Triple) => a * x + b * y + c * z + d;
  return (color) => [apply(one, color), apply(two, color), apply(three, color)];
}

const color = new Float64Array(3);

function lookUp(lut: Lut, inks: readonly number[], rgba: Uint8Array, to: number): void {
  const lows: number[] = [];
  const parts: number[] = [];
  for (let channel = 0; channel < 4; channel++) {
    const points = lut.grid[channel] ?? 2;
    const at = (lut.inputs[channel]?.[inks[channel] ?? 0] ?? 0) * (points - 1);
    const low = Math.min(Math.floor(at), points - 2);
    lows.push(low);
    parts.push(at - low);
  }
  let one = 0;
  let two = 0;
  let three = 0;
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
    one += weight * (lut.values[index * 3] ?? 0);
    two += weight * (lut.values[index * 3 + 1] ?? 0);
    three += weight * (lut.values[index * 3 + 2] ?? 0);
  }
  const [lightness, redness, yellowness] = lut.toLab(one, two, three);
  labToSrgb(lightness, redness, yellowness, color);
  for (let at = 0; at < 3; at++) rgba[to + at] = Math.round(color[at] ?? 0);
}
