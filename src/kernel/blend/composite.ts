import type { RgbPlanes } from '../color/oklab.ts';
import { arena } from '../math/arena.ts';
import type { Checkpoint } from '../preparedImage.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';
import { BilinearUpsampler, FRACTION_BITS } from '../sampling/bilinearUpsampler.ts';
import { dither } from '../sampling/dither.ts';
import type { LowResImage } from '../sampling/lowRes.ts';
import { Blender, type WeightedLayer } from './blender.ts';

/** An image whose pixels go into the result. */
export interface Layer extends WeightedLayer {
  readonly lowRes: LowResImage;
  /** Factor on the image's alpha for the alpha of the result, 0 to 1. */
  readonly opacity: number;
}

/**
 * fused − Σ weight × lowRes, per channel: what to add to Σ weight × pixel for the result. The planes belong to the
 * arena.
 */
function corrections(layers: readonly Layer[], fused: RgbPlanes): Float32Array[] {
  return (['r', 'g', 'b'] as const).map((channel) => {
    const correction = arena.floats(fused[channel].length);
    correction.set(fused[channel]);
    for (const { lowRes, weights } of layers) subtractWeighted(correction, weights, lowRes[channel]);
    return correction;
  });
}

function subtractWeighted(from: Float32Array, weights: Float32Array, plane: Float32Array): void {
  for (let p = 0; p < from.length; p++) from[p] = from[p]! - weights[p]! * plane[p]!;
}

/** Approximate number of rows between two progress reports. */
const ROWS_PER_TICK = 64;

/**
 * Adds the images' own detail to the fused low-res image: out = Σ weight × (pixel − lowRes) + fused, where weights, low-res and fused
 * images are upsampled bilinearly. Everything finer than the low-res image comes from the pixels, and a single image is returned
 * unchanged. For opaque images only; fixed-point arithmetic.
 */
export function compositeOpaque(
  out: Int32Array,
  layers: readonly Layer[],
  fused: RgbPlanes,
  size: Size,
  tick: Checkpoint,
): void {
  const blender = new Blender(layers, corrections(layers, fused), size, layers[0]!.lowRes.size);
  for (let y = 0, next = 0; y < size.height; ) {
    if (y >= next) {
      tick(y / size.height);
      next = y + ROWS_PER_TICK;
    }
    y += blender.blend(out);
  }
}

/**
 * Like `compositeOpaque`, for images with transparency: each weight is multiplied by the pixel's alpha, and the weights are renormalized.
 * The alpha of the result is 1 − Π (1 − opacity × alpha).
 */
export function compositeTransparent(
  out: Int32Array,
  layers: readonly Layer[],
  fused: RgbPlanes,
  size: Size,
  tick: Checkpoint,
): void {
  const { width, height } = size;
  const { lowRes } = layers[0]!;
  const count = layers.length + 3;
  const upsampler = new BilinearUpsampler(size, lowRes.size, [
    ...layers.map(({ weights }) => weights),
    ...corrections(layers, fused),
  ]);
  const values = new Float64Array(count);
  const sums = new Float64Array(3);
  const unit = 1 / (1 << FRACTION_BITS);
  for (let y = 0; y < height; y++) {
    if ((y & 63) === 0) tick(y / height);
    upsampler.advance();
    for (let x = 0; x < width; x++) {
      const position = (x + 0.5) * upsampler.across.nodesPerPixel + 0.5; // the line starts one node before the image
      const column = Math.floor(position);
      const fraction = position - column;
      for (let i = 0, at = column * count; i < count; i++, at++) {
        values[i] = (upsampler.line[at]! * (1 - fraction) + upsampler.line[at + count]! * fraction) * unit;
      }
      let total = 0;
      let visible = 0;
      let transparency = 1;
      sums.fill(0);
      for (let i = 0; i < layers.length; i++) {
        const { pixels, opacity } = layers[i]!;
        const word = pixels[y * width + x]!;
        const alpha = (word >>> 24) * (1 / 255);
        const weight = values[i]! * alpha;
        total += values[i]!;
        visible += weight;
        transparency *= 1 - opacity * alpha;
        sums[0] = sums[0]! + (word & 255) * weight;
        sums[1] = sums[1]! + ((word >> 8) & 255) * weight;
        sums[2] = sums[2]! + ((word >> 16) & 255) * weight;
      }
      if (visible <= 0) {
        out[y * width + x] = 0; // fully transparent
        continue;
      }
      const scale = total / visible;
      const offset = dither(x, y);
      const red = floorToByte(sums[0]! * scale + values[count - 3]! + offset);
      const green = floorToByte(sums[1]! * scale + values[count - 2]! + offset);
      const blue = floorToByte(sums[2]! * scale + values[count - 1]! + offset);
      out[y * width + x] = red | (green << 8) | (blue << 16) | (floorToByte(255 * (1 - transparency) + 0.5) << 24);
    }
  }
}

function floorToByte(value: number): number {
  return Math.max(0, Math.min(255, Math.floor(value)));
}
