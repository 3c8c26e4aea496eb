import type { Primaries, Transfer } from './colorStandard.ts';

// ICC profiles (version 2.4) made from primaries and a curve, for files that describe their colors otherwise.

/** Three rows. */
export type Matrix = readonly [number, number, number, number, number, number, number, number, number];

/** The product of two matrices. */
export function multiplyMatrices(one: Matrix, other: Matrix): Matrix {
  const cell = (row: number, column: number) =>
    [0, 1, 2].reduce((sum, k) => sum + (one[row * 3 + k] ?? 0) * (other[k * 3 + column] ?? 0), 0);
  return [cell(0, 0), cell(0, 1), cell(0, 2), cell(1, 0), cell(1, 1), cell(1, 2), cell(2, 0), cell(2, 1), cell(2, 2)];
}

export function invertMatrix([a, b, c, d, e, f, g, h, i]: Matrix): Matrix {
  const scale = 1 / (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g));
  return [
    (e * i - f * h) * scale,
    (c * h - b * i) * scale,
    (b * f - c * e) * scale,
    (f * g - d * i) * scale,
    (a * i - c * g) * scale,
    (c * d - a * f) * scale,
    (d * h - e * g) * scale,
    (b * g - a * h) * scale,
    (a * e - b * d) * scale,
  ];
}

const apply = (m: Matrix, [x, y, z]: readonly [number, number, number]): [number, number, number] => [
  m[0] * x + m[1] * y + m[2] * z,
  m[3] * x + m[4] * y + m[5] * z,
  m[6] * x + m[7] * y + m[8] * z,
];

const bradford: Matrix = [0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296];
const d50 = [0.9642, 1, 0.8249] as const;
const xyzOf = (x: number, y: number): [number, number, number] => [x / y, 1, (1 - x - y) / y];

/** The matrix from linear RGB to XYZ under D50. */
export function toXyz(primaries: Primaries): Matrix {
  const [wx = 0, wy = 1, rx = 0, ry = 0, gx = 0, gy = 0, bx = 0, by = 0] = primaries;
  const plain: Matrix = [rx, gx, bx, ry, gy, by, 1 - rx - ry, 1 - gx - gy, 1 - bx - by];
  const white = xyzOf(wx, wy);
  const [sr, sg, sb] = apply(invertMatrix(plain), white);
  const scaled = multiplyMatrices(plain, [sr, 0, 0, 0, sg, 0, 0, 0, sb]);
  const [fromL, fromM, fromS] = apply(bradford, white);
  const [toL, toM, toS] = apply(bradford, d50);
  const adapt = multiplyMatrices(
    invertMatrix(bradford),
    multiplyMatrices([toL / fromL, 0, 0, 0, toM / fromM, 0, 0, 0, toS / fromS], bradford),
  );
  return multiplyMatrices(adapt, scaled);
}

/** A profile of RGB. */
export function rgbProfile(primaries: Primaries, transfer: Transfer): Buffer {
  const m = toXyz(primaries);
  const curve = curveTag(transfer);
  return profile('RGB ', [
    ['wtpt', xyzTag(d50)],
    ['rXYZ', xyzTag([m[0], m[3], m[6]])],
    ['gXYZ', xyzTag([m[1], m[4], m[7]])],
    ['bXYZ', xyzTag([m[2], m[5], m[8]])],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ]);
}

/** A profile of gray. */
export const grayProfile = (transfer: Transfer): Buffer =>
  profile('GRAY', [
    ['wtpt', xyzTag(d50)],
    ['kTRC', curveTag(transfer)],
  ]);

const fixed = (value: number) => Math.round(value * 65_536);

function xyzTag(values: readonly number[]): Buffer {
  const tag = Buffer.alloc(20);
  tag.write('XYZ ', 'latin1');
  for (const [at, value] of values.entries()) tag.writeInt32BE(fixed(value), 8 + at * 4);
  return tag;
}

function curveTag(transfer: Transfer): Buffer {
  const count = 1024;
  const tag = Buffer.alloc(12 + count * 2);
  tag.write('curv', 'latin1');
  tag.writeUInt32BE(count, 8);
  for (let at = 0; at < count; at++)
    tag.writeUInt16BE(Math.round(Math.min(1, transfer(at / (count - 1))) * 65_535), 12 + at * 2);
  return tag;
}

function profile(space: 'RGB ' | 'GRAY', tags: readonly (readonly [string, Buffer])[]): Buffer {
  const all: (readonly [string, Buffer])[] = [['desc', textTag('colors')], ['cprt', copyrightTag()], ...tags];
  const table = Buffer.alloc(4 + all.length * 12);
  table.writeUInt32BE(all.length);
  const bodies: Buffer[] = [];
  let offset = 128 + table.length;
  for (const [at, [name, body]] of all.entries()) {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    table.write(name, 4 + at * 12, 'latin1');
    table.writeUInt32BE(offset, 8 + at * 12);
    table.writeUInt32BE(body.length, 12 + at * 12);
    bodies.push(padded);
    offset += padded.length;
  }
  const head = Buffer.alloc(128);
  head.writeUInt32BE(offset, 0);
  head.writeUInt32BE(0x02400000, 8);
  head.write(`mntr${space}XYZ `, 12, 'latin1');
  head.write('acsp', 36, 'latin1');
  for (const [at, value] of d50.entries()) head.writeInt32BE(fixed(value), 68 + at * 4);
  return Buffer.concat([head, table, ...bodies]);
}

function textTag(text: string): Buffer {
  const tag = Buffer.alloc(12 + text.length + 1 + 4 + 4 + 2 + 1 + 67);
  tag.write('desc', 'latin1');
  tag.writeUInt32BE(text.length + 1, 8);
  tag.write(text, 12, 'latin1');
  return tag;
}

function copyrightTag(): Buffer {
  const tag = Buffer.alloc(12);
  tag.write('text', 'latin1');
  tag.write('CC0', 8, 'latin1');
  return tag;
}
