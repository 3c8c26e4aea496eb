import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MixFailure } from '../../src/mix/failure.ts';
import { builtCodec } from './support/builtCodec.ts';
import { exifOrientation, gifFrame, gifHead, pngChunk } from './support/rasterFiles.ts';

// Images that are turned, encoded again, wrapped and damaged at random.

let built: Awaited<ReturnType<typeof builtCodec>>;
beforeAll(async () => {
  built = await builtCodec();
});
afterAll(() => built.dispose());

const formats = ['png', 'jpeg', 'webp', 'avif', 'tiff'] as const;
const shape = {
  width: fc.integer({ min: 1, max: 60 }),
  height: fc.integer({ min: 1, max: 60 }),
  corner: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 0, max: 255 }))),
};

/** A gradient from a color, so that each corner differs. */
function gradient(width: number, height: number, [r = 0, g = 0, b = 0]: readonly number[]): Buffer {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [right, down] = [x / Math.max(1, width - 1), y / Math.max(1, height - 1)];
      data.set(
        [r + (255 - 2 * r) * right, g + (255 - 2 * g) * down, b + (255 - 2 * b) * (right + down) * 0.5],
        (y * width + x) * 3,
      );
    }
  }
  return data;
}

/** Stored with the inverse of an EXIF orientation. sharp mirrors before it rotates. */
function turned(image: Buffer, orientation: number): Sharp {
  const angle = [0, 0, 180, 180, 270, 270, 90, 90][orientation - 1] ?? 0;
  const isMirrored = [2, 4, 5, 7].includes(orientation);
  return isMirrored ? sharp(image).rotate(angle).flop() : sharp(image).rotate(angle);
}

test('whatever the orientation, format and wrapping, the image is upright and has its colors', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        ...shape,
        orientation: fc.integer({ min: 1, max: 8 }),
        format: fc.constantFrom(...formats),
        profile: fc.constantFrom('srgb', 'p3', undefined),
        junk: fc.integer({ min: 0, max: 300 }),
        lacksEnd: fc.boolean(),
        progressive: fc.boolean(),
      }),
      async ({ width, height, corner, orientation, format, profile, junk, lacksEnd, progressive }) => {
        const data = gradient(width, height, corner);
        const upright = await sharp(data, { raw: { width, height, channels: 3 } })
          .png()
          .toBuffer();
        const stored = await turned(upright, orientation).png().toBuffer();
        let image = sharp(stored).withMetadata({ orientation });
        if (profile) image = image.withIccProfile(profile);
        const options = {
          ...(format === 'png' ? {} : { quality: 100, chromaSubsampling: '4:4:4' }),
          lossless: format === 'webp',
          progressive,
          compression: format === 'tiff' ? 'lzw' : 'av1',
        };
        let bytes: Buffer = await image.toFormat(format, options as never).toBuffer();
        if (format === 'png') bytes = withOrientation(bytes, orientation);
        if (lacksEnd && format === 'jpeg') bytes = bytes.subarray(0, -2);
        else if (junk > 0 && format !== 'avif') bytes = Buffer.concat([bytes, Buffer.alloc(junk, junk)]);
        const info = await built.codec.probe(bytes);
        expect(info).toMatchObject({ format, width, height });
        expect(info.warnings.map(({ code }) => code)).toEqual(lacksEnd && format === 'jpeg' ? ['no-end'] : []);
        const raster = await built.codec.decode(bytes, { width, height });
        expect([raster.width, raster.height]).toEqual([width, height]);
        let sum = 0;
        for (let at = 0; at < width * height; at++) {
          for (let channel = 0; channel < 3; channel++) {
            sum += Math.abs((raster.data[at * 4 + channel] ?? 0) - (data[at * 3 + channel] ?? 0));
          }
          expect(raster.data[at * 4 + 3]).toBe(255);
        }
        expect(sum / data.length).toBeLessThanOrEqual(2);
      },
    ),
    { numRuns: 150 },
  );
});

/** sharp writes no `eXIf` chunk that is only an orientation, so it's put after the header. */
function withOrientation(png: Buffer, orientation: number): Buffer {
  if (png.includes('eXIf', 0, 'latin1')) return png;
  return Buffer.concat([png.subarray(0, 33), pngChunk('eXIf', exifOrientation(orientation)), png.subarray(33)]);
}

