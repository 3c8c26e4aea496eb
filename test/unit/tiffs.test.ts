import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MixFailure } from '../../src/mix/failure.ts';
import { builtCodec } from './support/builtCodec.ts';
import {
  stagedInkProfile,
  type TiffParts,
  type TiffShape,
  type TiffTag,
  tiffFile,
  tiffTags,
} from './support/rasterFiles.ts';

// TIFF has many more forms than decoders read. Each is drawn right or refused by name.

let built: Awaited<ReturnType<typeof builtCodec>>;
beforeAll(async () => {
  built = await builtCodec();
});
afterAll(() => built.dispose());

const side = 16;
type Color = readonly [number, number, number];
type Wanted = (x: number, y: number) => Color;
const gray: Wanted = (x) => [x * 17, x * 17, x * 17];
const color: Wanted = (x, y) => [x * 17, y * 17, 255 - x * 17];

/** The samples of an image, each packed by `pack`. */
function samples(count: number, pack: (x: number, y: number, sample: number) => Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) for (let sample = 0; sample < count; sample++) parts.push(pack(x, y, sample));
  }
  return Buffer.concat(parts);
}
const bytes8 = (value: number) => Buffer.of(value);
const packed = (size: number, write: (bytes: Buffer) => void) => {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
};
const short = (value: number) => packed(2, (bytes) => bytes.writeUInt16LE(value));
const long = (value: number) => packed(4, (bytes) => bytes.writeUInt32LE(value));
const float = (value: number) => packed(4, (bytes) => bytes.writeFloatLE(value));
const double = (value: number) => packed(8, (bytes) => bytes.writeDoubleLE(value));

type Shape = Partial<TiffShape>;
const tiff = (shape: Shape, blocks: Uint8Array[], more: Partial<TiffParts> = {}) =>
  tiffFile({ tags: tiffTags({ width: side, height: side, bits: [8], photometric: 1, ...shape }), blocks, ...more });
const tag = (number: number, ...values: number[]): TiffTag => ({ tag: number, type: 3, values });
const rgb = (more: Shape = {}): Shape => ({ bits: [8, 8, 8], photometric: 2, ...more });
const extra = (...kinds: number[]) => ({ more: [tag(338, ...kinds)] });

const gray8 = samples(1, (x) => bytes8(x * 17));
const rgb8 = samples(3, (x, y, at) => bytes8(color(x, y)[at] ?? 0));
const rgbAnd = (...others: number[]) =>
  samples(3 + others.length, (x, y, at) => bytes8(color(x, y)[at] ?? others[at - 3] ?? 0));
const quarter = rgb8.length / 4;
const strips = [0, 1, 2, 3].map((at) => rgb8.subarray(at * quarter, (at + 1) * quarter));

