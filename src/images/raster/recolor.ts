import { encodeSrgb } from './colorMath.ts';
import { type Primaries, srgbPrimaries, type Transfer } from './colorStandard.ts';
import { invertMatrix, multiplyMatrices, toXyz } from './iccProfile.ts';

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
  const curve = grayCurve(profile);
  if (!curve) return undefined;
  const levels = Uint8Array.from({ length: 256 }, (_, level) => Math.round(encodeSrgb(curve(level / 255))));
  return (rgba) => {
    for (let at = 0; at < rgba.length; at++) if (at % 4 < 3) rgba[at] = levels[rgba[at] ?? 0] ?? 0;
  };
}

function grayCurve(profile: Uint8Array): Transfer | undefined {
  const view = new DataView(profile.buffer, profile.byteOffset, profile.byteLength);
  const text = (at: number) => String.fromCharCode(...profile.subarray(at, at + 4));
  if (profile.length < 132 || text(16) !== 'GRAY') return undefined;
  for (let at = 132; at + 12 <= Math.min(profile.length, 132 + view.getUint32(128) * 12); at += 12) {
    if (text(at) !== 'kTRC') continue;
    const start = view.getUint32(at + 4);
    if (start + 12 > profile.length) return undefined;
    if (text(start) === 'para') return parametric(view, start);
    const count = view.getUint32(start + 8);
    if (text(start) !== 'curv' || start + 12 + count * 2 > profile.length) return undefined;
    if (count === 0) return (level) => level;
    const read = (index: number) => view.getUint16(start + 12 + index * 2);
    if (count === 1) return (level) => level ** (read(0) / 256);
    return (level) => {
      const place = level * (count - 1);
      const low = Math.min(Math.floor(place), count - 2);
      return (read(low) + (read(low + 1) - read(low)) * (place - low)) / 65_535;
    };
  }
  return undefined;
}

/** ICC.1, parametricCurveType. */
function parametric(view: DataView, start: number): Transfer | undefined {
  const kind = view.getUint16(start + 8);
  const count = [1, 3, 4, 5, 7][kind];
  if (count === undefined || start + 12 + count * 4 > view.byteLength) return undefined;
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: count },
    (_, index) => view.getInt32(start + 12 + index * 4) / 65_536,
  );
  switch (kind) {
    case 0:
      return (x) => x ** g;
    case 1:
      return (x) => (x >= -b / a ? (a * x + b) ** g : 0);
    case 2:
      return (x) => (x >= -b / a ? (a * x + b) ** g + c : c);
    case 3:
      return (x) => (x >= d ? (a * x + b) ** g : c * x);
    default:
      return (x) => (x >= d ? (a * x + b) ** g + e : c * x + f);
  }
}
