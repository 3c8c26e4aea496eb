import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtCodec } from './support/builtCodec.ts';
import { applePng, browserCases, inkBlocks, scene } from './support/rasterCases.ts';
import {
  ascii,
  asMultipliedAvif,
  blockJpeg,
  gifData,
  gifFrame,
  gifHead,
  pngChunk,
  pngFile,
  withAvifColors,
} from './support/rasterFiles.ts';

// Files of every kind, each with the right pixels or the right message. test/ui/raster.spec.ts compares with a browser.

let built: Awaited<ReturnType<typeof builtCodec>>;
beforeAll(async () => {
  built = await builtCodec();
});
afterAll(() => built.dispose());

const all = { width: 2000, height: 2000 };
const decode = (bytes: Uint8Array) => built.codec.decode(bytes, all);
const warningsOf = async (bytes: Uint8Array) => (await built.codec.probe(bytes)).warnings;
async function pixels(bytes: Uint8Array, ...places: [x: number, y: number][]): Promise<number[][]> {
  const { width, data } = await decode(bytes);
  return places.map(([x, y]) => [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)]);
}
const named = (name: string) => {
  const found = browserCases.find((one) => one.name === name);
  if (!found) throw new Error(`There is no image ${name}`);
  return found.make();
};
const withLast = (bytes: Uint8Array, change: number) =>
  Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ change)]);
const none = [0, 0, 0, 0];
const red = [220, 40, 40, 255];

test.each<[string, ...(readonly [[number, number], number[]])[]]>([
  [
    'GIF with zeros before its end',
    [[3, 3], red],
    [
      [40, 30],
      [40, 60, 220, 255],
    ],
  ],
  ['GIF without an end', [[3, 3], red]],
  ['GIF with a broken second frame', [[3, 3], red]],
  ['GIF with text after the first frame', [[3, 3], red]],
  ['GIF with a small first frame', [[0, 0], none], [[9, 5], none], [[10, 5], red], [[29, 14], red], [[30, 14], none]],
  ['GIF with an empty first frame', [[0, 0], none], [[47, 31], none]],
  ['GIF with a background color', [[0, 0], none], [[10, 5], red]],
  ['GIF with a frame that leaves its screen', [[0, 0], none], [[29, 14], red]],
  [
    'GIF with transparency',
    [[3, 3], none],
    [
      [40, 3],
      [40, 60, 220, 255],
    ],
  ],
  [
    'animated PNG whose image is no frame',
    [[0, 0], none],
    [
      [10, 5],
      [100, 100, 100, 255],
    ],
    [[30, 5], none],
  ],
  [
    'animated WebP with a small first frame',
    [[0, 0], none],
    [
      [10, 6],
      [200, 40, 40, 255],
    ],
    [[30, 6], none],
  ],
  [
    'PNG with a gamma of 100000',
    [
      [0, 0],
      [0, 0, 229, 255],
    ],
  ],
  [
    'PNG with primaries but no gamma',
    [
      [0, 0],
      [0, 0, 200, 255],
    ],
  ],
  [
    'PNG in sRGB with another gamma',
    [
      [0, 0],
      [0, 0, 200, 255],
    ],
  ],
  [
    'PNG with Display P3 as cICP',
    [
      [0, 0],
      [0, 0, 209, 255],
    ],
  ],
  [
    'JPEG of inks',
    [
      [4, 4],
      [255, 255, 255, 255],
    ],
    [
      [12, 4],
      [0, 255, 255, 255],
    ],
    [
      [20, 12],
      [127, 127, 127, 255],
    ],
  ],
])('%s', async (name, ...wanted) => {
  const found = await pixels(await named(name), ...wanted.map(([place]) => place));
  for (const [at, [, color]] of wanted.entries()) {
    for (const [channel, value] of color.entries()) {
      expect(Math.abs((found[at]?.[channel] ?? -99) - value), `${found[at]} for ${color}`).toBeLessThanOrEqual(2);
    }
  }
});

