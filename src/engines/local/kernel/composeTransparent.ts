import { type Composition, corrections, type Layer } from './compose.ts';
import { FIELD_BITS, Field } from './field.ts';

/**
 * As `compose`, for pictures some of which are transparent: at each pixel the masks count only for what is visible there.
 * The result is as opaque as its layers together, each counted by its presence.
 */
export function composeTransparent(
  layers: readonly Layer[],
  composition: Composition,
  checkpoint: (fraction: number) => void,
): Int32Array<ArrayBuffer> {
  const { width, height } = composition.size;
  const added = corrections(layers, composition);
  const step = layers[0]!.base.step;
  const masks = layers.map(({ base, mask }) => new Field(base, mask));
  const gain = new Field(layers[0]!.base, composition.gain);
  const out = new Int32Array(width * height);
  const mask = new Float64Array(width);
  const weight = new Float64Array(width);
  const clear = new Float64Array(width);
  const sums = added.map(() => new Float64Array(width));
  const spread = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    if ((y & 63) === 0) checkpoint(y / height);
    weight.fill(0);
    clear.fill(1);
    for (const sum of sums) sum.fill(0);
    layers.forEach(({ words, presence }, i) => {
      masks[i]!.advance();
      interpolate(masks[i]!.line, step, mask);
      for (let x = 0; x < width; x++) {
        const word = words[y * width + x]!;
        const alpha = (word >>> 24) / 255;
        const counts = mask[x]! * alpha;
        weight[x] = weight[x]! + counts;
        clear[x] = clear[x]! * (1 - presence * alpha);
        for (let c = 0; c < 3; c++) sums[c]![x] = sums[c]![x]! + ((word >> (8 * c)) & 255) * counts;
      }
    });
    gain.advance();
    interpolate(gain.line, step, mask);
    added.forEach((field, c) => {
      field.advance();
      interpolate(field.line, step, spread);
      for (let x = 0; x < width; x++) {
        if (weight[x]! <= 0) continue; // nothing is visible: stays 0
        const value = (sums[c]![x]! / weight[x]!) * mask[x]! + spread[x]!;
        out[y * width + x] = out[y * width + x]! | (toByte(value) << (8 * c));
      }
    });
    for (let x = 0; x < width; x++) {
      if (weight[x]! > 0) out[y * width + x] = out[y * width + x]! | (toByte(255 * (1 - clear[x]!)) << 24);
    }
  }
  return out;
}

function interpolate(line: Int32Array, step: number, out: Float64Array): void {
  const unit = 1 / (1 << FIELD_BITS);
  for (let x = 0; x < out.length; x++) {
    const c = Math.floor(x / step);
    const value = line[c]!;
    out[x] = (value + ((line[c + 1]! - value) * (x - c * step)) / step) * unit;
  }
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
}
