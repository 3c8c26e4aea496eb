import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Raster } from '../../src/images/codec.ts';
import { mix, mixRasters, type PreparedImage, prepare } from '../../src/kernel/kernel.ts';
import { drawn, flat, meanDifference, pattern, photograph, photographNames } from './test-rasters.ts';

vi.setConfig({ testTimeout: 60_000 }); // slow machines, busy with other things

const side = 160;
const settings = { seed: 1, guidanceScale: 7.5 };
const size = { width: side, height: side };

/** Photographs, tinted parts of them, and computed patterns: squares of that side. */
async function mixture(side: number): Promise<Raster[]> {
  return [
    await photograph('flower', side, side),
    await photograph('mountains', side, side),
    await photograph('flower', side, side, { position: 'left top', tint: '#c02040' }),
    await photograph('mountains', side, side, { position: 'right bottom', tint: '#2060c0' }),
    pattern(1, side, side),
    pattern(2, side, side),
  ];
}

/** The inputs of the tests. */
let rasters: readonly Raster[];
let images: readonly PreparedImage[];
/** All photographs, raw and prepared. */
let photographs: readonly { readonly raster: Raster; readonly image: PreparedImage }[];
beforeAll(async () => {
  photographs = await Promise.all(
    photographNames.map(async (name) => {
      const raster = await photograph(name, side, side);
      return { raster, image: prepare(raster, size) };
    }),
  );
  rasters = await mixture(side);
  images = rasters.map((raster) => prepare(raster, size));
});
const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index];
  if (item === undefined) throw new RangeError(`Nothing at ${index}`);
  return item;
};
/** Whether two rasters are equal byte for byte. */
const same = (one: Raster, other: Raster) => Buffer.from(one.data.buffer).equals(Buffer.from(other.data.buffer));
/** All pairs of indices below `count`. */
const twoOf = (count: number) =>
  Array.from({ length: count }, (_, one) => one).flatMap((one) =>
    Array.from({ length: count - one - 1 }, (_, i) => [one, one + 1 + i] as const),
  );

describe('a single image', () => {
  test('is returned byte for byte, whatever the others are', () => {
    images.forEach((_, i) => {
      const weights = images.map((_, k) => (k === i ? 0.3 : 0));
      expect(same(mix(images, weights, settings), at(rasters, i))).toBe(true);
    });
  });

  test('keeps its alpha and the colors of its transparent pixels', () => {
    const sticker = drawn(64, 64, (x, y) => [x * 4, y * 4, 9, (x - 32) ** 2 + (y - 32) ** 2 < 400 ? 255 : x]);
    const alone = mixRasters([sticker, flat(64, 64, 1, 2, 3)], [1, 0], { ...settings, width: 64, height: 64 });
    expect(same(alone, sticker)).toBe(true);
  });

  test('hardly changes beside an image of weight 0.01', () => {
    for (const [one, other] of twoOf(photographs.length).flatMap(([i, k]) => [[i, k] as const, [k, i] as const])) {
      const mixed = mix([at(photographs, one).image, at(photographs, other).image], [0.99, 0.01], settings);
      expect(meanDifference(mixed, at(photographs, one).raster)).toBeLessThanOrEqual(1.5);
    }
  });
});

describe('similar images', () => {
  test('give that image unchanged if they are identical', () => {
    const copies = [0, 1, 2].map(() => prepare(at(rasters, 0), size));
    expect(same(mix(copies, [0.2, 0.5, 0.3], settings), at(rasters, 0))).toBe(true);
  });

  test.each([0, 1, 4])('give almost that image if one pixel differs (%i)', (index) => {
    const original = at(rasters, index);
    const data = original.data.slice();
    data.set([255, 0, 255], 4 * (50 * side + 60));
    const changed = prepare({ ...original, data }, size);
    const mixed = mix([at(images, index), changed, at(images, index)], [0.4, 0.3, 0.3], settings);
    expect(meanDifference(mixed, original)).toBeLessThanOrEqual(0.5);
  });
});

test("the order of the images doesn't matter", () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 2 }),
      fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
      (order, weights) => {
        const run = (indices: readonly number[]) =>
          mix(
            indices.map((i) => at(images, i)),
            indices.map((i) => at(weights, i)),
            settings,
          );
        const ascending = [...order].sort((one, other) => one - other);
        expect(same(run(order), run(ascending))).toBe(true);
      },
    ),
    { numRuns: 6, seed: 4 },
  );
});

