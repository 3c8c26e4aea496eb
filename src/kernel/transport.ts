import { type Matrix3, mapEigenvalues, multiply3 } from './matrix.ts';
import type { Moments } from './moments.ts';

/** How far each picture's colours move towards the common ones. */
const STRENGTH = 0.4;
/** Distance from the common mean, in Oklab, from which on a picture keeps more and more of its own tone: red and blue shall not all turn violet. */
const OWN_TONE = 0.1;
/** Variance of colour that every picture counts as having, so that flat ones do not blow up. */
const FLOOR = 2e-4;
/** A map neither shrinks nor stretches colours by more than this. */
const STRETCH = 1.6;

/** An affine change of colours: x ↦ target + matrix · (x − mean), in Oklab. */
export interface ColourMap {
  readonly matrix: Matrix3;
  readonly mean: Float64Array;
  readonly target: Float64Array;
}

/** Below any true eigenvalue; keeps rounding from making one negative. */
const TINY = 1e-12;

const squareRoot = (matrix: Matrix3) => mapEigenvalues(matrix, (value) => Math.sqrt(Math.max(value, TINY)));
const inverseRoot = (matrix: Matrix3) => mapEigenvalues(matrix, (value) => 1 / Math.sqrt(Math.max(value, TINY)));

/**
 * For each picture the optimal-transport map of its colours, as a Gaussian, towards the Wasserstein barycentre of all by
 * their shares (which sum to 1), applied in part. The barycentre's covariance is the fixed point of Álvarez-Esteban and others (2016).
 */
export function colourMaps(all: readonly Moments[], shares: readonly number[]): ColourMap[] {
  const centre = new Float64Array(3);
  all.forEach(({ mean }, i) => {
    for (let c = 0; c < 3; c++) centre[c] = centre[c]! + shares[i]! * mean[c]!;
  });
  const covariances = all.map(({ covariance }) => mapEigenvalues(covariance, (value) => Math.max(value, 0) + FLOOR));
  const common = barycentre(covariances, shares);
  return all.map(({ mean }, i) => {
    const full = transportMap(covariances[i]!, common);
    const matrix = full.map((value, at) => STRENGTH * value + (at % 4 === 0 ? 1 - STRENGTH : 0));
    const away = mean.map((value, c) => centre[c]! - value);
    const distance = away.reduce((sum, value) => sum + value * value, 0);
    const strength = STRENGTH / (1 + distance / (OWN_TONE * OWN_TONE));
    const target = mean.map((value, c) => value + strength * away[c]!);
    return { matrix, mean, target };
  });
}

/** Covariance of the barycentre of zero-mean Gaussians. */
function barycentre(covariances: readonly Matrix3[], shares: readonly number[]): Matrix3 {
  let present = weightedSum(covariances, shares);
  for (let step = 0; step < 16; step++) {
    const half = squareRoot(present);
    const back = inverseRoot(present);
    const mixed = weightedSum(
      covariances.map((covariance) => squareRoot(multiply3(multiply3(half, covariance), half))),
      shares,
    );
    present = multiply3(multiply3(back, multiply3(mixed, mixed)), back);
  }
  return present;
}

/** The symmetric map that turns a Gaussian of covariance `from` into one of `to`. */
function transportMap(from: Matrix3, to: Matrix3): Matrix3 {
  const half = squareRoot(from);
  const back = inverseRoot(from);
  const map = multiply3(multiply3(back, squareRoot(multiply3(multiply3(half, to), half))), back);
  return mapEigenvalues(map, (value) => Math.max(1 / STRETCH, Math.min(STRETCH, value)));
}

function weightedSum(matrices: readonly Matrix3[], shares: readonly number[]): Matrix3 {
  const sum = new Float64Array(9);
  matrices.forEach((matrix, i) => {
    for (let at = 0; at < 9; at++) sum[at] = sum[at]! + shares[i]! * matrix[at]!;
  });
  return sum;
}
