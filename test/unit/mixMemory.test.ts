import { expect, test } from 'vitest';
import { freeMemory, type MixSize, mixBytes, requireMemory } from '../../src/engines/local/mixMemory.ts';
import { MixFailure } from '../../src/mix/failure.ts';

const gigabyte = 1e9;
const photograph = { format: 'jpeg', width: 4000, height: 3000, hasAlpha: false };
const photographs = (count: number) => Array.from({ length: count }, () => photograph);

function failureOf(size: MixSize, free: number): MixFailure | undefined {
  try {
    requireMemory(size, free);
    return undefined;
  } catch (error) {
    if (error instanceof MixFailure) return error;
    throw error;
  }
}

// The peaks were measured, less what the process took before.
test.each([
  ['2 photographs', { width: 4096, height: 4096, samples: 1, images: photographs(2) }, 0.62, 1.3],
  ['10 photographs', { width: 4096, height: 4096, samples: 1, images: photographs(10) }, 1.57, 2],
  ['4 photographs, 2 samples', { width: 4096, height: 4096, samples: 2, images: photographs(4) }, 1.35, 2],
  [
    '3 transparent images',
    { width: 4096, height: 4096, samples: 1, images: photographs(3).map((image) => ({ ...image, hasAlpha: true })) },
    1.18,
    2,
  ],
  [
    '2 images of 90 megapixels, 2 samples',
    {
      width: 4096,
      height: 4096,
      samples: 2,
      images: photographs(2).map((image) => ({ ...image, width: 10_000, height: 9000 })),
    },
    1.38,
    2.5,
  ],
  ...(
    [
      ['gif', 70, 0.62, 1.1],
      ['webp', 70, 0.3, 0.7],
      ['avif', 70, 1.22, 1.7],
      ['tiff', 99, 1.97, 2.5],
    ] as const
  ).map(
    ([format, megapixels, measured, most]) =>
      [
        `a ${format} of ${megapixels} megapixels`,
        {
          width: 1024,
          height: 1024,
          samples: 1,
          images: [{ ...photograph, format, width: 10_000, height: megapixels * 100 }],
        },
        measured,
        most,
      ] as [string, MixSize, number, number],
  ),
])('the estimate covers what %s took, and not much more', (_, size, measured, most) => {
  expect(mixBytes(size) / gigabyte).toBeGreaterThan(measured);
  expect(mixBytes(size) / gigabyte).toBeLessThan(most);
});

test('a mix that needs more memory than is free is refused, with what to change', () => {
  const large = { width: 4096, height: 4096, samples: 4, images: photographs(10) };
  const failure = failureOf(large, gigabyte);
  expect(failure).toMatchObject({ key: 'generation-failed/no-memory', args: { free: 953 } });
  expect(Number(failure?.args.needed)).toBeGreaterThan(953);
  expect(failureOf(large, 8 * gigabyte)).toBeUndefined();
  expect(failureOf({ ...large, width: 1024, height: 1024 }, gigabyte)).toBeUndefined();
});

test('the usual sizes are mixed whatever the system says about its memory', () => {
  expect(failureOf({ width: 1024, height: 1024, samples: 1, images: photographs(5) }, 0)).toBeUndefined();
  expect(freeMemory()).toBeGreaterThan(0);
});

test('an SVG is drawn at the size that is needed', () => {
  const icon = { format: 'svg', width: 16, height: 16, hasAlpha: true };
  const size = { width: 4096, height: 4096, samples: 1 };
  expect(mixBytes({ ...size, images: [icon] })).toBeGreaterThan(
    mixBytes({ ...size, images: [{ ...icon, format: 'png' }] }) + 64 * 1024 * 1024,
  );
});