describe('a weight', () => {
  test('changes the result gradually', () => {
    for (const [i, k] of twoOf(photographs.length)) {
      const [one, other] = [at(photographs, i), at(photographs, k)];
      for (const weight of [0.01, 0.03, 0.07, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.98]) {
        const at = (share: number) => mix([one.image, other.image], [share, 1 - share], settings);
        expect(meanDifference(at(weight), at(weight + 0.01))).toBeLessThanOrEqual(1.5);
      }
    }
  });

  test.each([2, 3, 5])('is a share of the result, measured in its pixels alone (%i images)', async (count) => {
    const colors = [
      [255, 40, 40],
      [40, 60, 255],
      [40, 220, 60],
      [250, 250, 250],
      [30, 30, 30],
    ].slice(0, count);
    const sources = colors.map((color, i) => inColor(at(rasters, i), color));
    const inputs = sources.map((raster) => prepare(raster, size));
    for (const weight of [0.05, 0.25, 0.5, 0.75, 0.95]) {
      const weights = colors.map((_, i) => (i === 0 ? weight : (1 - weight) / (count - 1)));
      const shares = sharesOf(mix(inputs, weights, settings), sources);
      const errors = shares.map((share, i) => Math.abs(share - at(weights, i)));
      expect(Math.max(...errors)).toBeLessThanOrEqual(0.03);
    }
  });

  test('of 1e-3 hardly changes the result', () => {
    const mixed = mix(images, [1, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3], settings);
    expect(meanDifference(mixed, at(rasters, 0))).toBeLessThanOrEqual(1.5);
  });
});

/** The raster as shades of one color. */
function inColor({ width, height, data }: Raster, color: readonly number[]): Raster {
  return drawn(width, height, (x, y) => {
    const from = 4 * (y * width + x);
    const light = 0.55 + (0.45 * ((data[from] ?? 0) + (data[from + 1] ?? 0) + (data[from + 2] ?? 0))) / 765;
    return [at(color, 0) * light, at(color, 1) * light, at(color, 2) * light];
  });
}

/** For each source the fraction of pixels whose color is nearest to its mean color. */
function sharesOf({ data }: Raster, sources: readonly Raster[]): number[] {
  const means = sources.map(({ data }) =>
    [0, 1, 2].map((c) => data.filter((_, i) => i % 4 === c).reduce((a, b) => a + b) / (data.length / 4)),
  );
  const counts = sources.map(() => 0);
  for (let i = 0; i < data.length; i += 4) {
    const away = means.map((mean) => mean.reduce((sum, value, c) => sum + (value - (data[i + c] ?? 0)) ** 2, 0));
    const nearest = away.indexOf(Math.min(...away));
    counts[nearest] = at(counts, nearest) + 1;
  }
  return counts.map((count) => count / (data.length / 4));
}

test('five images keep their contrast, detail and chroma', () => {
  const five = [0, 1, 2, 3, 4];
  const mixed = measure(
    mix(
      five.map((i) => at(images, i)),
      [1, 1, 1, 1, 1],
      settings,
    ),
  );
  const before = five.map((i) => measure(at(rasters, i)));
  const kept = (part: keyof Measurements) =>
    mixed[part] / (before.reduce((sum, one) => sum + one[part], 0) / five.length);
  expect(kept('contrast')).toBeGreaterThanOrEqual(0.95);
  expect(kept('detail')).toBeGreaterThanOrEqual(0.95);
  expect(kept('chroma')).toBeGreaterThanOrEqual(0.88);
});

interface Measurements {
  readonly contrast: number;
  readonly detail: number;
  readonly chroma: number;
}

/** Standard deviation and mean gradient of lightness, and mean chroma, of sRGB values. */
function measure({ width, height, data }: Raster): Measurements {
  const light = new Float64Array(width * height);
  let chroma = 0;
  for (let i = 0; i < light.length; i++) {
    const [r, g, b] = [data[4 * i] ?? 0, data[4 * i + 1] ?? 0, data[4 * i + 2] ?? 0];
    light[i] = 0.3 * r + 0.6 * g + 0.1 * b;
    chroma += Math.hypot(r - g, 0.5 * (r + g) - b);
  }
  const middle = light.reduce((sum, value) => sum + value, 0) / light.length;
  const squares = light.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  let steps = 0;
  for (let i = width; i < light.length; i++) {
    steps += Math.hypot(at2(light, i) - at2(light, i - 1), at2(light, i) - at2(light, i - width));
  }
  return { contrast: Math.sqrt(squares / light.length), detail: steps / light.length, chroma: chroma / light.length };
}
const at2 = (values: Float64Array, index: number) => values[index] ?? 0;