test('a profile of inks is applied', async () => {
  const inks = scene().toColourspace('cmyk').withIccProfile('cmyk');
  const [near] = await pixels(await inks.jpeg({ quality: 98 }).toBuffer(), [40, 25]);
  const naive = await pixels(await scene().toColourspace('cmyk').jpeg({ quality: 98 }).toBuffer(), [40, 25]);
  expect(near).not.toEqual(naive[0]);
  const white = sharp({ create: { width: 16, height: 16, channels: 3, background: '#fff' } });
  const paper = await white.toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 100 }).toBuffer();
  expect(await pixels(paper, [3, 3])).toEqual([[255, 255, 255, 255]]);
});

describe('damage', () => {
  const noise = () =>
    sharp({
      create: {
        width: 203,
        height: 161,
        channels: 3,
        background: '#888',
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      },
    });

  test.each<[string, () => Promise<Buffer>]>([
    ['baseline', () => noise().jpeg({ quality: 90 }).toBuffer()],
    ['progressive', () => noise().jpeg({ quality: 90, progressive: true }).toBuffer()],
    ['gray', () => noise().greyscale().jpeg().toBuffer()],
    [
      'restarting',
      async () => blockJpeg({ blocks: inkBlocks.map((block) => block.slice(1)), across: 4, restartInterval: 3 }),
    ],
  ])('a %s JPEG that lacks only its end is decoded, with a warning', async (_, make) => {
    const whole = await make();
    for (const cut of [1, 2]) {
      const bytes = whole.subarray(0, -cut);
      expect(await warningsOf(bytes)).toEqual([{ code: 'no-end', args: {} }]);
      expect((await decode(bytes)).data).toEqual((await decode(whole)).data);
    }
    expect(await warningsOf(whole)).toEqual([]);
    await expect(decode(whole.subarray(0, -4))).rejects.toMatchObject({
      key: expect.stringMatching(/^unreadable-image\/(cut|coarse)$/),
    });
  });

  test('a JPEG that is cut off says how many of its rows are there', async () => {
    // 20 rows of blocks, whose data is equally long.
    const blocks = Array.from({ length: 100 }, (_, at) => (at % 2 ? [0, 255, 0] : [255, 0, 255]));
    const whole = blockJpeg({ blocks, across: 5 });
    const start = whole.indexOf(Buffer.of(0xff, 0xda)) + 14;
    const data = whole.length - 2 - start;
    for (const part of [0.25, 0.5, 0.9]) {
      const bytes = whole.subarray(0, start + Math.ceil(data * part));
      const failure = await decode(bytes).then(
        () => undefined,
        (error: { args: { percent: number } }) => error,
      );
      expect(failure).toMatchObject({ key: 'unreadable-image/cut' });
      expect(Math.abs((failure?.args.percent ?? 0) - part * 100)).toBeLessThanOrEqual(6);
      // One with an end isn't cut off, whatever happened to it.
      await expect(decode(Buffer.concat([bytes, Buffer.of(0xff, 0xd9)]))).rejects.toMatchObject({
        key: 'unreadable-image/damaged',
      });
    }
  });

  test.each(['png', 'webp', 'gif', 'avif', 'tiff'] as const)(
    'a %s that is cut off says how much is there',
    async (format) => {
      const whole = await noise().toFormat(format).toBuffer();
      for (const part of [0.3, 0.6, 0.95]) {
        const failure = await decode(whole.subarray(0, whole.length * part)).then(
          () => undefined,
          (error: { key: string; args: { percent: number } }) => error,
        );
        if (format === 'tiff') {
          expect(failure?.key).toMatch(/^unreadable-image\/(cut|truncated)$/);
        } else {
          expect(failure).toMatchObject({ key: 'unreadable-image/cut' });
          expect(Math.abs((failure?.args.percent ?? 0) - part * 100)).toBeLessThanOrEqual(format === 'gif' ? 12 : 6);
        }
      }
    },
  );

  test.each<[string, () => Promise<Buffer>]>([
    ['JPEG', () => noise().jpeg({ quality: 90 }).toBuffer()],
    ['gray JPEG', () => noise().greyscale().jpeg().toBuffer()],
    ['JPEG with tables of its own', () => noise().jpeg({ optimiseCoding: true }).toBuffer()],
    ['WebP', () => noise().webp().toBuffer()],
    ['lossless WebP', () => noise().webp({ lossless: true }).toBuffer()],
  ])('a %s with zeros where data is missing is cut off', async (_, make) => {
    const whole = await make();
    for (const part of [0.5, 0.9]) {
      const bytes = Buffer.from(whole).fill(0, Math.floor(whole.length * part));
      const failure = await decode(bytes).catch((error: unknown) => error);
      expect(failure).toMatchObject({ key: 'unreadable-image/cut' });
      expect(Math.abs((failure as { args: { percent: number } }).args.percent - part * 100)).toBeLessThanOrEqual(15); // the header counts only for bytes
    }
    expect(await decode(whole)).toHaveProperty('data');
  });

  test('zeros in the place of the end alone are only a warning', async () => {
    // Of blocks whose codes are zeros too.
    const flat = blockJpeg({ blocks: Array.from({ length: 100 }, () => [128, 128, 128]), across: 5 });
    const files = [flat, await noise().jpeg().toBuffer(), await noise().jpeg({ optimiseCoding: true }).toBuffer()];
    for (const whole of files) {
      const bytes = Buffer.concat([whole.subarray(0, -2), Buffer.alloc(whole === flat ? 0 : 60)]);
      expect(await warningsOf(bytes)).toEqual([{ code: 'no-end', args: {} }]);
      expect((await decode(bytes)).data).toEqual((await decode(whole)).data);
    }
  });

  test('the size of a GIF or TIFF is read without its pixels', async () => {
    const gif = (await noise().gif().toBuffer()).subarray(0, 2000);
    expect(await built.codec.probe(gif)).toMatchObject({ width: 203, height: 161 });
    await expect(decode(gif)).rejects.toMatchObject({ key: 'unreadable-image/cut' });
  });

  test('a PNG that lacks only its end is decoded, with a warning', async () => {
    const bytes = Buffer.from(await named('PNG without an end'));
    expect(await warningsOf(bytes)).toEqual([{ code: 'no-end', args: {} }]);
    expect(await decode(bytes)).toEqual(await decode(Buffer.concat([bytes, pngChunk('IEND')])));
  });

  test('as in browsers, the checksum of the packed pixels of a PNG may be missing or wrong', async () => {
    const rows = Array.from({ length: 4 }, (_, y) => Buffer.of(y, 20, 30, y, 50, 60));
    const make = (change: (packed: Buffer) => Buffer) => pngFile({ width: 2, height: 4, rows, change });
    const wanted = await decode(make((packed) => packed));
    expect([...wanted.data.subarray(8, 12)]).toEqual([1, 20, 30, 255]);
    expect(await decode(make((packed) => packed.subarray(0, -4)))).toEqual(wanted);
    const wrong = make((packed) => withLast(packed, 0x55));
    expect(await decode(wrong)).toEqual(wanted);
    // If the checksum of the chunk is wrong too, the pixels are.
    const damaged = Buffer.concat([withLast(wrong.subarray(0, -12), 0x55), pngChunk('IEND')]);
    await expect(decode(damaged)).rejects.toMatchObject({ key: 'unreadable-image/damaged' });
  });

  test('a PNG of very many chunks is refused soon', async () => {
    const small = pngFile({ width: 1, height: 1, rows: [Buffer.of(1, 2, 3)] });
    const empty = pngChunk('teSt');
    const withChunks = (count: number) =>
      Buffer.concat([small.subarray(0, 33), Buffer.alloc(count * empty.length, empty), small.subarray(33)]);
    await expect(decode(withChunks(600_000))).rejects.toMatchObject({ key: 'unreadable-image/damaged' });
    expect(await decode(withChunks(1000))).toEqual(await decode(small));
  });

  test('a GIF whose frame has all pixels needs no end code', async () => {
    const indices = Array.from({ length: 64 }, (_, at) => at % 3);
    const head = gifFrame({ width: 8, height: 8, indices }).subarray(0, 18);
    const bytes = Buffer.concat([gifHead(8, 8), head, gifData(indices, 2, false)]);
    expect(await pixels(bytes, [1, 0], [0, 7])).toEqual([red, [40, 60, 220, 255]]);
  });

  test('what is whole but broken is not called cut off', async () => {
    const png = await noise().png().toBuffer();
    const broken = Buffer.from(png);
    const middle = Math.floor(png.length / 2);
    broken.fill(0x55, middle, middle + 200);
    await expect(decode(broken)).rejects.toMatchObject({ key: 'unreadable-image/damaged' });
    const early = gifFrame({ width: 8, height: 8, indices: Array<number>(30).fill(1) });
    await expect(decode(Buffer.concat([gifHead(8, 8), early, Buffer.of(0x3b)]))).rejects.toMatchObject({
      key: 'unreadable-image/damaged',
    });
    await expect(decode(blockJpeg({ blocks: [[1, 2]], across: 1 }))).rejects.toMatchObject({
      key: 'unreadable-image/damaged',
    });
  });
});

