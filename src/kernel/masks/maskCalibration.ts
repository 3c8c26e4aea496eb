import { arena } from '../math/arena.ts';
import { exp } from '../math/deterministicMath.ts';
import { solveLinear } from '../math/matrix.ts';
import { type Evaluation, solveNewton } from '../math/newtonSolver.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';

/**
 * Approximate number of pixels to calibrate on. Levels of up to `FULL_SAMPLING_MAX` pixels use all: errors are most
 * visible there.
 */
const SAMPLE_COUNT = 2048;
const FULL_SAMPLING_MAX = 48 * 48;
const MAX_ITERATIONS = 40;
const TOLERANCE = 2e-5;
/** Limit of each bias's step in one iteration. */
const MAX_STEP = 4;

/** If the error of a share is above this, the slower but more robust fallback runs. */
const FALLBACK_ERROR = 1e-3;
/** Number of square roots that the fallback starts with: weights ^ (1 ÷ 2ⁿ) give softer masks. */
const FALLBACK_ROOTS = 4;

/**
 * Finds a factor for each image so that the mean of its mask equals its share. A mask is the raw weight × factor, divided by the sum over
 * all images. Starts cold each time: a warm start would make the result depend on the slider's history.
 *
 * @param rawWeights one plane for each image, 0 or more (0: the image is transparent here).
 * @param shares above 0, sum 1. If transparency makes them impossible, the result is the nearest found.
 * @param start initial factors, if better ones than the shares are known; never those of another mix.
 */
export function calibrateFactors(
  rawWeights: readonly Float32Array[],
  size: Size,
  shares: readonly number[],
  start: readonly number[] = shares,
): Float64Array {
  const samples = sample(rawWeights, size);
  const direct = solve(samples, shares, start, new Float64Array(shares.length));
  if (direct.error <= FALLBACK_ERROR) return factorsOf(start, direct.biases);
  // Sharp masks have vanishing gradients: start with soft ones and double their sharpness.
  let biases = new Float64Array(shares.length);
  for (let roots = FALLBACK_ROOTS; roots >= 0; roots--) {
    const softened = samples.map((weight) => {
      let value = weight;
      for (let root = 0; root < roots; root++) value = Math.sqrt(value);
      return value;
    });
    biases = solve(
      softened,
      shares,
      shares,
      biases.map((bias) => 2 * bias),
    ).biases;
  }
  return factorsOf(shares, biases);
}

/** `from`: initial biases, log(factor ÷ start). */
function solve(
  samples: Float64Array,
  shares: readonly number[],
  start: readonly number[],
  from: Float64Array<ArrayBuffer>,
) {
  const evaluate = (biases: Float64Array): Evaluation => {
    const masks = maskMeans(samples, factorsOf(start, biases));
    return { error: worstError(masks.means, shares), step: () => newtonStep(masks, shares) };
  };
  const limitStep = (step: Float64Array, damping: number) =>
    step.map((value) => damping * Math.max(-MAX_STEP, Math.min(MAX_STEP, value)));
  const { solution, evaluation } = solveNewton(from, evaluate, limitStep, {
    maxIterations: MAX_ITERATIONS,
    tolerance: TOLERANCE,
    minDamping: 1e-3,
  });
  return { biases: solution, error: evaluation.error };
}

/** Raw weights on a regular grid of pixels, interleaved by pixel. Pixels without any visible image are left out. */
function sample(rawWeights: readonly Float32Array[], size: Size): Float64Array {
  const pixels = size.width * size.height;
  const step = pixels <= FULL_SAMPLING_MAX ? 1 : Math.ceil(Math.sqrt(pixels / SAMPLE_COUNT));
  const count = rawWeights.length;
  const out = new Float64Array(Math.ceil(size.width / step) * Math.ceil(size.height / step) * count);
  let length = 0;
  for (let y = step >> 1; y < size.height; y += step) {
    for (let x = step >> 1; x < size.width; x += step) {
      let covered = false;
      for (let i = 0; i < count; i++) {
        const weight = rawWeights[i]![y * size.width + x]!;
        out[length + i] = weight;
        if (weight > 0) covered = true;
      }
      if (covered) length += count;
    }
  }
  return out.subarray(0, length);
}

function factorsOf(start: readonly number[], biases: Float64Array): Float64Array {
  return biases.map((bias, i) => start[i]! * exp(bias));
}

/** Means of the masks, and of their pairwise products (row-major). */
interface MaskMeans {
  readonly means: Float64Array;
  readonly products: Float64Array;
}

function maskMeans(samples: Float64Array, factors: Float64Array): MaskMeans {
  const count = factors.length;
  const means = new Float64Array(count);
  const products = new Float64Array(count * count);
  const mask = new Float64Array(count);
  for (let at = 0; at < samples.length; at += count) {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const value = samples[at + i]! * factors[i]!;
      mask[i] = value;
      sum += value;
    }
    for (let i = 0; i < count; i++) {
      const value = mask[i]! / sum;
      mask[i] = value;
      means[i] = means[i]! + value;
      for (let j = 0; j <= i; j++) products[i * count + j] = products[i * count + j]! + value * mask[j]!;
    }
  }
  const scale = samples.length > 0 ? count / samples.length : 0;
  for (let i = 0; i < count; i++) {
    means[i] = means[i]! * scale;
    for (let j = 0; j <= i; j++) {
      products[i * count + j] = products[i * count + j]! * scale;
      products[j * count + i] = products[i * count + j]!;
    }
  }
  return { means, products };
}

function worstError(means: Float64Array, shares: readonly number[]): number {
  let worst = 0;
  for (let i = 0; i < shares.length; i++) worst = Math.max(worst, Math.abs(means[i]! - shares[i]!));
  return worst;
}

/**
 * Solves (∂means ÷ ∂biases) · step = shares − means. The matrix is singular only for a common shift of all biases,
 * hence the 1e-7.
 */
function newtonStep({ means, products }: MaskMeans, shares: readonly number[]): Float64Array {
  const count = shares.length;
  const matrix = products.map((value, at) => -value + (at % (count + 1) === 0 ? means[at / (count + 1)]! + 1e-7 : 0));
  const right = Float64Array.from(shares, (share, i) => share - means[i]!);
  return solveLinear(matrix, right);
}

/**
 * The masks of all images at one level: they sum to 1 at each pixel, and the mean of each is the image's share. The planes belong to the arena.
 * @param isMatched whether the normalized raw weights have about the right means already, as at the last level.
 */
export function calibratedMasks(
  rawWeights: readonly Float32Array[],
  size: Size,
  shares: readonly number[],
  isMatched: boolean,
): Float32Array[] {
  const factors = calibrateFactors(rawWeights, size, shares, isMatched ? shares.map(() => 1) : shares);
  const length = size.width * size.height;
  const scale = arena.doubles(length);
  rawWeights.forEach((weight, i) => {
    const factor = factors[i]!;
    for (let p = 0; p < length; p++) scale[p] = scale[p]! + weight[p]! * factor;
  });
  for (let p = 0; p < length; p++) scale[p] = scale[p]! > 0 ? 1 / scale[p]! : -1;
  return rawWeights.map((weight, i) => {
    const factor = factors[i]!;
    const share = shares[i]!;
    const mask = arena.floats(length);
    for (let p = 0; p < length; p++) {
      const unit = scale[p]!;
      mask[p] = unit > 0 ? weight[p]! * factor * unit : share; // nothing is visible here, so any mask is right
    }
    return mask;
  });
}