test('a preview matches the final result', async () => {
  const large = [await photograph('flower', 1024, 1024), await photograph('mountains', 1024, 1024)];
  const final = shrink(mixRasters(large, [0.4, 0.6], { ...settings, width: 1024, height: 1024 }), 256);
  const preview = shrink(mixRasters(large, [0.4, 0.6], { ...settings, width: 512, height: 512 }), 256);
  let squares = 0;
  for (let i = 0; i < final.length; i++) squares += (at2(final, i) - at2(preview, i)) ** 2;
  const decibels = 10 * Math.log10((255 * 255) / (squares / final.length));
  expect(decibels).toBeGreaterThanOrEqual(40);
});

test.each([2, 3, 5])('a coarse mix, as drawn during a drag, matches the full one (%i images)', async (count) => {
  const preview = { width: 384, height: 384 };
  const sources = (await mixture(preview.width)).slice(0, count);
  const mixed = (coarse: boolean) =>
    mix(
      sources.map((raster) => prepare(raster, { ...preview, coarse })),
      sources.map((_, i) => 0.3 + 0.1 * i),
      settings,
    );
  expect(meanDifference(mixed(true), mixed(false))).toBeLessThanOrEqual(3);
});

/** Means of square blocks, channel by channel. */
function shrink({ width, data }: Raster, target: number): Float64Array {
  const block = width / target;
  const out = new Float64Array(target * target * 3);
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      const to = (Math.floor(y / block) * target + Math.floor(x / block)) * 3;
      for (let c = 0; c < 3; c++)
        out[to + c] = at2(out, to + c) + (data[4 * (y * width + x) + c] ?? 0) / (block * block);
    }
  }
  return out;
}

describe('any image', () => {
  const odd: Record<string, () => Raster> = {
    flat: () => flat(80, 60, 120, 130, 140),
    black: () => flat(70, 70, 0, 0, 0),
    white: () => flat(70, 70, 255, 255, 255),
    transparent: () => flat(90, 50, 10, 20, 30, 0),
    'half transparent': () => drawn(64, 64, (x, y) => [x * 4, y * 4, 99, x < 32 ? 255 : 0]),
    'one pixel': () => flat(1, 1, 200, 100, 50),
    'very wide': () => pattern(1, 8000, 10),
    'very tall': () => pattern(2, 3, 900),
  };
  const names = Object.keys(odd);
  const make = (name: string) => at(Object.values(odd), names.indexOf(name))();

  test.each(names)('can be mixed with any other: %s', (name) => {
    for (const other of names) {
      const mixed = mixRasters([make(name), make(other)], [0.7, 0.3], { ...settings, width: 96, height: 64 });
      expect([mixed.width, mixed.height, mixed.data.length]).toEqual([96, 64, 96 * 64 * 4]);
    }
  });

  test('can be mixed with nine others, at any size from 1 × 1 and any guidance scale', () => {
    const ten = [...names.map(make), pattern(3, 50, 40), pattern(4, 40, 50)];
    for (const [width, height] of [
      [1, 1],
      [2, 7],
      [64, 64],
      [200, 64],
      [64, 333],
    ] as const) {
      for (const guidanceScale of [1, 20]) {
        const weights = ten.map((_, i) => (i + 1) / 10);
        const mixed = mixRasters(ten, weights, { seed: 2 ** 32 - 1, guidanceScale, width, height });
        expect(mixed.data).toHaveLength(width * height * 4);
      }
    }
  });

  test('black and white give grays without seams', () => {
    const mixed = mixRasters([flat(128, 128, 0, 0, 0), flat(128, 128, 255, 255, 255)], [0.5, 0.5], {
      ...settings,
      ...{ width: 256, height: 256 },
    });
    let steepest = 0;
    for (let i = 4; i < mixed.data.length; i += 4) {
      expect(Math.abs((mixed.data[i] ?? 0) - (mixed.data[i + 2] ?? 0))).toBeLessThanOrEqual(1);
      if ((i / 4) % 256 > 0) steepest = Math.max(steepest, Math.abs((mixed.data[i] ?? 0) - (mixed.data[i - 4] ?? 0)));
    }
    expect(steepest).toBeLessThanOrEqual(40); // a seam would be a step of most of 255
  });

  test('shows through transparent parts of another', () => {
    const sticker = drawn(128, 128, (x) => [250, 20, 20, x < 64 ? 255 : 0]);
    const ground = flat(128, 128, 20, 60, 200);
    const mixed = mixRasters([sticker, ground], [0.5, 0.5], { ...settings, width: 128, height: 128 });
    const pixel = (x: number) => [...mixed.data.subarray(4 * (64 * 128 + x), 4 * (64 * 128 + x) + 4)];
    expect(pixel(120)[3]).toBe(255);
    expect(pixel(120)[2]).toBeGreaterThan(150);
    expect(pixel(8)[0]).toBeGreaterThan(pixel(120)[0] ?? 255);
  });
});

