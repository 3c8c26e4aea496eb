import type { Matrix3 } from '../math/matrix.ts';
import type { LabPlanes } from './oklab.ts';

/** Mean and covariance of an image's colors in Oklab (l, a, b). */
export interface ColorMoments {
  readonly mean: Float64Array;
  readonly covariance: Matrix3;
}

/** Color moments of the pixels, weighted by alpha. A fully transparent image counts as mid-gray. */
export function colorMoments(lab: LabPlanes, alpha: Float32Array | null): ColorMoments {
  const { l, a, b } = lab;
  let weight = 0;
  let sl = 0;
  let sa = 0;
  let sb = 0;
  let ll = 0;
  let la = 0;
  let lb = 0;
  let aa = 0;
  let ab = 0;
  let bb = 0;
  for (let i = 0; i < l.length; i++) {
    const w = alpha ? alpha[i]! : 1;
    const x = l[i]!;
    const y = a[i]!;
    const z = b[i]!;
    weight += w;
    sl += w * x;
    sa += w * y;
    sb += w * z;
    ll += w * x * x;
    la += w * x * y;
    lb += w * x * z;
    aa += w * y * y;
    ab += w * y * z;
    bb += w * z * z;
  }
  if (weight <= 0) return { mean: Float64Array.of(0.5, 0, 0), covariance: new Float64Array(9) };
  const ml = sl / weight;
  const ma = sa / weight;
  const mb = sb / weight;
  const cla = la / weight - ml * ma;
  const clb = lb / weight - ml * mb;
  const cab = ab / weight - ma * mb;
  return {
    mean: Float64Array.of(ml, ma, mb),
    covariance: Float64Array.of(
      ll / weight - ml * ml,
      cla,
      clb,
      cla,
      aa / weight - ma * ma,
      cab,
      clb,
      cab,
      bb / weight - mb * mb,
    ),
  };
}
