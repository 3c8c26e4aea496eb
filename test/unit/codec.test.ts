import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decode, probe } from '../../src/images/codecOperations.ts';
import { readChunks } from '../../src/images/raster/pngChunks.ts';
import { WorkerCodec } from '../../src/images/workerCodec.ts';
import { pngHeader } from './fixtures/pngHeader.ts';
import { flat, meanDifference, pattern } from './test-rasters.ts';

// The bundled worker runs from its own folder without node_modules, as in the installed extension.
let folder: string;
let codec: WorkerCodec;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'codec-'));
  for (const name of await readdir('dist')) {
    if (/^(codecWorker|sharpWasm)\.cjs$|\.wasm$/.test(name)) await cp(join('dist', name), join(folder, name));
  }
  codec = new WorkerCodec({ workerPath: join(folder, 'codecWorker.cjs') });
});
afterAll(async () => {
  await codec.dispose();
  await rm(folder, { recursive: true });
});

/** 60×40: left half red, right half blue, upper left 10×10 green. */
const scene = (): Sharp =>
  sharp({ create: { width: 60, height: 40, channels: 3, background: '#f00' } }).composite([
    { input: { create: { width: 30, height: 40, channels: 3, background: '#00f' } }, left: 30, top: 0 },
    { input: { create: { width: 10, height: 10, channels: 3, background: '#0f0' } }, left: 0, top: 0 },
  ]);