test('wherever a file is cut off, it is decoded as a whole or refused for that', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        ...shape,
        format: fc.constantFrom(...formats, 'gif' as const),
        progressive: fc.boolean(),
        part: fc.double({ min: 0.1, max: 1, noNaN: true }),
      }),
      async ({ width, height, corner, format, progressive, part }) => {
        const data = gradient(width, height, corner);
        const image = sharp(data, { raw: { width, height, channels: 3 } });
        const whole = await image.toFormat(format, { progressive } as never).toBuffer();
        const bytes = whole.subarray(0, Math.max(32, Math.floor(whole.length * part)));
        const right = await built.codec.decode(whole, { width, height });
        try {
          const found = await built.codec.decode(bytes, { width, height });
          expect(found.data).toEqual(right.data);
        } catch (error) {
          if (!(error instanceof MixFailure)) throw error;
          const expected = bytes.length === whole.length ? [] : ['cut', 'coarse', 'truncated'];
          expect(expected.map((reason) => `unreadable-image/${reason}`)).toContain(error.key);
          if (error.key === 'unreadable-image/cut') expect(error.args.percent).toBeLessThan(100);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('whatever bytes are broken, the decoder survives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        ...shape,
        format: fc.constantFrom(...formats, 'gif' as const),
        flips: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 6,
        }),
      }),
      async ({ width, height, corner, format, flips }) => {
        const image = sharp(gradient(width, height, corner), { raw: { width, height, channels: 3 } });
        const bytes = Buffer.from(await image.toFormat(format).toBuffer());
        for (const [place, value] of flips) bytes[Math.floor(place * (bytes.length - 1))] = value;
        const outcome = await built.codec.decode(bytes, { width, height }).catch((error: unknown) => error);
        if (outcome instanceof MixFailure)
          expect(outcome.key).toMatch(/^(un(readable|supported)-image|image-too-large)/);
        else expect(outcome).toHaveProperty('data');
        if (outcome instanceof MixFailure) expect(outcome.key).not.toMatch(/decoder/);
      },
    ),
    { numRuns: 200 },
  );
});

test('frames of a GIF are at their place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        screen: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
        x: fc.integer({ min: 0, max: 30 }),
        y: fc.integer({ min: 0, max: 30 }),
        width: fc.integer({ min: 1, max: 30 }),
        height: fc.integer({ min: 1, max: 30 }),
        interlaced: fc.boolean(),
        transparent: fc.constantFrom(undefined, 0, 3),
        after: fc.uint8Array({ maxLength: 60 }),
      }),
      async ({ screen: [across, down], x, y, width, height, interlaced, transparent, after }) => {
        const indexAt = (column: number, row: number) => (column + row * 3) % 4;
        const stored = interlaced ? interlacedRows(height) : Array.from({ length: height }, (_, row) => row);
        const indices = stored.flatMap((row) => Array.from({ length: width }, (_, column) => indexAt(column, row)));
        const frame = gifFrame({
          x,
          y,
          width,
          height,
          indices,
          interlaced,
          ...(transparent === undefined ? {} : { transparent }),
        });
        const raster = await built.codec.decode(Buffer.concat([gifHead(across, down), frame, after]), {
          width: 200,
          height: 200,
        });
        expect([raster.width, raster.height]).toEqual([Math.max(across, x + width), Math.max(down, y + height)]);
        const colors = [
          [0, 0, 0],
          [220, 40, 40],
          [40, 60, 220],
          [255, 255, 255],
        ];
        for (let at = 0; at < raster.width * raster.height; at++) {
          const [column, row] = [(at % raster.width) - x, Math.floor(at / raster.width) - y];
          const isInside = column >= 0 && row >= 0 && column < width && row < height;
          const index = isInside ? indexAt(column, row) : undefined;
          const right = index === undefined || index === transparent ? [0, 0, 0, 0] : [...(colors[index] ?? []), 255];
          expect([...raster.data.subarray(at * 4, at * 4 + 4)]).toEqual(right);
        }
      },
    ),
    { numRuns: 60 },
  );
});

/** The rows in the order in which an interlaced frame stores them. */
function interlacedRows(height: number): number[] {
  const all = Array.from({ length: height }, (_, row) => row);
  return [
    ...all.filter((row) => row % 8 === 0),
    ...all.filter((row) => row % 8 === 4),
    ...all.filter((row) => row % 4 === 2),
    ...all.filter((row) => row % 2 === 1),
  ];
}