/** Rows of values of fewer than 8 bits. */
function rowsOf(bits: number, value: (x: number) => number): Buffer {
  let text = '';
  for (let x = 0; x < side; x++) text += value(x).toString(2).padStart(bits, '0');
  const row = Buffer.from((text.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return Buffer.concat(Array.from({ length: side }, () => row));
}
const level = (bits: number, x: number) => Math.round((x * (2 ** bits - 1)) / 15);
const steps =
  (bits: number): Wanted =>
  (x) => {
    const value = (level(bits, x) * 255) / (2 ** bits - 1);
    return [value, value, value];
  };
const colorMap = (bits: number): TiffTag => ({
  tag: 320,
  type: 3,
  values: [0, 1, 2].flatMap((at) =>
    Array.from({ length: 2 ** bits }, (_, index) => {
      const value = Math.round((index * 65_535) / (2 ** bits - 1));
      return [value, 65_535 - value, 0][at] ?? 0;
    }),
  ),
});
const mapped =
  (bits: number): Wanted =>
  (x, y) => {
    const [value] = steps(bits)(x, y);
    return [value, 255 - value, 0];
  };
const inksOf = samples(4, (x, y, at) => bytes8(at < 3 ? 255 - (color(x, y)[at] ?? 0) : 0));
const subsampled = Buffer.from(
  Array.from({ length: 64 }, (_, at) => [(at % 8) * 2, Math.floor(at / 8) * 2]).flatMap(([x = 0]) => [
    x * 17,
    (x + 1) * 17,
    x * 17,
    (x + 1) * 17,
    128,
    128,
  ]),
);

test.each<[string, () => Buffer, Wanted]>([
  ['gray', () => tiff({}, [gray8]), gray],
  ['gray with white as 0', () => tiff({ photometric: 0 }, [gray8.map((value) => 255 - value)]), gray],
  ['gray of 16 bits', () => tiff({ bits: [16] }, [samples(1, (x) => short(x * 17 * 257))]), gray],
  ['gray of 32 bits', () => tiff({ bits: [32] }, [samples(1, (x) => long(x * 17 * 0x1010101))]), gray],
  ['gray of 12 bits', () => tiff({ bits: [12] }, [rowsOf(12, (x) => level(12, x))]), gray],
  ['gray of floats', () => tiff({ bits: [32], sampleFormat: 3 }, [samples(1, (x) => float(x / 15))]), gray],
  ['gray of doubles', () => tiff({ bits: [64], sampleFormat: 3 }, [samples(1, (x) => double(x / 15))]), gray],
  [
    'gray of half floats',
    () => tiff({ bits: [16], sampleFormat: 3 }, [samples(1, (x) => short(x === 0 ? 0 : 0x3800))]),
    (x) => (x === 0 ? [0, 0, 0] : [128, 128, 128]),
  ],
  [
    'RGB of floats',
    () =>
      tiff(rgb({ bits: [32, 32, 32], sampleFormat: 3 }), [
        samples(3, (x, y, at) => float((color(x, y)[at] ?? 0) / 255)),
      ]),
    color,
  ],
  [
    'floats with holes',
    () => tiff({ bits: [32], sampleFormat: 3 }, [samples(1, (x) => float(x === 0 ? Number.NaN : x / 15))]),
    gray,
  ],
  [
    'RGB of 16 bits',
    () => tiff(rgb({ bits: [16, 16, 16] }), [samples(3, (x, y, at) => short((color(x, y)[at] ?? 0) * 257))]),
    color,
  ],
  [
    'RGB of 16 bits, big-endian',
    () =>
      tiff(rgb({ bits: [16, 16, 16] }), [samples(3, (x, y, at) => short((color(x, y)[at] ?? 0) * 257).swap16())], {
        bigEndian: true,
      }),
    color,
  ],
  [
    'RGB of 32 bits',
    () => tiff(rgb({ bits: [32, 32, 32] }), [samples(3, (x, y, at) => long((color(x, y)[at] ?? 0) * 0x1010101))]),
    color,
  ],
  ['RGB', () => tiff(rgb(), [rgb8]), color],
  [
    'RGB in planes',
    () =>
      tiff(
        rgb({ planar: true }),
        [0, 1, 2].map((at) => samples(1, (x, y) => bytes8(color(x, y)[at] ?? 0))),
      ),
    color,
  ],
  [
    'floats in planes',
    () =>
      tiff(
        rgb({ planar: true, bits: [32, 32, 32], sampleFormat: 3 }),
        [0, 1, 2].map((at) => samples(1, (x, y) => float((color(x, y)[at] ?? 0) / 255))),
      ),
    color,
  ],
  ['RGB in strips', () => tiff(rgb({ rowsPerStrip: 4 }), strips), color],
  ['RGB in a tile', () => tiff(rgb({ tile: 16 }), [rgb8], { tiled: true }), color],
  [
    'floats in a tile',
    () => tiff({ tile: 16, bits: [32], sampleFormat: 3 }, [samples(1, (x) => float(x / 15))], { tiled: true }),
    gray,
  ],
  ['BigTIFF', () => tiff(rgb(), [rgb8], { bigTiff: true }), color],
  ['big-endian BigTIFF', () => tiff(rgb(), [rgb8], { bigTiff: true, bigEndian: true }), color],
  ['RGB with alpha', () => tiff(rgb({ bits: [8, 8, 8, 8], ...extra(2) }), [rgbAnd(255)]), color],
  ['RGB with something else', () => tiff(rgb({ bits: [8, 8, 8, 8], ...extra(0) }), [rgbAnd(9)]), color],
  [
    'RGB with something else before alpha',
    () => tiff(rgb({ bits: [8, 8, 8, 8, 8], ...extra(0, 2) }), [rgbAnd(9, 255)]),
    color,
  ],
  [
    'gray with something else',
    () => tiff({ bits: [8, 8], ...extra(0) }, [samples(2, (x, _, at) => bytes8(at ? 9 : x * 17))]),
    gray,
  ],
  ...[1, 2, 4].flatMap((bits): [string, () => Buffer, Wanted][] => [
    [`gray of ${bits} bits`, () => tiff({ bits: [bits] }, [rowsOf(bits, (x) => level(bits, x))]), steps(bits)],
    [
      `palette of ${bits} bits`,
      () => tiff({ bits: [bits], photometric: 3, more: [colorMap(bits)] }, [rowsOf(bits, (x) => level(bits, x))]),
      mapped(bits),
    ],
  ]),
  ['palette of 8 bits', () => tiff({ photometric: 3, more: [colorMap(8)] }, [gray8]), mapped(8)],
  [
    'bits in reverse order',
    () => tiff({ bits: [1], more: [tag(266, 2)] }, [Buffer.alloc(32, 0x0f)]),
    (x) => (x % 8 < 4 ? [255, 255, 255] : [0, 0, 0]),
  ],
  [
    'CIELab',
    () => tiff({ bits: [8, 8, 8], photometric: 8 }, [samples(3, (x, _, at) => bytes8(at ? 0 : x * 17))]),
    (x) => lightness(x / 15),
  ],
  [
    'ICCLab',
    () => tiff({ bits: [8, 8, 8], photometric: 9 }, [samples(3, (x, _, at) => bytes8(at ? 128 : x * 17))]),
    (x) => lightness(x / 15),
  ],
  [
    'CIELab of 16 bits',
    () => tiff({ bits: [16, 16, 16], photometric: 8 }, [samples(3, (x, _, at) => short(at ? 0 : x * 17 * 257))]),
    (x) => lightness(x / 15),
  ],
  ['inks', () => tiff({ bits: [8, 8, 8, 8], photometric: 5 }, [inksOf]), color],
  [
    'inks of 16 bits',
    () => tiff({ bits: [16, 16, 16, 16], photometric: 5 }, [Buffer.concat([...inksOf].map((ink) => short(ink * 257)))]),
    color,
  ],
  [
    'inks of floats',
    () =>
      tiff({ bits: [32, 32, 32, 32], photometric: 5, sampleFormat: 3 }, [
        Buffer.concat([...inksOf].map((ink) => float(ink / 255))),
      ]),
    color,
  ],
  [
    'palette of 16 bits',
    () => tiff({ bits: [16], photometric: 3, more: [colorMap(16)] }, [samples(1, (x) => short(x * 17 * 257))]),
    mapped(8),
  ],
  ['an orientation that does not exist', () => tiff(rgb({ more: [tag(274, 9)] }), [rgb8]), color],
  [
    'luma and chroma',
    () =>
      tiff({ bits: [8, 8, 8], photometric: 6, more: [tag(530, 1, 1)] }, [
        samples(3, (x, _, at) => bytes8(at ? 128 : x * 17)),
      ]),
    gray,
  ],
  [
    'luma and shared chroma',
    () => tiff({ bits: [8, 8, 8], photometric: 6, more: [tag(530, 2, 2)] }, [subsampled]),
    gray,
  ],
])('%s', async (_, make, wanted) => {
  const { width, height, data } = await built.codec.decode(make(), { width: side, height: side });
  expect([width, height]).toEqual([side, side]);
  expect(meanError(data, wanted)).toBeLessThanOrEqual(1);
});

/** The gray of a lightness from 0 to 1, by the formulas of CIELab and sRGB. */
function lightness(part: number): Color {
  const f = (part * 100 + 16) / 116;
  const y = f > 6 / 29 ? f ** 3 : 3 * (6 / 29) ** 2 * (f - 4 / 29);
  const value = 255 * (y <= 0.0031308 ? 12.92 * y : 1.055 * y ** (1 / 2.4) - 0.055);
  return [value, value, value];
}

function meanError(data: Uint8ClampedArray, wanted: Wanted): number {
  let sum = 0;
  for (let at = 0; at < side * side; at++) {
    const right = wanted(at % side, Math.floor(at / side));
    for (let channel = 0; channel < 3; channel++)
      sum += Math.abs((data[at * 4 + channel] ?? 0) - (right[channel] ?? 0));
    sum += Math.abs((data[at * 4 + 3] ?? 0) - 255);
  }
  return sum / (side * side * 3);
}

test.each(['none', 'lzw', 'deflate', 'packbits', 'jpeg'] as const)('compression %s', async (compression) => {
  const predictors =
    compression === 'lzw' || compression === 'deflate' ? (['none', 'horizontal'] as const) : (['none'] as const);
  for (const predictor of predictors) {
    for (const tile of [false, true]) {
      const options = { compression, predictor, tile, tileWidth: 16, tileHeight: 16, quality: 100 };
      const bytes = await sharp(rgb8, { raw: { width: side, height: side, channels: 3 } })
        .tiff(options)
        .toBuffer();
      const { data } = await built.codec.decode(bytes, { width: side, height: side });
      expect(meanError(data, color)).toBeLessThanOrEqual(compression === 'jpeg' ? 3 : 0);
    }
  }
});

test('a fax', async () => {
  const drawing = samples(1, (x, y) => bytes8((x + y) % 5 < 2 ? 0 : 255));
  const bytes = await sharp(drawing, { raw: { width: side, height: side, channels: 1 } })
    .toColourspace('b-w')
    .tiff({ compression: 'ccittfax4', bitdepth: 1 })
    .toBuffer();
  const { data } = await built.codec.decode(bytes, { width: side, height: side });
  expect(meanError(data, (x, y) => ((x + y) % 5 < 2 ? [0, 0, 0] : [255, 255, 255]))).toBe(0);
});

test('floats with their predictor', async () => {
  // The bytes of a row, the highest of each float first, then as differences (Adobe's technical note 3).
  const row = (count: number, value: (index: number) => number) => {
    const bytes = Buffer.alloc(count * 4);
    for (let index = 0; index < count; index++) {
      for (const [at, byte] of float(value(index)).reverse().entries()) bytes[at * count + index] = byte;
    }
    return bytes;
  };
  const differences = (bytes: Buffer, step: number) =>
    bytes.map((value, at) => value - (at < step ? 0 : (bytes[at - step] ?? 0)));
  const rows = (make: (y: number) => Uint8Array) =>
    deflateSync(Buffer.concat(Array.from({ length: side }, (_, y) => make(y))));
  const shape = { sampleFormat: 3, compression: 8, predictor: 3 };
  const grays = rows(() =>
    differences(
      row(side, (x) => x / 15),
      1,
    ),
  );
  const colors = rows((y) =>
    differences(
      row(side * 3, (at) => (color(Math.floor(at / 3), y)[at % 3] ?? 0) / 255),
      3,
    ),
  );
  for (const [bytes, wanted] of [
    [tiff({ ...shape, bits: [32] }, [grays]), gray],
    [tiff(rgb({ ...shape, bits: [32, 32, 32] }), [colors]), color],
  ] as const) {
    const { data } = await built.codec.decode(bytes, { width: side, height: side });
    expect(meanError(data, wanted)).toBeLessThanOrEqual(1);
  }
});

test('floats beyond 0 to 1 are spread, with a warning', async () => {
  const bytes = tiff({ bits: [32], sampleFormat: 3 }, [samples(1, (x) => float(x * 100 - 500))]);
  expect((await built.codec.probe(bytes)).warnings).toEqual([{ code: 'tiff-range', args: { min: -500, max: 1000 } }]);
  const { data } = await built.codec.decode(bytes, { width: side, height: side });
  expect(meanError(data, gray)).toBeLessThanOrEqual(1);
});

test('alpha, multiplied or not, becomes straight alpha', async () => {
  for (const kind of [1, 2]) {
    const at = (x: number, y: number, sample: number) =>
      sample === 3 ? 128 : Math.round(((color(x, y)[sample] ?? 0) * (kind === 1 ? 128 : 255)) / 255);
    const small = tiff(rgb({ bits: [8, 8, 8, 8], ...extra(kind) }), [
      samples(4, (x, y, sample) => bytes8(at(x, y, sample))),
    ]);
    const floats = tiff(rgb({ bits: [32, 32, 32, 32], sampleFormat: 3, ...extra(kind) }), [
      samples(4, (x, y, sample) => float(at(x, y, sample) / 255)),
    ]);
    for (const bytes of [small, floats]) {
      const { data } = await built.codec.decode(bytes, { width: side, height: side });
      expect(data[3]).toBe(128);
      expect(
        meanError(
          data.map((value, index) => (index % 4 === 3 ? 255 : value)),
          color,
        ),
      ).toBeLessThanOrEqual(1.5);
    }
  }
});

test('inks with a profile become the colors of its table: black alone is neutral', async () => {
  const jpeg = await sharp({ create: { width: 16, height: 16, channels: 3, background: '#888' } })
    .toColourspace('cmyk')
    .withIccProfile('cmyk')
    .jpeg()
    .toBuffer();
  const { icc } = await sharp(jpeg).metadata();
  const profile: TiffTag = { tag: 34_675, type: 1, values: [...(icc ?? [])] };
  const half = samples(4, (_x, _y, at) => bytes8(at === 3 ? 128 : 0));
  const bytes = tiff({ bits: [8, 8, 8, 8], photometric: 5, more: [profile] }, [half]);
  const { data } = await built.codec.decode(bytes, { width: side, height: side });
  const [r = 0, g = 0, b = 0] = data;
  expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThanOrEqual(2);
  expect(Math.abs(g - 136)).toBeLessThanOrEqual(2);
});

test.each([1, 2] as const)('a profile of inks as of version 4 is applied, bytes: %i', async (size) => {
  const profile: TiffTag = { tag: 34_675, type: 1, values: [...stagedInkProfile(size)] };
  const colorOf = async (...inks: number[]) => {
    const block = samples(4, (_x, _y, at) => bytes8(inks[at] ?? 0));
    const bytes = tiff({ bits: [8, 8, 8, 8], photometric: 5, more: [profile] }, [block]);
    const { data } = await built.codec.decode(bytes, { width: side, height: side });
    return [...data.subarray(0, 3)];
  };
  const near = async (inks: number[], wanted: number[]) => {
    const found = await colorOf(...inks);
    for (const [at, value] of wanted.entries()) expect(Math.abs((found[at] ?? 0) - value)).toBeLessThanOrEqual(2);
  };
  await near([0, 0, 0, 0], [255, 255, 255]);
  await near([0, 0, 0, 255], [0, 0, 0]);
  // Magenta alone: a lightness of 60 and 68 for a.
  await near([0, 255, 0, 0], [248, 80, 150]);
});

const page = (value: number, size: number, ...more: TiffTag[]) => ({
  tags: tiffTags({ width: size, height: size, bits: [8], photometric: 1, more }),
  blocks: [Buffer.alloc(size * size, value)],
});

test('the first page counts', async () => {
  const { width, data } = await built.codec.decode(tiffFile([page(50, 16), page(99, 8)]), {
    width: side,
    height: side,
  });
  expect([width, data[0]]).toEqual([16, 50]);
});

test.each([{}, { bigEndian: true }, { bigTiff: true }])(
  'thumbnails before the first page are skipped: %o',
  async (form) => {
    const thumbnail = tag(254, 1);
    const drawn = async (...pages: TiffParts[]) => {
      const { width, data } = await built.codec.decode(tiffFile(pages.map((one) => ({ ...one, ...form }))), {
        width: side,
        height: side,
      });
      return [width, data[0]];
    };
    const [small, full, other] = [page(10, 8, thumbnail), page(20, 16), page(30, 12)];
    expect(await drawn(small, full, other)).toEqual([16, 20]);
    expect(await drawn(small, small, other, full)).toEqual([12, 30]);
    expect(await drawn(full, small)).toEqual([16, 20]);
    expect(await drawn(small)).toEqual([8, 10]);
  },
);

test.each<[string, () => Buffer, object]>([
  [
    'signed integers',
    () => tiff({ sampleFormat: 2 }, [gray8]),
    { key: 'unsupported-image/tiff-samples', args: { bits: '8-bit signed' } },
  ],
  [
    'complex numbers',
    () => tiff({ bits: [64], sampleFormat: 6 }, [samples(1, double)]),
    { key: 'unsupported-image/tiff-samples' },
  ],
  [
    'samples of several sizes',
    () => tiff(rgb({ bits: [5, 6, 5] }), [rgb8]),
    { key: 'unsupported-image/tiff-samples', args: { bits: '5-6-5' } },
  ],
  [
    'WebP in TIFF',
    () => tiff({ compression: 50_001 }, [gray8]),
    { key: 'unsupported-image/tiff-compression', args: { compression: 50_001 } },
  ],
  [
    'JPEG in TIFF as before 1995',
    () => tiff({ compression: 6 }, [gray8]),
    { key: 'unsupported-image/tiff-compression', args: { compression: 6 } },
  ],
  ['JPEG 2000 in TIFF', () => tiff({ compression: 34_712 }, [gray8]), { key: 'unsupported-image/tiff-compression' }],
  [
    'a mask',
    () => tiff({ bits: [1], photometric: 4 }, [Buffer.alloc(32)]),
    { key: 'unsupported-image/tiff-color', args: { number: 4 } },
  ],
  [
    'samples of several kinds',
    () => tiff(rgb({ more: [tag(339, 1, 2, 1)] }), [rgb8]),
    { key: 'unsupported-image/tiff-samples' },
  ],
  [
    'inks that are not those of print',
    () => tiff({ bits: [8, 8, 8, 8], photometric: 5, more: [tag(332, 2)] }, [inksOf]),
    { key: 'unsupported-image/tiff-color', args: { number: 5 } },
  ],
  [
    'more inks than four',
    () => tiff({ bits: [8, 8, 8, 8, 8, 8], photometric: 5 }, [Buffer.alloc(side * side * 6)]),
    { key: 'unsupported-image/tiff-color', args: { number: 5 } },
  ],
  [
    'a height that is no number of rows',
    () => {
      const tags = tiffTags({ width: side, height: side, bits: [32], photometric: 1, sampleFormat: 3 });
      const fraction = { tag: 257, type: 5 as const, values: [0.5] };
      return tiffFile({ tags: tags.map((one) => (one.tag === 257 ? fraction : one)), blocks: [Buffer.alloc(1024)] });
    },
    { key: 'unreadable-image/damaged' },
  ],
  [
    'CIELab as JPEG',
    () => tiff({ bits: [8, 8, 8], photometric: 8, compression: 7 }, [rgb8]),
    { key: 'unsupported-image/tiff-color', args: { number: 8 } },
  ],
  [
    'a palette without all of its colors',
    () => tiff({ photometric: 3, more: [colorMap(4)] }, [gray8]),
    { key: 'unreadable-image/damaged' },
  ],
  ['LogLuv', () => tiff({ photometric: 32_845 }, [gray8]), { key: 'unsupported-image/tiff-color' }],
  ['camera raw', () => tiff({ photometric: 32_803 }, [gray8]), { key: 'unsupported-image', args: { format: 'RAW' } }],
  [
    'a missing strip',
    () => tiff(rgb({ rowsPerStrip: 4 }), strips.slice(0, 3)),
    { key: 'unreadable-image/cut', args: { percent: 75 } },
  ],
  [
    'an empty strip',
    () => tiff(rgb({ rowsPerStrip: 4 }), [...strips.slice(0, 3), Buffer.alloc(0)]),
    { key: 'unreadable-image/cut', args: { percent: 75 } },
  ],
  [
    'broken LZW',
    () => tiff({ bits: [32], sampleFormat: 3, compression: 5 }, [Buffer.alloc(200, 0xff)]),
    { key: 'unreadable-image/damaged' },
  ],
])('refuses %s', async (_, make, failure) => {
  await expect(built.codec.decode(make(), { width: side, height: side })).rejects.toMatchObject(failure);
});

test('however a TIFF is laid out, its pixels are the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        width: fc.integer({ min: 1, max: 40 }),
        height: fc.integer({ min: 1, max: 40 }),
        rowsPerStrip: fc.integer({ min: 1, max: 40 }),
        tiled: fc.boolean(),
        planar: fc.boolean(),
        bigEndian: fc.boolean(),
        bigTiff: fc.boolean(),
        isFloat: fc.boolean(),
        channels: fc.constantFrom(1, 3),
        seed: fc.integer({ min: 1, max: 1e6 }),
      }),
      async ({ width, height, rowsPerStrip, tiled, planar, bigEndian, bigTiff, isFloat, channels, seed }) => {
        const value = (x: number, y: number, at: number) => (Math.imul(x * 7 + y * 13 + at * 29 + 1, seed) >>> 8) & 255;
        const block = tiled ? { width: 16, height: 16 } : { width, height: Math.min(rowsPerStrip, height) };
        const put = (level: number) => {
          if (!isFloat) return bytes8(level);
          return bigEndian ? float(level / 255).reverse() : float(level / 255);
        };
        const blocks: Buffer[] = [];
        const split = planar && channels > 1;
        for (const plane of split ? [0, 1, 2] : [-1]) {
          for (let top = 0; top < height; top += block.height) {
            for (let left = 0; left < width; left += block.width) {
              const parts: Buffer[] = [];
              const bottom = tiled ? top + 16 : Math.min(height, top + block.height);
              for (let y = top; y < bottom; y++) {
                for (let x = left; x < left + block.width; x++) {
                  for (let at = 0; at < channels; at++) if (plane < 0 || at === plane) parts.push(put(value(x, y, at)));
                }
              }
              blocks.push(Buffer.concat(parts));
            }
          }
        }
        const bits = Array.from({ length: channels }, () => (isFloat ? 32 : 8));
        const shape = { width, height, bits, photometric: channels === 1 ? 1 : 2, planar, rowsPerStrip: block.height };
        const tags = tiffTags({ ...shape, ...(tiled ? { tile: 16 } : {}), ...(isFloat ? { sampleFormat: 3 } : {}) });
        const bytes = tiffFile({ tags, blocks, tiled, bigEndian, bigTiff });
        const { data } = await built.codec.decode(bytes, { width, height });
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const right = [0, 1, 2].map((at) => value(x, y, channels === 1 ? 0 : at));
            expect([...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)]).toEqual(right);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('whatever bytes of a TIFF are broken, the decoder survives', async () => {
  const floats = samples(3, (x, y, at) => float((color(x, y)[at] ?? 0) / 255));
  const shape = { sampleFormat: 3, bits: [32, 32, 32] };
  const files = [
    tiff(rgb(shape), [floats]),
    tiff(rgb({ ...shape, compression: 8 }), [deflateSync(floats)]),
    tiff(rgb({ ...shape, tile: 16 }), [floats], { tiled: true }),
    tiff({ bits: [8, 8, 8], photometric: 6, more: [tag(530, 2, 2)] }, [subsampled]),
    tiff({ bits: [8, 8, 8], photometric: 8 }, [rgb8]),
    tiff({ photometric: 3, more: [colorMap(8)] }, [gray8]),
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      // Mostly in the directory, which is at the end.
      fc.array(fc.tuple(fc.integer({ min: 1, max: 260 }), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
      async (file, changes) => {
        const bytes = Buffer.from(file);
        for (const [fromEnd, value] of changes) bytes[bytes.length - fromEnd] = value;
        const outcome = await built.codec.decode(bytes, { width: side, height: side }).catch((error: unknown) => error);
        if (outcome instanceof MixFailure) expect(outcome.key).not.toMatch(/decoder/);
        else expect(outcome).toHaveProperty('data');
      },
    ),
    { numRuns: 300 },
  );
});
