import sharp, { type Sharp } from 'sharp';
import {
  animationChunk,
  ascii,
  blockJpeg,
  exifOrientation,
  frameChunk,
  frameData,
  gifFrame,
  gifHead,
  pngChunk,
  pngFile,
  pngSignature,
  stagedInkProfile,
  withAvifColors,
} from './rasterFiles.ts';

// Images that every browser shows, drawn so that mistakes in place, orientation and color show.

export const width = 48;
export const height = 32;
const rgb = Buffer.alloc(width * height * 3);
for (let y = 0; y < height; y++) {
  for (let x = 0; x < width; x++) rgb.set([x * 5, y * 8, x < 24 && y < 16 ? 200 : 60], (y * width + x) * 3);
}
const rows = Array.from({ length: height }, (_, y) => rgb.subarray(y * width * 3, (y + 1) * width * 3));
const line = Buffer.from(Array.from({ length: width }, (_, x) => x * 5));
const grayRows = Array.from({ length: height }, () => line);
const indices = Array.from({ length: width * height }, (_, at) => (at % width < 24 ? 1 : 2));
const indexRows = Array.from({ length: height }, () => Buffer.from(Array.from({ length: width }, (_, x) => x % 4)));
const place = { x: 10, y: 5, width: 20, height: 10 };
const smallFrame = gifFrame({ ...place, indices: Array<number>(200).fill(1) });
const smallRows = Array.from({ length: 10 }, () => Buffer.alloc(60, 100));

/** The image, in a gradient. */
export const scene = (): Sharp => sharp(rgb, { raw: { width, height, channels: 3 } });

const numbers = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4);
  return bytes;
};
const png = (before: Buffer[], parts: Partial<Parameters<typeof pngFile>[0]> = {}) =>
  pngFile({ width, height, rows, before, ...parts });
const gamma = (value: number) => pngChunk('gAMA', numbers(value));
const srgbPrimaries = pngChunk('cHRM', numbers(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000));
const adobePrimaries = pngChunk('cHRM', numbers(31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000));
const palette = pngChunk('PLTE', Buffer.of(0, 0, 0, 220, 40, 40, 40, 60, 220, 255, 255, 255));
const gif = (...parts: Uint8Array[]) => Buffer.concat([gifHead(width, height), ...parts]);
const frame = (more: object = {}) => gifFrame({ width, height, indices, ...more });
const trailer = Buffer.of(0x3b);

/** Colors of four inks, as Adobe stores them: inverted. */
export const inkBlocks = [
  [0, 0, 0, 0],
  [255, 0, 0, 0],
  [0, 255, 0, 0],
  [0, 0, 255, 0],
  [128, 0, 0, 0],
  [0, 128, 64, 0],
  [0, 0, 0, 128],
  [10, 20, 30, 200],
].map((inks) => inks.map((ink) => 255 - ink));

/** sharp's types don't have this method yet. */
const withGainMap = (image: Sharp) => (image as Sharp & { withGainMap(): Sharp }).withGainMap();

function webpAnimation(still: Buffer): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const head = Buffer.concat([ascii(type), Buffer.alloc(4)]);
    head.writeUInt32LE(data.length, 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
  };
  const of24 = (value: number) => Buffer.of(value & 255, (value >> 8) & 255, value >> 16);
  const place = Buffer.concat([of24(5), of24(3), of24(19), of24(9), of24(100), Buffer.of(0)]);
  const chunks = [
    chunk('VP8X', Buffer.concat([Buffer.of(0x12, 0, 0, 0), of24(width - 1), of24(height - 1)])),
    chunk('ANIM', Buffer.of(255, 255, 255, 255, 0, 0)),
    chunk('ANMF', Buffer.concat([place, still.subarray(12)])),
    chunk('ANMF', Buffer.concat([place, still.subarray(12)])),
  ];
  return chunk('RIFF', Buffer.concat([ascii('WEBP'), ...chunks]));
}

export interface BrowserCase {
  readonly name: string;
  readonly mime: string;
  readonly make: () => Buffer | Promise<Buffer>;
}

const of = (mime: string) => (name: string, make: BrowserCase['make']) => ({ name, mime, make });
const [gifCase, pngCase, jpegCase, webpCase, avifCase] = ['gif', 'png', 'jpeg', 'webp', 'avif'].map((format) =>
  of(`image/${format}`),
) as [
  ReturnType<typeof of>,
  ReturnType<typeof of>,
  ReturnType<typeof of>,
  ReturnType<typeof of>,
  ReturnType<typeof of>,
];

