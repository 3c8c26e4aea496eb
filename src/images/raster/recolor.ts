import { encodeSrgb } from './colorMath.ts';
import { type Primaries, srgbPrimaries, type Transfer } from './colorStandard.ts';
import { invertMatrix, multiplyMatrices, toXyz } from './iccProfile.ts';
import { colorSpace, iccCurve, iccTag } from './iccReader.ts';

/** Changes RGBA pixels in place. */
export type Recolor = (rgba: Uint8Array) => void;

/** From RGB with these primaries and this curve to sRGB. Colors outside are clipped. */
export function fromRgb(primaries: Primaries, transfer: Transfer): Recolor {
  const m = multiplyMatrices(invertMatrix(toXyz(srgbPrimaries)), toXyz(primaries));
  const linear = Float64Array.from({ length: 256 }, (_, level) => transfer(level / 255));
  return (rgba) => {
    for (let at = 0; at < rgba.length; at += 4) {
      const r = linear[rgba[at] ?? 0] ?? 0;
      const g = linear[rgba[at + 1] ?? 0] ?? 0;
      const b = linear[rgba[at + 2] ?? 0] ?? 0;
      for (let row = 0; row < 3; row++) {
        const light = (m[row * 3] ?? 0) * r + (m[row * 3 + 1] ?? 0) * g + (m[row * 3 + 2] ?? 0) * b;
        rgba[at + row] = Math.round(encodeSrgb(light));
      }
    }
  };
}

/** From gray by a gray profile's curve to sRGB. Undefined if the profile isn't one of gray. */
export function fromGrayProfile(profile: Uint8Array): Recolor | undefined {
  const tag = colorSpace(profile) === 'GRAY' ? iccTag(profile, 'kTRC') : undefined;
  const curve = tag && iccCurve(tag)?.apply;
  if (!curve) return undefined;
  const levels = Uint8Array.from({ length: 256 }, (_, level) => Math.round(encodeSrgb(curve(level / 255))));
  return (rgba) => {
    for (let at = 0; at < rgba.length; at++) if (at % 4 < 3) rgba[at] = levels[rgba[at] ?? 0] ?? 0;
  };
}
