import { type Matrix3, mapEigenvalues, multiply3 } from '../math/matrix.ts';
import type { ColorMoments } from './colorMoments.ts';

/** How far each image's colors move toward the barycenter, 0 to 1. */
const TRANSFER_STRENGTH = 0.4;
/**
 * Oklab distance from the common mean at which the shift of an image's mean halves. Keeps red and blue images from
 * all turning violet.
 */
const SHIFT_FALLOFF = 0.1;
/** Added to every eigenvalue of a color covariance, so that flat images don't blow up. */
const VARIANCE_FLOOR = 2e-4;
/** The eigenvalues of a map stay between 1 ÷ this and this. */
const MAX_STRETCH = 1.6;

/** An affine map of Oklab colors: x ↦ target + matrix · (x − mean). */
export interface ColorMap {
  readonly matrix: Matrix3;
  readonly mean: Float64Array;
  readonly target: Float64Array;
}

/** Eigenvalues are clamped to this before a root is taken: rounding may make them negative. */
const MIN_EIGENVALUE = 1e-12;

const squareRoot = (matrix: Matrix3) => mapEigenvalues(matrix, (value) => Math.sqrt(Math.max(value, MIN_EIGENVALUE)));
const inverseSquareRoot = (matrix: Matrix3) =>
  mapEigenvalues(matrix, (value) => 1 / Math.sqrt(Math.max(value, MIN_EIGENVALUE)));

/**
 * For each image the optimal transport map from its colors, as a Gaussian, toward the Wasserstein barycenter of all images by
 * their shares (sum 1), applied in part.
 */
export function colorMaps(images: readonly ColorMoments[], shares: readonly number[]): ColorMap[] {
  const center = new Float64Array(3);
  images.forEach(({ mean }, i) => {
    for (let c = 0; c < 3; c++) center[c] = center[c]! + shares[i]! * mean[c]!;
  });
  const covariances = images.map(({ covariance }) =>
    mapEigenvalues(covariance, (value) => Math.max(value, 0) + VARIANCE_FLOOR),
  );
  const barycenter = barycenterCovariance(covariances, shares);
  return images.map(({ mean }, i) => {
    const map = transportMap(covariances[i]!, barycenter);
    const matrix = map.map((value, at) => TRANSFER_STRENGTH * value + (at % 4 === 0 ? 1 - TRANSFER_STRENGTH : 0));
    const offset = mean.map((value, c) => center[c]! - value);
    const squaredDistance = offset.reduce((sum, value) => sum + value * value, 0);
    const strength = TRANSFER_STRENGTH / (1 + squaredDistance / (SHIFT_FALLOFF * SHIFT_FALLOFF));
    const target = mean.map((value, c) => value + strength * offset[c]!);
    return { matrix, mean, target };
  });
}

/**
 * Covariance of the Bures–Wasserstein barycenter of Gaussians, by the fixed-point iteration of Álvarez-Esteban et al.
 * (2016).
 */
function barycenterCovariance(covariances: readonly Matrix3[], shares: readonly number[]): Matrix3 {
  let current = weightedSum(covariances, shares);
  for (let step = 0; step < 16; step++) {
    const root = squareRoot(current);
    const inverse = inverseSquareRoot(current);
    const mixed = weightedSum(
      covariances.map((covariance) => squareRoot(multiply3(multiply3(root, covariance), root))),
      shares,
    );
    current = multiply3(multiply3(inverse, multiply3(mixed, mixed)), inverse);
  }
  return current;
}

/** The optimal transport map between centered Gaussians, A^(−½) (A^½ B A^½)^½ A^(−½), with clamped eigenvalues. */
function transportMap(from: Matrix3, to: Matrix3): Matrix3 {
  const root = squareRoot(from);
  const inverse = inverseSquareRoot(from);
  const map = multiply3(multiply3(inverse, squareRoot(multiply3(multiply3(root, to), root))), inverse);
  return mapEigenvalues(map, (value) => Math.max(1 / MAX_STRETCH, Math.min(MAX_STRETCH, value)));
}

function weightedSum(matrices: readonly Matrix3[], shares: readonly number[]): Matrix3 {
  const sum = new Float64Array(9);
  matrices.forEach((matrix, i) => {
    for (let at = 0; at < 9; at++) sum[at] = sum[at]! + shares[i]! * matrix[at]!;
  });
  return sum;
}