const noise = (width: number, height: number): Sharp =>
  sharp({
    create: { width, height, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  });
const whole = { width: 60, height: 40 };

async function pixel(bytes: Uint8Array, x: number, y: number): Promise<number[]> {
  const { width, data } = await codec.decode(bytes, whole);
  return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

function expectNear(actual: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(wanted.length);
  for (const [at, value] of wanted.entries())
    expect(Math.abs((actual[at] ?? Number.NaN) - value)).toBeLessThanOrEqual(tolerance);
}

test('the worker runs the WebAssembly build', async () => {
  expect(await codec.warm()).toHaveProperty('emscripten');
});

test.each<[string, string, () => Sharp, number]>([
  ['PNG', 'png', () => scene().png(), 0],
  ['palette PNG', 'png', () => scene().png({ palette: true }), 0],
  ['16-bit PNG', 'png', () => scene().toColourspace('rgb16').png(), 0],
  ['JPEG', 'jpeg', () => scene().jpeg({ quality: 95 }), 8],
  ['progressive JPEG', 'jpeg', () => scene().jpeg({ quality: 95, progressive: true }), 8],
  ['JPEG with a Display P3 profile', 'jpeg', () => scene().withIccProfile('p3').jpeg({ quality: 95 }), 12],
  ['lossy WebP', 'webp', () => scene().webp({ quality: 95 }), 8],
  ['lossless WebP', 'webp', () => scene().webp({ lossless: true }), 0],
  ['GIF', 'gif', () => scene().gif(), 0],
  ['AVIF', 'avif', () => scene().avif({ quality: 90 }), 8],
  ['TIFF', 'tiff', () => scene().tiff({ compression: 'lzw' }), 0],
  ['16-bit TIFF', 'tiff', () => scene().toColourspace('rgb16').tiff({ compression: 'lzw' }), 0],
])('decodes %s', async (_, format, make, tolerance) => {
  const bytes = await make().toBuffer();
  expect(await codec.probe(bytes)).toMatchObject({ format, ...whole });
  expectNear(await pixel(bytes, 20, 25), [255, 0, 0, 255], tolerance);
  expectNear(await pixel(bytes, 50, 25), [0, 0, 255, 255], tolerance);
});

test('decodes gray and gray with alpha to sRGB', async () => {
  const gray = sharp({ create: { ...whole, channels: 3, background: '#646464' } }).toColourspace('b-w');
  expectNear(await pixel(await gray.clone().jpeg().toBuffer(), 5, 5), [100, 100, 100, 255], 2);
  expect(await pixel(await gray.clone().toColourspace('grey16').png().toBuffer(), 5, 5)).toEqual([100, 100, 100, 255]);
  expect(await pixel(await gray.clone().ensureAlpha(0.2).png().toBuffer(), 5, 5)).toEqual([100, 100, 100, 51]);
});

test('an animated GIF or WebP gives its first frame', async () => {
  const frames = [sharp({ create: { ...whole, channels: 3, background: '#0f0' } }), scene()];
  const pages = await Promise.all(frames.map((frame) => frame.png().toBuffer()));
  for (const format of ['gif', 'webp'] as const) {
    const bytes = await sharp(pages, { join: { animated: true } })
      .toFormat(format, { lossless: true })
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    expect(await codec.probe(bytes)).toMatchObject(whole);
    expectNear(await pixel(bytes, 50, 25), [0, 255, 0, 255], 1);
  }
});

const svg = (body: string, size = 'width="60" height="40"') =>
  new TextEncoder().encode(`<?xml version="1.0"?><!-- a drawing --><svg xmlns="http://www.w3.org/2000/svg"
    xmlns:xlink="http://www.w3.org/1999/xlink" ${size}>${body}</svg>`);

test('renders SVG at the requested size', async () => {
  const drawing = svg('<circle cx="5" cy="5" r="5" fill="#f00"/>', 'viewBox="0 0 10 10"');
  expect(await codec.probe(drawing)).toEqual({ format: 'svg', width: 10, height: 10, hasAlpha: true, warnings: [] });
  const { width, height, data } = await codec.decode(drawing, { width: 300, height: 200 });
  expect([width, height]).toEqual([300, 300]);
  expect([...data.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  expect([...data.subarray((150 * 300 + 150) * 4, (150 * 300 + 150) * 4 + 4)]).toEqual([255, 0, 0, 255]);
});

test('an SVG shows embedded images, but no files from disk', async () => {
  const blue = await sharp({ create: { ...whole, channels: 3, background: '#00f' } })
    .png()
    .toBuffer();
  const onDisk = join(folder, 'secret.png');
  await sharp(blue).toFile(onDisk);
  const show = (href: string) =>
    svg(`<rect width="60" height="40" fill="#f00"/><image width="60" height="40" xlink:href="${href}"/>`);
  expect(await pixel(show(`data:image/png;base64,${blue.toString('base64')}`), 5, 5)).toEqual([0, 0, 255, 255]);
  for (const href of [onDisk, `file://${onDisk}`, 'secret.png']) {
    expect(await pixel(show(href), 5, 5)).toEqual([255, 0, 0, 255]);
  }
});

test('scales down until the requested size is just covered, and never up', async () => {
  const photo = await noise(600, 200).jpeg().toBuffer();
  const size = async (width: number, height: number) => {
    const raster = await codec.decode(photo, { width, height });
    return [raster.width, raster.height];
  };
  expect(await size(100, 100)).toEqual([300, 100]);
  expect(await size(300, 50)).toEqual([300, 100]);
  expect(await size(900, 100)).toEqual([600, 200]);
});

test('encodes PNG losslessly, transfers the pixels and copies the bytes of files', async () => {
  const data = new Uint8ClampedArray(await noise(32, 16).ensureAlpha(0.5).raw().toBuffer());
  const before = data.slice();
  const { bytes: png } = await codec.encode({ width: 32, height: 16, data }, 'png');
  expect((await codec.decode(png, { width: 32, height: 16 })).data).toEqual(before);
  expect(data).toHaveLength(0);
  const opaque = before.map((value, at) => (at % 4 === 3 ? 255 : value));
  const encoded = await codec.encode({ width: 32, height: 16, data: opaque }, 'png');
  expect((await sharp(encoded.bytes).metadata()).channels).toBe(3);
  const kept = png.slice();
  await codec.thumbnail(png, 16);
  expect(png).toEqual(kept);
});

test.each([
  ['png', 0],
  ['jpeg', 3],
  ['webp', 3],
] as const)('encodes %s at a quality that keeps the look', async (format, maxDifference) => {
  const draw = () => pattern(1, 256, 192);
  const { bytes, isFlattened } = await codec.encode(draw(), format);
  expect(isFlattened).toBe(false);
  expect(await codec.probe(bytes)).toMatchObject({ format, width: 256, height: 192, hasAlpha: false });
  expect(meanDifference(draw(), await codec.decode(bytes, { width: 256, height: 192 }))).toBeLessThanOrEqual(
    maxDifference,
  );
});

test('transparency is kept, except in JPEG, where it becomes white and that is said', async () => {
  const draw = () => flat(32, 16, 200, 0, 0, 128);
  const size = { width: 32, height: 16 };
  const pixelOf = async (format: 'png' | 'jpeg' | 'webp') => {
    const { bytes, isFlattened } = await codec.encode(draw(), format);
    return [isFlattened, ...(await codec.decode(bytes, size)).data.subarray(0, 4)];
  };
  expect(await pixelOf('png')).toEqual([false, 200, 0, 0, 128]);
  const [isFlattened, ...jpeg] = await pixelOf('jpeg');
  expect(isFlattened).toBe(true);
  for (const [at, expected] of [227, 127, 127, 255].entries())
    expect(Math.abs(Number(jpeg[at]) - expected)).toBeLessThan(4);
  const [isKept, ...webp] = await pixelOf('webp');
  expect([isKept, webp[3]]).toEqual([false, 128]);
});

test('a thumbnail fits its square', async () => {
  const thumbnail = await codec.thumbnail(await noise(400, 100).png().toBuffer(), 64);
  expect(thumbnail).toMatchObject({ mime: 'image/webp', width: 64, height: 16 });
  expect(await codec.probe(thumbnail.bytes)).toMatchObject({ format: 'webp', width: 64, height: 16 });
});

test('an upload copy is small, upright, on white and has no metadata', async () => {
  const source = await sharp({
    create: { width: 400, height: 200, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
  })
    .withExif({ IFD0: { Copyright: 'Somebody' }, IFD3: { GPSLatitudeRef: 'N' } })
    .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    .withIccProfile('p3')
    .withMetadata({ orientation: 6 })
    .webp()
    .toBuffer();
  const { bytes, ...copy } = await codec.uploadCopy(source, { maxSide: 100, maxBytes: 5e6 });
  expect(copy).toEqual({ mime: 'image/jpeg', width: 50, height: 100 });
  const { exif, xmp, icc, orientation } = await sharp(bytes).metadata();
  expect([exif, xmp, icc, orientation]).toEqual([undefined, undefined, undefined, undefined]);
  expect(await pixel(bytes, 5, 5)).toEqual([255, 255, 255, 255]);
  const { bytes: file, ...drawn } = await codec.uploadPng(source, 100);
  expect(drawn).toEqual({ mime: 'image/png', width: 50, height: 100 });
  expect(readChunks(file).map(({ type }) => type)).toEqual(['IHDR', 'pHYs', 'IDAT', 'IEND']);
  expect(await pixel(file, 5, 5)).toEqual([255, 255, 255, 255]);
  const busy = await codec.uploadCopy(await noise(800, 800).png().toBuffer(), { maxSide: 800, maxBytes: 60_000 });
  expect(busy.bytes.length).toBeLessThanOrEqual(60_000);
});

test('detects an image of one color', async () => {
  const black = sharp({ create: { ...whole, channels: 3, background: '#000' } });
  expect(await codec.isUniform(await black.png().toBuffer())).toBe(true);
  expect(await codec.isUniform(await scene().png().toBuffer())).toBe(false);
});

test.each<[string, Uint8Array, object]>([
  ['nothing', new Uint8Array(), { key: 'unreadable-image/empty' }],
  ['text', new TextEncoder().encode('not an image'), { key: 'unsupported-image/not-an-image' }],
  ['a web page', new TextEncoder().encode('<!doctype html><svg></svg>'), { key: 'unsupported-image/not-an-image' }],
  ['BMP', new Uint8Array([0x42, 0x4d, 70, 0, 0, 0]), { code: 'unsupported-image', args: { format: 'BMP' } }],
  [
    'HEIC',
    new TextEncoder().encode('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
    { code: 'unsupported-image', args: { format: 'HEIC' } },
  ],
  ['PDF', new TextEncoder().encode('%PDF-1.7'), { code: 'unsupported-image', args: { format: 'PDF' } }],
  [
    '30000×30000 pixels',
    pngHeader(30_000, 30_000),
    { key: 'image-too-large/pixels', args: { width: 30_000, height: 30_000, megapixels: 900, max: 100 } },
  ],
  ['too many bytes', new Uint8Array(101 * 1024 * 1024), { key: 'image-too-large/bytes' }],
  ['broken SVG', svg('<rect'), { code: 'unreadable-image' }],
])('refuses %s', async (_, bytes, failure) => {
  await expect(codec.decode(bytes, whole)).rejects.toMatchObject(failure);
});

test('the worker runs without ArrayBuffer.prototype.transfer, which Node 20 lacks', async () => {
  const workerPath = join(folder, 'withoutTransfer.cjs');
  await writeFile(workerPath, "delete ArrayBuffer.prototype.transfer;\nrequire('./codecWorker.cjs');\n");
  const older = new WorkerCodec({ workerPath, threads: 1 });
  const bytes = await scene().png().toBuffer();
  for (let round = 0; round < 3; round++) {
    const raster = await older.decode(bytes, whole);
    expect(raster).toMatchObject(whole);
    expect(await older.probe((await older.encode(raster, 'png')).bytes)).toMatchObject({ format: 'png', ...whole });
  }
  await older.dispose();
});

test('only what is wrong with the image becomes a failure of the image', async () => {
  const bytes = await scene().png().toBuffer();
  const file = { bytes, format: 'png' } as const;
  await expect(decode(file, 0.5, 1)).rejects.toThrow(/^Expected positive integer/);
  await expect(probe({ ...file, bytes: bytes.subarray(0, 8) })).rejects.toMatchObject({ code: 'unreadable-image' });
});