test('an AVIF whose colors are multiplied by alpha', async () => {
  const shades = Buffer.from(Array.from({ length: 32 * 32 }, (_, at) => [100, 50, 0, 128 + (at % 32) * 4]).flat());
  const image = sharp(shades, { raw: { width: 32, height: 32, channels: 4 } });
  const bytes = await image.avif({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
  const [straight, multiplied] = [bytes, asMultipliedAvif(bytes)].map((file) => pixels(file, [0, 9], [20, 9]));
  const [left = [], right = []] = (await straight) ?? [];
  for (const [at, alpha] of [left[3] ?? 0, right[3] ?? 0].entries()) {
    const found = (await multiplied)?.[at] ?? [];
    for (const [channel, color] of [100, 50, 0].entries()) {
      expect(Math.abs((found[channel] ?? 0) - (color * 255) / alpha)).toBeLessThanOrEqual(4);
    }
    expect(found[3]).toBe(alpha);
  }
});

test('the first image of an animated AVIF', async () => {
  const still = await scene().avif().toBuffer();
  const animated = Buffer.from(still);
  animated.write('avis', 8, 'latin1');
  expect((await decode(animated)).data).toEqual((await decode(still)).data);
});

test('an AVIF whose list of properties has no end is cut off', async () => {
  const bytes = await scene().avif().toBuffer();
  const at = (type: string) => bytes.indexOf(type, 0, 'latin1');
  for (const type of ['meta', 'iprp', 'ipma']) bytes.writeUInt32BE(0x7fffffff, at(type) - 4);
  bytes.writeUInt32BE(0xffffffff, at('ipma') + 8);
  bytes.writeUInt16BE(0x7777, at('pitm') + 8); // no image has that number
  await expect(decode(bytes)).rejects.toMatchObject({ key: 'unreadable-image/cut' });
});

test('an AVIF is refused by its size before its decoder lacks memory', async () => {
  const withSize = async (width: number, height: number) => {
    const bytes = await scene().avif().toBuffer();
    const at = bytes.indexOf('ispe', 0, 'latin1') + 8;
    bytes.writeUInt32BE(width, at);
    bytes.writeUInt32BE(height, at + 4);
    return bytes;
  };
  await expect(decode(await withSize(10_000, 7001))).rejects.toMatchObject({
    key: 'image-too-large/pixels',
    args: { max: 70 },
  });
  expect(await built.codec.probe(await withSize(10_000, 7000))).toMatchObject({ width: 10_000 });
});

test('colors that an AVIF has for another image in it', async () => {
  const plain = await scene().avif().toBuffer();
  const other = withAvifColors(plain, 9, 16, false);
  expect((await decode(other)).data).toEqual((await decode(plain)).data);
});

const padded = (...parts: (string | Buffer)[]) =>
  Buffer.concat([...parts.map((part) => (typeof part === 'string' ? ascii(part) : part)), Buffer.alloc(600)]);
const brand = (name: string) => padded(Buffer.of(0, 0, 0, 24), `ftyp${name}\0\0\0\0mif1${name}`);

test.each<[string, () => Uint8Array | Promise<Uint8Array>, object]>([
  ['an iPhone PNG', applePng, { key: 'unsupported-image/png-cgbi' }],
  [
    'a lossless JPEG',
    () => blockJpeg({ blocks: [[1, 2, 3]], across: 1, frame: 0xc3 }),
    { key: 'unsupported-image/jpeg-lossless' },
  ],
  [
    'JPEG-LS',
    () => blockJpeg({ blocks: [[1, 2, 3]], across: 1, frame: 0xf7 }),
    { key: 'unsupported-image/jpeg-lossless' },
  ],
  [
    'an arithmetic JPEG',
    () => blockJpeg({ blocks: [[1, 2, 3]], across: 1, frame: 0xc9 }),
    { key: 'unsupported-image/jpeg-arithmetic' },
  ],
  [
    'a hierarchical JPEG',
    () => blockJpeg({ blocks: [[1, 2, 3]], across: 1, frame: 0xc5 }),
    { key: 'unsupported-image/jpeg-hierarchical' },
  ],
  [
    'a 12-bit JPEG',
    () => blockJpeg({ blocks: [[1, 2, 3]], across: 1, frame: 0xc1, precision: 12 }),
    { key: 'unsupported-image/jpeg-precision', args: { bits: 12 } },
  ],
  [
    'an HDR PNG',
    () =>
      pngFile({ width: 1, height: 1, rows: [Buffer.of(1, 2, 3)], before: [pngChunk('cICP', Buffer.of(9, 16, 0, 1))] }),
    { key: 'unsupported-image/hdr' },
  ],
  [
    'an AVIF with a logarithmic curve',
    async () => withAvifColors(await scene().avif().toBuffer(), 1, 9),
    { key: 'unsupported-image', args: { format: 'AVIF (transfer 9)' } },
  ],
  ['an HDR AVIF', async () => withAvifColors(await scene().avif().toBuffer(), 9, 16), { key: 'unsupported-image/hdr' }],
])('refuses %s by name', async (_, make, failure) => {
  await expect(decode(await make())).rejects.toMatchObject(failure);
  await expect(built.codec.probe(await make())).rejects.toMatchObject(failure);
});

test.each<[string, Uint8Array]>([
  [
    'JPEG 2000',
    padded(Buffer.of(0, 0, 0, 12), 'jP  ', Buffer.of(13, 10, 0x87, 10, 0, 0, 0, 20), 'ftypjp2 \0\0\0\0jp2 '),
  ],
  ['JPEG 2000', padded(Buffer.of(0xff, 0x4f, 0xff, 0x51, 0, 0x29))],
  ['JPEG XL', padded(Buffer.of(0xff, 0x0a))],
  ['JPEG XL', padded(Buffer.of(0, 0, 0, 12), 'JXL ', Buffer.of(13, 10, 0x87, 10))],
  ['JPEG XR', padded('II', Buffer.of(0xbc, 1))],
  ['HEIC', brand('heic')],
  ['BMP', padded('BM')],
  ['Photoshop (PSD)', padded('8BPS', Buffer.of(0, 1))],
  ['ICO', padded(Buffer.of(0, 0, 1, 0, 1, 0))],
  ['EPS', padded('%!PS-Adobe-3.0 EPSF-3.0\n')],
  ['EPS', padded(Buffer.of(0xc5, 0xd0, 0xd3, 0xc6))],
  ['PDF', padded('%PDF-1.7\n')],
  ['RAW (CR2)', padded('II*\0', Buffer.of(16, 0, 0, 0), 'CR', Buffer.of(2, 0))],
  ['RAW (CR3)', padded(Buffer.of(0, 0, 0, 24), 'ftypcrx \0\0\0\u0001crx isom')],
  ['RAW (RAF)', padded('FUJIFILMCCD-RAW ')],
  ['RAW (ORF)', padded('IIRO', Buffer.of(8, 0, 0, 0))],
  ['OpenEXR', padded(Buffer.of(0x76, 0x2f, 0x31, 1, 2, 0, 0, 0))],
  ['Radiance HDR', padded('#?RADIANCE\n')],
  ['PPM', padded('P6\n16 16\n255\n')],
  ['QOI', padded('qoif')],
  ['PCX', padded(Buffer.of(10, 5, 1, 8))],
  ['SGI', padded(Buffer.of(1, 0xda, 1, 1))],
  ['XBM', padded('#define image_width 16\n')],
  ['PFM', padded('PF\n16 16\n-1.0\n')],
  ['JNG', padded(Buffer.of(0x8b), 'JNG\r\n')],
])('calls %s by its name', async (format, bytes) => {
  await expect(decode(bytes)).rejects.toMatchObject({ key: 'unsupported-image', args: { format } });
});