test('throws if no weight is above 0 or sizes differ', () => {
  expect(() => mix(images, [], settings)).toThrow(RangeError);
  const smaller = prepare(at(rasters, 0), { width: 64, height: 64 });
  expect(() => mix([at(images, 1), smaller], [1, 1], settings)).toThrow(RangeError);
});

test('the checkpoint is called often with the progress, and cancels by throwing', () => {
  const fractions: number[] = [];
  prepare(at(rasters, 0), size, (fraction) => fractions.push(fraction));
  expect(fractions.length).toBeGreaterThanOrEqual(4);
  fractions.length = 0;
  mix([at(images, 0), at(images, 1)], [1, 1], settings, (fraction) => fractions.push(fraction));
  expect(fractions.length).toBeGreaterThanOrEqual(6);
  expect(fractions).toEqual([...fractions].sort((one, other) => one - other));
  expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
  const stop = new Error('stop');
  expect(() =>
    mix([at(images, 0), at(images, 1)], [1, 1], settings, (fraction) => {
      if (fraction > 0.5) throw stop;
    }),
  ).toThrow(stop);
});

describe('the seed, the samples and the guidance scale', () => {
  const two = () => [at(rasters, 0), at(rasters, 1)];
  test('equal seeds give equal results, different seeds different ones', () => {
    const run = (seed: number) => mixRasters(two(), [1, 1], { ...settings, ...size, seed });
    expect(same(run(7), run(7))).toBe(true);
    expect(meanDifference(run(7), run(8))).toBeGreaterThan(1);
  });

  test('each sample frames the images differently', () => {
    const samples = [0, 1, 2, 3].map((sample) => mixRasters(two(), [1, 1], { ...settings, ...size, sample }));
    for (const one of samples) {
      for (const other of samples) if (one !== other) expect(meanDifference(one, other)).toBeGreaterThan(5);
    }
  });

  test('the guidance scale leads from a double exposure to a collage', () => {
    const both = [flat(96, 96, 200, 40, 40), flat(96, 96, 40, 40, 200)];
    const between = [1, 7.5, 20].map((guidanceScale) => {
      const { data } = mixRasters(both, [1, 1], { seed: 1, guidanceScale, width: 96, height: 96 });
      const reds = data.filter((_, i) => i % 4 === 0);
      return Math.max(...reds) - Math.min(...reds);
    });
    expect(between[0]).toBeLessThan(40);
    expect(between[1]).toBeGreaterThan(80);
    expect(between[2]).toBeGreaterThan(80);
  });
});

test('preparing a large transparent image can be canceled while its pixels are filled and scaled down', () => {
  const image = flat(64, 1024, 200, 30, 30, 100);
  for (const step of [0.4, 0.5]) {
    let calls = 0;
    const cancel = (fraction: number) => {
      if (fraction === step && ++calls === 3) throw new Error('enough');
    };
    expect(() => prepare(image, { width: 64, height: 1024 }, cancel)).toThrow('enough');
  }
});

test('an image is cropped to its salient part', () => {
  const spot = (x: number) => (x > 200 && x < 240 ? ([250, 60, 20] as const) : ([120, 125, 130] as const));
  const { data } = mixRasters([drawn(256, 64, spot)], [1], { ...settings, width: 64, height: 64 });
  expect(data.filter((value, i) => i % 4 === 0 && value === 250)).toHaveLength(39 * 64);
});

// test/ui/local-golden.spec.ts runs the same mixes in a browser.
test.each([
  { count: 2, width: 64, height: 64, sample: 0, hash: '0036c520793d633e' },
  { count: 3, width: 100, height: 70, sample: 1, hash: '625a5b50a0b3b937' },
  { count: 5, width: 90, height: 120, sample: 3, hash: '92faab78f275895b' },
])('golden: $count images, $width × $height, sample $sample', ({ count, width, height, sample, hash }) => {
  const inputs = Array.from({ length: count }, (_, kind) => pattern(kind, 120, 90));
  const weights = inputs.map((_, i) => (i + 1) / 10);
  const mixed = mixRasters(inputs, weights, { width, height, sample, seed: 42, guidanceScale: 7.5 });
  expect(createHash('sha256').update(mixed.data).digest('hex').slice(0, 16)).toBe(hash);
});
