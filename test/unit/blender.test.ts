import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blendModule, blendModulePath } from '../../scripts/blend-wasm.ts';
import { Blender } from '../../src/kernel/blend/blender.ts';
import { randomStream } from '../../src/kernel/math/contentHash.ts';
import type { Size } from '../../src/kernel/pyramid/laplacianPyramid.ts';
import { dither } from '../../src/kernel/sampling/dither.ts';

test('blendWasm.ts is assembled from blend.wat', async () => {
  expect(await readFile(blendModulePath, 'utf8')).toBe(await blendModule());
});

/** The value of a low-res plane at a full-size pixel: bilinear between the centers of blocks, borders repeated. */
function interpolated(plane: Float32Array, lowRes: Size, size: Size, x: number, y: number): number {
  const place = (at: number, pixels: number, nodes: number) =>
    Math.max(0, Math.min(nodes - 1, ((at + 0.5) * nodes) / pixels - 0.5));
  const across = place(x, size.width, lowRes.width);
  const down = place(y, size.height, lowRes.height);
  const value = (column: number, row: number) =>
    plane[Math.min(row, lowRes.height - 1) * lowRes.width + Math.min(column, lowRes.width - 1)] ?? 0;
  const [left, top] = [Math.floor(across), Math.floor(down)];
  const mixed = (one: number, other: number, part: number) => one * (1 - part) + other * part;
  return mixed(
    mixed(value(left, top), value(left + 1, top), across - left),
    mixed(value(left, top + 1), value(left + 1, top + 1), across - left),
    down - top,
  );
}

const sides = fc.record({ pixels: fc.integer({ min: 1, max: 40 }), part: fc.double({ min: 0, max: 1, noNaN: true }) });

test('layers of any number and size are blended by their weights and corrections', () => {
  fc.assert(
    fc.property(
      sides,
      sides,
      fc.integer({ min: 1, max: 10 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (across, down, count, numbers) => {
        const random = () => numbers.next().value ?? 0;
        const size = { width: across.pixels, height: down.pixels };
        const nodes = ({ pixels, part }: { pixels: number; part: number }) => 1 + Math.floor(part * (pixels - 1));
        const lowRes = { width: nodes(across), height: nodes(down) };
        const plane = (from: number, to: number) =>
          Float32Array.from({ length: lowRes.width * lowRes.height }, () => from + random() * (to - from));
        const corrections = [plane(-200, 200), plane(-200, 200), plane(-200, 200)];
        const randomPixels = () =>
          Int32Array.from({ length: size.width * size.height }, () => Math.floor(random() * 2 ** 24) | (255 << 24));
        const layers = Array.from({ length: count }, () => ({ pixels: randomPixels(), weights: plane(-0.2, 1.2) }));
        const blender = new Blender(layers, corrections, size, lowRes);
        const out = new Int32Array(size.width * size.height);
        for (let y = 0; y < size.height; ) y += blender.blend(out);
        for (let y = 0; y < size.height; y++) {
          for (let x = 0; x < size.width; x++) {
            const at = y * size.width + x;
            for (const [channel, correction] of corrections.entries()) {
              let sum = interpolated(correction, lowRes, size, x, y);
              for (const { pixels, weights } of layers) {
                sum += interpolated(weights, lowRes, size, x, y) * (((pixels[at] ?? 0) >> (8 * channel)) & 255);
              }
              const made = ((out[at] ?? 0) >> (8 * channel)) & 255;
              const dithered = Math.max(0, Math.min(255, sum + dither(x, y) - 0.5));
              expect(Math.abs(made - dithered)).toBeLessThan(0.51);
            }
            expect((out[at] ?? 0) >>> 24).toBe(255);
          }
        }
      },
    ),
  );
});

test('in a large result too, pixels that all layers share come out unchanged', () => {
  const size = { width: 4096, height: 64 };
  const lowRes = { width: 192, height: 3 };
  const nodes = lowRes.width * lowRes.height;
  const random = randomStream(1);
  const scores = Array.from({ length: nodes }, () => [random(), random(), random()]);
  const weights = [0, 1, 2].map((i) =>
    Float32Array.from(scores, (score) => (score[i] ?? 0) / score.reduce((sum, value) => sum + value, 0)),
  );
  const pixels = Int32Array.from(
    { length: size.width * size.height },
    () => Math.floor(random() * 2 ** 24) | (255 << 24),
  );
  const corrections = [0, 1, 2].map(() => new Float32Array(nodes));
  const blender = new Blender(
    weights.map((plane) => ({ pixels, weights: plane })),
    corrections,
    size,
    lowRes,
  );
  const out = new Int32Array(pixels.length);
  for (let y = 0; y < size.height; ) y += blender.blend(out);
  expect(Buffer.compare(Buffer.from(out.buffer), Buffer.from(pixels.buffer))).toBe(0);
});
