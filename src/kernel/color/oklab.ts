import { arena } from '../math/arena.ts';
import { cbrt, root } from '../math/deterministicMath.ts';

/**
 * Oklab (Björn Ottosson, https://bottosson.github.io/posts/oklab/): lightness `l` from 0 to 1 and the opponent axes
 * `a` (green–red) and `b` (blue–yellow), one plane each, all of the same size.
 */
export interface LabPlanes {
  readonly l: Float32Array;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** Gamma-encoded sRGB, 0 to 255, one plane per channel. */
export interface RgbPlanes {
  readonly r: Float32Array;
  readonly g: Float32Array;
  readonly b: Float32Array;
}

const DECODE_NODES = 1020;
/** Linear light of the encoded value i ÷ 4, by IEC 61966-2-1. x^2.4 is computed as x² times the fifth root of x². */
const decodeTable = Float64Array.from({ length: DECODE_NODES + 2 }, (_, i) => {
  const v = i / DECODE_NODES;
  if (v <= 0.04045) return v / 12.92;
  const x = (v + 0.055) / 1.055;
  return x * x * root(x * x, 5);
});

const ENCODE_NODES = 4096;
/**
 * Encoded value of the linear light (i ÷ 4096)². (t²)^(1/2.4) is computed as the fifth power of the sixth root of t.
 */
const encodeTable = Float64Array.from({ length: ENCODE_NODES + 2 }, (_, i) => {
  const t = i / ENCODE_NODES;
  const linear = t * t;
  if (linear <= 0.0031308) return 255 * 12.92 * linear;
  const sixth = root(Math.sqrt(t), 3);
  return 255 * (1.055 * sixth * sixth * sixth * sixth * sixth - 0.055);
});

function toLinear(encoded: number): number {
  const t = encoded * 4;
  const i = Math.floor(t);
  const low = decodeTable[i]!;
  return low + (decodeTable[i + 1]! - low) * (t - i);
}

function toEncoded(linear: number): number {
  if (linear <= 0) return 0;
  if (linear >= 1) return 255;
  const t = Math.sqrt(linear) * ENCODE_NODES;
  const i = Math.floor(t);
  const low = encodeTable[i]!;
  return low + (encodeTable[i + 1]! - low) * (t - i);
}

/** Converts sRGB (0 to 255) to Oklab. */
export function labFromRgb(rgb: RgbPlanes): LabPlanes {
  const length = rgb.r.length;
  const lab = { l: new Float32Array(length), a: new Float32Array(length), b: new Float32Array(length) };
  for (let i = 0; i < length; i++) {
    const red = toLinear(rgb.r[i]!);
    const green = toLinear(rgb.g[i]!);
    const blue = toLinear(rgb.b[i]!);
    const long = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
    const medium = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
    const short = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
    lab.l[i] = 0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short;
    lab.a[i] = 1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short;
    lab.b[i] = 0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short;
  }
  return lab;
}

/**
 * Converts Oklab to sRGB (0 to 255) with `a` and `b` multiplied by `chroma`. Colors outside the gamut are clipped.
 * The planes belong to the arena.
 */
export function rgbFromLab(lab: LabPlanes, chroma: number): RgbPlanes {
  const { l: lightness, a: redness, b: yellowness } = lab;
  const length = lightness.length;
  const r = arena.floats(length);
  const g = arena.floats(length);
  const b = arena.floats(length);
  for (let i = 0; i < length; i++) {
    const l = lightness[i]!;
    const x = redness[i]! * chroma;
    const y = yellowness[i]! * chroma;
    let long = l + 0.3963377774 * x + 0.2158037573 * y;
    let medium = l - 0.1055613458 * x - 0.0638541728 * y;
    let short = l - 0.0894841775 * x - 1.291485548 * y;
    long = long * long * long;
    medium = medium * medium * medium;
    short = short * short * short;
    r[i] = toEncoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short);
    g[i] = toEncoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short);
    b[i] = toEncoded(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short);
  }
  return { r, g, b };
}

/** Mean chroma, √(a² + b²). */
export function meanChroma(lab: LabPlanes): number {
  const length = lab.a.length;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const a = lab.a[i]!;
    const b = lab.b[i]!;
    sum += Math.sqrt(a * a + b * b);
  }
  return sum / length;
}