/** Images that must look as they do in a browser. */
export const browserCases: readonly BrowserCase[] = [
  gifCase('GIF', () => gif(frame(), frame(), trailer)),
  gifCase('GIF with zeros before its end', () => gif(frame(), Buffer.alloc(16), trailer)),
  gifCase('GIF without an end', () => gif(frame())),
  gifCase('GIF with a broken second frame', () => gif(frame(), frame().subarray(0, 60))),
  gifCase('GIF with text after the first frame', () => gif(frame(), ascii('some text'), trailer)),
  gifCase('GIF with a small first frame', () => gif(smallFrame, frame(), trailer)),
  gifCase('GIF with a background color', () => Buffer.concat([gifHead(width, height, 2), smallFrame, trailer])),
  gifCase('GIF with a frame larger than its screen', () => Buffer.concat([gifHead(20, 20), frame(), trailer])),
  gifCase('GIF with a frame that leaves its screen', () => Buffer.concat([gifHead(25, 12), smallFrame, trailer])),
  gifCase('GIF with an empty first frame', () => gif(gifFrame({ width: 0, height: 10, indices }), trailer)),
  gifCase('GIF with an empty first frame before others', () =>
    gif(gifFrame({ width: 0, height: 0, indices: [] }), frame(), trailer),
  ),
  gifCase('GIF without a size', () => Buffer.concat([gifHead(0, 0), frame(), trailer])),
  gifCase('GIF with transparency', () => gif(frame({ transparent: 1 }), trailer)),
  gifCase('interlaced GIF', () =>
    gif(frame({ interlaced: true, indices: indices.map((_, at) => Math.floor(at / width) % 4) }), trailer),
  ),
  gifCase('compressed GIF', () => scene().gif().toBuffer()),
  ...[45455, 100000, 55000, 22222].flatMap((value) => [
    pngCase(`PNG with a gamma of ${value}`, () => png([gamma(value)])),
    pngCase(`PNG with primaries and a gamma of ${value}`, () => png([gamma(value), srgbPrimaries])),
  ]),
  pngCase('PNG with other primaries', () => png([gamma(45455), adobePrimaries])),
  pngCase('PNG with primaries but no gamma', () => png([adobePrimaries])),
  pngCase('PNG in sRGB with another gamma', () => png([pngChunk('sRGB', Buffer.of(0)), gamma(100000), adobePrimaries])),
  pngCase('gray PNG with a gamma', () => png([gamma(100000)], { colorType: 0, rows: grayRows })),
  pngCase('16-bit gray PNG with a gamma', () =>
    png([gamma(100000)], {
      colorType: 0,
      depth: 16,
      rows: grayRows.map((row) => Buffer.from([...row].flatMap((value) => [value, value]))),
    }),
  ),
  pngCase('palette PNG with a gamma', () => png([gamma(100000), palette], { colorType: 3, rows: indexRows })),
  pngCase('palette PNG with transparency', () =>
    png([palette, pngChunk('tRNS', Buffer.of(0, 128, 255))], { colorType: 3, rows: indexRows }),
  ),
  pngCase('gray PNG with a transparent level', () =>
    png([pngChunk('tRNS', Buffer.of(0, 25))], { colorType: 0, rows: grayRows }),
  ),
  pngCase('PNG with a transparent color', () => png([pngChunk('tRNS', Buffer.of(0, 0, 0, 0, 0, 200))])),
  pngCase('PNG with Display P3 as cICP', () => png([pngChunk('cICP', Buffer.of(12, 13, 0, 1))])),
  ...[
    [1, 1],
    [6, 13],
    [1, 7],
    [10, 8],
    [4, 17],
  ].map(([primaries = 0, transfer = 0]) =>
    pngCase(`PNG with the colors ${primaries} and ${transfer}`, () =>
      png([pngChunk('cICP', Buffer.of(primaries, transfer, 0, 1))]),
    ),
  ),
  pngCase('PNG with a wrong checksum of its gamma', () => {
    const chunk = gamma(100000);
    return png([Buffer.concat([chunk.subarray(0, -1), Buffer.of((chunk.at(-1) ?? 0) ^ 1)])]);
  }),
  pngCase('PNG with a broken profile and a gamma', () =>
    png([gamma(100000), pngChunk('iCCP', ascii('x\0\0nonsense'))]),
  ),
  ...[[], [gamma(100000)]].flatMap((before) => [
    pngCase(`PNG without a checksum of its pixels, chunks: ${before.length}`, () =>
      png(before, { change: (packed) => packed.subarray(0, -4) }),
    ),
    pngCase(`PNG with a wrong checksum of its pixels, chunks: ${before.length}`, () =>
      png(before, { change: (packed) => Buffer.concat([packed.subarray(0, -1), Buffer.of((packed.at(-1) ?? 0) ^ 1)]) }),
    ),
  ]),
  pngCase('PNG without an end', () => png([]).subarray(0, -12)),
  pngCase('PNG with a broken profile', () => png([pngChunk('iCCP', ascii('x\0\0nonsense'))])),
  pngCase('gray PNG with alpha', () => scene().greyscale().ensureAlpha(0.4).png().toBuffer()),
  pngCase('16-bit PNG in Display P3', () => scene().withIccProfile('p3').toColourspace('rgb16').png().toBuffer()),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((turn) =>
    pngCase(`PNG of EXIF orientation ${turn}`, () => png([pngChunk('eXIf', exifOrientation(turn))])),
  ),
  pngCase('animated PNG', () =>
    png([animationChunk(2), frameChunk(0, { x: 0, y: 0, width, height })], {
      after: [frameChunk(1, place), frameData(2, smallRows)],
    }),
  ),
  pngCase('animated PNG whose image is no frame', () =>
    png([animationChunk(1)], { after: [frameChunk(0, place), frameData(1, smallRows)] }),
  ),
  pngCase('turned animated PNG whose image is no frame', () =>
    png([animationChunk(1), pngChunk('eXIf', exifOrientation(6))], {
      after: [frameChunk(0, place), frameData(1, smallRows)],
    }),
  ),
  pngCase('PNG with an animation of no frames', () =>
    png([animationChunk(0)], { after: [frameChunk(0, place), frameData(1, smallRows)] }),
  ),
  jpegCase('JPEG of inks', () => blockJpeg({ blocks: inkBlocks, across: 4, adobe: 0 })),
  jpegCase('JPEG of inks without a mark', () => blockJpeg({ blocks: inkBlocks, across: 4 })),
  jpegCase('JPEG of inks as YCCK', () => blockJpeg({ blocks: inkBlocks, across: 4, adobe: 2 })),
  ...([1, 2] as const).map((size) =>
    jpegCase(`JPEG of inks with a profile of version 4, bytes: ${size}`, () =>
      blockJpeg({ blocks: inkBlocks, across: 4, adobe: 0, profile: stagedInkProfile(size) }),
    ),
  ),
  jpegCase('JPEG of inks with a profile', () =>
    scene().toColourspace('cmyk').withIccProfile('cmyk').jpeg({ quality: 98 }).toBuffer(),
  ),
  jpegCase('JPEG of plain RGB', () =>
    blockJpeg({ blocks: inkBlocks.map((inks) => inks.slice(1)), across: 4, adobe: 0 }),
  ),
  jpegCase('JPEG with restart marks', () =>
    blockJpeg({ blocks: inkBlocks.map((inks) => inks.slice(1)), across: 4, restartInterval: 3 }),
  ),
  jpegCase('JPEG in Display P3', () => scene().withIccProfile('p3').jpeg({ quality: 98 }).toBuffer()),
  jpegCase('JPEG with junk before its end', async () => {
    const bytes = await scene().jpeg({ progressive: true }).toBuffer();
    return Buffer.concat([bytes.subarray(0, -2), Buffer.alloc(20), bytes.subarray(-2)]);
  }),
  jpegCase('JPEG for HDR screens', () => withGainMap(scene().resize(208, 104)).jpeg({ quality: 98 }).toBuffer()),
  ...[3, 6, 7].flatMap((orientation) => [
    jpegCase(`JPEG of EXIF orientation ${orientation}`, () =>
      scene().jpeg({ quality: 98 }).withMetadata({ orientation }).toBuffer(),
    ),
    avifCase(`turned AVIF (${orientation})`, () =>
      scene().avif({ quality: 95 }).withMetadata({ orientation }).toBuffer(),
    ),
  ]),
  webpCase('animated WebP with a small first frame', async () =>
    webpAnimation(
      await sharp({ create: { width: 20, height: 10, channels: 3, background: '#c82828' } })
        .webp({ lossless: true })
        .toBuffer(),
    ),
  ),
  webpCase('WebP in Display P3', () => scene().withIccProfile('p3').webp({ quality: 98 }).toBuffer()),
  avifCase('AVIF in Display P3 by number', async () =>
    withAvifColors(await scene().avif({ quality: 95 }).toBuffer(), 12, 13),
  ),
  ...[
    [1, 8],
    [6, 13],
    [10, 5],
  ].map(([primaries = 0, transfer = 0]) =>
    avifCase(`AVIF with the colors ${primaries} and ${transfer}`, async () =>
      withAvifColors(await scene().avif({ quality: 95 }).toBuffer(), primaries, transfer),
    ),
  ),
  avifCase('AVIF with 10 bits', () => scene().avif({ quality: 95, bitdepth: 10 }).toBuffer()),
];

/** Apple's PNG variant: its data has no zlib header. */
export const applePng = (): Buffer =>
  Buffer.concat([pngSignature, pngChunk('CgBI', Buffer.of(0x50, 0, 0x20, 2)), png([]).subarray(8)]);
