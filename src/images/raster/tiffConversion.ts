import { divideByAlpha } from './alpha.ts';
import { labToSrgb } from './colorMath.ts';
import { isLab, photometrics, type TiffLayout } from './tiffLayout.ts';
import { readSamples } from './tiffSamples.ts';

/** The values that are shown as black and white. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The samples, 16 bits each. CIELab becomes sRGB. */
export function convertSamples(
  bytes: Uint8Array,
  littleEndian: boolean,
  layout: TiffLayout,
  { range, palette }: { range: Range; palette: readonly number[] },
): Uint16Array {
  const { width, height, photometric, colors, alpha } = layout;
  const isPalette = photometric === photometrics.palette;
  const shown = isPalette ? 3 : colors;
  const channels = shown + (alpha ? 1 : 0);
  const data = new Uint16Array(width * height * channels);
  const isInverted = photometric === photometrics.whiteIsZero;
  const entries = 2 ** layout.bits;
  const scale = 65_535 / (range.max - range.min);
  const alphaScale = layout.format === 3 ? 65_535 : scale;
  readSamples(bytes, layout, littleEndian, (x, y, sample, value) => {
    const pixel = (y * width + x) * channels;
    if (isPalette) {
      for (let color = 0; color < 3; color++) data[pixel + color] = palette[color * entries + value] ?? 0;
    } else if (sample < colors) {
      const level = Math.min(65_535, Math.max(0, Math.round(((value || 0) - range.min) * scale)));
      data[pixel + sample] = isInverted ? 65_535 - level : level;
    } else if (sample === alpha?.sample) {
      data[pixel + shown] = Math.min(65_535, Math.max(0, Math.round((value || 0) * alphaScale)));
    }
  });
  if (alpha?.isMultiplied) divideByAlpha(data, channels);
  if (isLab(layout)) labToRgb(data, channels, layout);
  return data;
}

/** All that integers can be. Of floats, from 0 to 1 if all colors are in it, otherwise from the lowest value to the highest. */
export function rangeOf(bytes: Uint8Array, layout: TiffLayout, littleEndian: boolean): Range {
  if (layout.format !== 3) return { min: 0, max: 2 ** layout.bits - 1 };
  let min = 0;
  let max = 1;
  readSamples(bytes, layout, littleEndian, (_x, _y, sample, value) => {
    if (sample >= layout.colors || !Number.isFinite(value)) return;
    if (value < min) min = value;
    if (value > max) max = value;
  });
  // Rounding while an image was scaled puts single values slightly outside.
  return min > -0.05 && max < 1.05 ? { min: 0, max: 1 } : { min, max };
}

function labToRgb(data: Uint16Array, channels: number, { photometric, bits }: TiffLayout): void {
  const max = 2 ** bits - 1;
  const unit = 2 ** (bits - 8);
  const isSigned = photometric === photometrics.lab;
  const chroma = (level: number) => {
    const value = Math.round((level / 65_535) * max);
    if (!isSigned) return value / unit - 128;
    return (value >= 128 * unit ? value - 256 * unit : value) / unit;
  };
  const white = isSigned || bits === 8 ? 65_535 : 65_280;
  const color = new Float64Array(3);
  for (let pixel = 0; pixel < data.length; pixel += channels) {
    const lightness = ((data[pixel] ?? 0) / white) * 100;
    labToSrgb(lightness, chroma(data[pixel + 1] ?? 0), chroma(data[pixel + 2] ?? 0), color);
    for (let at = 0; at < 3; at++) data[pixel + at] = Math.round((color[at] ?? 0) * 257);
  }
}
