import { corrections, type Layer, type Ticker } from './compose.ts';
import { dither } from './dither.ts';
import { FIELD_BITS, Fields } from './field.ts';
import type { RgbPlanes } from './oklab.ts';
import type { Size } from './pyramid.ts';

/**
 * As `compose`, for pictures some of which are transparent: at each pixel the weights count only for what is visible there,
 * and are brought up to their full sum again. The result is as opaque as its layers together, each counted by its presence.
 */
export function composeTransparent(
  out: Int32Array,
  layers: readonly Layer[],
  fused: RgbPlanes,
  size: Size,
  tick: Ticker,
): void {
  const { width, height } = size;
  const base = layers[0]!.base;
  const count = layers.length + 3;
  const fields = new Fields(size, base.size, [...layers.map(({ weights }) => weights), ...corrections(layers, fused)]);
  const values = new Float64Array(count);
  const sums = new Float64Array(3);
  const part = 1 / (1 << FIELD_BITS);
  for (let y = 0; y < height; y++) {
    if ((y & 63) === 0) tick(y / height);
    fields.advance();
    for (let x = 0; x < width; x++) {
      const place = (x + 0.5) * fields.across.part + 0.5; // the line begins one block before the picture
      const column = Math.floor(place);
      const within = place - column;
      for (let i = 0, at = column * count; i < count; i++, at++) {
        values[i] = (fields.line[at]! * (1 - within) + fields.line[at + count]! * within) * part;
      }
      let whole = 0;
      let visible = 0;
      let clear = 1;
      sums.fill(0);
      for (let i = 0; i < layers.length; i++) {
        const { words, presence } = layers[i]!;
        const word = words[y * width + x]!;
        const alpha = (word >>> 24) * (1 / 255);
        const weight = values[i]! * alpha;
        whole += values[i]!;
        visible += weight;
        clear *= 1 - presence * alpha;
        sums[0] = sums[0]! + (word & 255) * weight;
        sums[1] = sums[1]! + ((word >> 8) & 255) * weight;
        sums[2] = sums[2]! + ((word >> 16) & 255) * weight;
      }
      if (visible <= 0) {
        out[y * width + x] = 0; // nothing to see
        continue;
      }
      const scale = whole / visible;
      const added = dither(x, y);
      const red = toByte(sums[0]! * scale + values[count - 3]! + added);
      const green = toByte(sums[1]! * scale + values[count - 2]! + added);
      const blue = toByte(sums[2]! * scale + values[count - 1]! + added);
      out[y * width + x] = red | (green << 8) | (blue << 16) | (toByte(255 * (1 - clear) + 0.5) << 24);
    }
  }
}

function toByte(value: number): number {
  return Math.max(0, Math.min(255, Math.floor(value)));
}
