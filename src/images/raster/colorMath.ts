/** Writes the color of CIELab (D50) as sRGB into the first three places of `rgb`, each from 0 to 255 and not rounded. */
export function labToSrgb(lightness: number, a: number, b: number, rgb: Float64Array): void {
  const fy = (lightness + 16) / 116;
  const x = 0.9642 * fromCube(fy + a / 500);
  const y = fromCube(fy);
  const z = 0.8249 * fromCube(fy - b / 200);
  rgb[0] = encodeSrgb(3.1338561 * x - 1.6168667 * y - 0.4906146 * z);
  rgb[1] = encodeSrgb(-0.9787684 * x + 1.9161415 * y + 0.033454 * z);
  rgb[2] = encodeSrgb(0.0719453 * x - 0.2289914 * y + 1.4052427 * z);
}

const fromCube = (value: number) => (value > 6 / 29 ? value * value * value : 3 * (6 / 29) ** 2 * (value - 4 / 29));

const steps = 4096;
const encoded = Float32Array.from({ length: steps + 1 }, (_, at) => {
  const linear = at / steps;
  return 255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055);
});

/** The level from 0 to 255 of linear light. */
export function encodeSrgb(linear: number): number {
  if (linear <= 0) return 0;
  if (linear >= 1) return 255;
  if (linear <= 0.0031308) return 255 * 12.92 * linear;
  const at = linear * steps;
  const low = Math.floor(at);
  const one = encoded[low] ?? 0;
  return one + ((encoded[low + 1] ?? 255) - one) * (at - low);
}

/** Linear light of a level from 0 to 1. */
export const decodeSrgb = (level: number): number =>
  level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
