import { expect, test } from 'vitest';
import { KernelHandler } from '../../src/engines/local/kernelHandler.ts';
import { pattern } from './test-rasters.ts';

const jobOf = (side: number, keys: readonly string[], samples = 1) => ({
  width: side,
  height: side,
  seed: 1,
  guidanceScale: 7.5,
  samples,
  images: keys.map((key) => ({ key, weight: 0.5 })),
  cancelFlag: new SharedArrayBuffer(4),
});

test('the cache of prepared images is bounded by their bytes', () => {
  const handler = new KernelHandler(5_000_000);
  const missing = (id: string, side: number) =>
    handler.run(id, { kind: 'open', job: jobOf(side, ['a', 'b']) }, () => {});
  for (const side of [256, 1024]) {
    expect(missing(`first ${side}`, side)).toMatchObject({ missing: [{ image: 0 }, { image: 1 }] });
    for (const image of [0, 1]) {
      handler.run(
        `first ${side}`,
        { kind: 'add', image, enlarged: false, raster: pattern(image, side, side) },
        () => {},
      );
    }
    expect(handler.run(`first ${side}`, { kind: 'mix', sample: 0 }, () => {})).toMatchObject({ width: side });
    handler.run(`first ${side}`, { kind: 'close' }, () => {});
  }
  expect(missing('small again', 256)).toEqual({ missing: [] });
  expect(missing('large again', 1024)).toMatchObject({ missing: [{ image: 0 }, { image: 1 }] }); // 4 MB each
});

test('later samples need only the enlarged images', () => {
  const handler = new KernelHandler(0x1000);
  handler.run('job', { kind: 'open', job: jobOf(64, ['a'], 2) }, () => {});
  for (const enlarged of [false, true]) {
    handler.run('job', { kind: 'add', image: 0, enlarged, raster: pattern(1, 96, 96) }, () => {});
  }
  const mix = (sample: number) => handler.run('job', { kind: 'mix', sample }, () => {});
  expect(mix(0)).toMatchObject({ width: 64 });
  expect(mix(1)).toMatchObject({ width: 64 });
  expect(() => mix(0)).toThrow(); // its images are freed
});
