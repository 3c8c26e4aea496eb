import { expect, test } from 'vitest';
import type { Raster } from '../../src/images/codec.ts';
import { coverage, prepare } from '../../src/kernel/kernel.ts';
import { overlayCoverage } from '../../src/webview/coverageOverlay.ts';

const side = 96;
const settings = { seed: 7, guidanceScale: 7.5 };

/** A pattern that differs by `step`. */
function pattern(step: number): Raster {
  const data = new Uint8ClampedArray(4 * side * side);
  for (let p = 0; p < side * side; p++) {
    const [x, y] = [p % side, Math.floor(p / side)];
    data.set([(x * step) % 256, (y * step) % 256, (x * y) % 256, 255], 4 * p);
  }
  return { width: side, height: side, data };
}

const prepared = [2, 5, 9].map((step) => prepare(pattern(step), { width: side, height: side }));

function mean(plane: Float32Array = new Float32Array(1)): number {
  return plane.reduce((sum, value) => sum + value, 0) / plane.length;
}

test('each image covers its share, in the order of the list, and shares sum to 1', () => {
  const { parts } = coverage(prepared, [0.2, 0, 0.6], settings);
  expect(mean(parts[0])).toBeCloseTo(0.25, 1);
  expect(mean(parts[1])).toBe(0);
  expect(mean(parts[2])).toBeCloseTo(0.75, 1);
  const sums = [...(parts[0] ?? [])].map((part, p) => part + (parts[1]?.[p] ?? 0) + (parts[2]?.[p] ?? 0));
  expect(Math.max(...sums.map((sum) => Math.abs(sum - 1)))).toBeLessThan(1e-5);
});

test('equal images divide their mask by weight', () => {
  const [one, other] = prepared;
  if (!one || !other) throw new Error('No images');
  const { parts } = coverage([one, other, one], [0.1, 0.6, 0.3], settings);
  expect(mean(parts[2]) / mean(parts[0])).toBeCloseTo(3, 5);
});

test('a pixel takes the color of the image that covers it and keeps its lightness', () => {
  const raster = pattern(3);
  const size = { width: 2, height: 1 };
  const parts = [new Float32Array([1, 0]), new Float32Array([0, 1])];
  overlayCoverage(raster, { size, parts }, [
    [255, 0, 0],
    [0, 0, 255],
  ]);
  const pixel = (x: number) => [...raster.data.slice(4 * x, 4 * x + 4)];
  const [left, right] = [pixel(0), pixel(side - 1)];
  expect(left[0]).toBeGreaterThan((left[2] ?? 0) + 100);
  expect(right[2]).toBeGreaterThan((right[0] ?? 0) + 100);
  expect(left[3]).toBe(255);
});
