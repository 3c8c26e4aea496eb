import { exp } from '../math/deterministicMath.ts';
import { solveLinear } from '../math/matrix.ts';
import { type Evaluation, solveNewton } from '../math/newtonSolver.ts';

/**
 * Newton's method starts with logits divided by this temperature, where it converges reliably, and halves it down to
 * 1.
 */
const START_TEMPERATURE = 2;
const MAX_ITERATIONS = 12;
/** Largest error of a mean, at temperatures above 1 and at 1. */
const TOLERANCE = { soft: 1e-2, sharp: 5e-5 } as const;
/** Limit of each unknown's step in one iteration. */
const MAX_STEP = 4;
/** Added to the diagonal: adding the same bias to all images has no effect, so the Jacobian is singular without it. */
const RIDGE = 1e-7;
/**
 * Quadratic penalty on the slopes: a slope of 1 relaxes an image's target by this × share × (1 − share). Without it slopes, and the
 * mix, would jump when almost all pixels go to the same images whatever the slope.
 */
const SLOPE_PENALTY = 0.25;
/**
 * Images with a small share are moved to pixels of lower dispersion, by up to this many standard deviations, at the expense of
 * images with a larger share, so that they appear where they fit.
 */
const SMALL_SHARE_SHIFT = 0.5;

/**
 * For each image what a dispersion of 1 adds to its scores (`slopes`), and what to add to its logits everywhere
 * (`biases`).
 */
export interface MomentMatch {
  readonly slopes: Float64Array;
  readonly biases: Float64Array;
}

/**
 * The dispersion of a pixel is how much its color depends on which image it goes to. If an image took the pixels of the highest (or
 * lowest) dispersion first, equal steps of its weight would change the mix by unequal amounts. This finds how the scores of each image
 * must vary with the dispersion so that masks whose mean is the share also receive (nearly) that share of the dispersion.
 *
 * Masks are the softmax of the logits over the images. The conditions on the means of the masks and of mask × dispersion are the
 * stationarity conditions of a convex function (the dual of a maximum-entropy problem), which Newton's method solves.
 *
 * @param logits one plane for each image: its scores × sharpness.
 * @param dispersion mean 0, variance 1 over the pixels.
 * @param shares above 0, sum 1.
 */
export function matchMoments(
  logits: readonly Float32Array[],
  dispersion: Float32Array,
  shares: readonly number[],
  sharpness: number,
): MomentMatch {
  const targets = targetMoments(shares);
  let solution = new Float64Array(targets.length);
  for (let temperature = START_TEMPERATURE; ; temperature /= 2) {
    solution = solve({ logits, dispersion, targets, sharpness, temperature }, solution);
    if (temperature <= 1) {
      const slopes = solution.subarray(shares.length).map((gain) => gain / sharpness);
      return { slopes, biases: solution.subarray(0, shares.length) };
    }
    solution = solution.map((value) => 2 * value);
  }
}

/** Target means of the masks, followed by those of mask × dispersion, which sum to 0. */
function targetMoments(shares: readonly number[]): Float64Array {
  const squares = shares.reduce((sum, share) => sum + share * share, 0);
  return Float64Array.from([...shares, ...shares.map((share) => SMALL_SHARE_SHIFT * share * (share - squares))]);
}

interface Problem {
  readonly logits: readonly Float32Array[];
  readonly dispersion: Float32Array;
  readonly targets: Float64Array;
  readonly sharpness: number;
  /** The logits are divided by this. */
  readonly temperature: number;
}

/** The unknowns are the biases of all images, followed by their logit gains for a dispersion of 1. */
function solve(problem: Problem, start: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const tolerance = problem.temperature > 1 ? TOLERANCE.soft : TOLERANCE.sharp;
  const limitStep = (step: Float64Array, damping: number) => {
    const length = Math.min(damping, MAX_STEP / maxAbs(step));
    return step.map((value) => length * value);
  };
  return solveNewton(start, (solution) => evaluate(problem, solution), limitStep, {
    maxIterations: MAX_ITERATIONS,
    tolerance,
    minDamping: 0,
  }).solution;
}

function evaluate(
  { logits, dispersion, targets, sharpness, temperature }: Problem,
  solution: Float64Array,
): Evaluation {
  const unknowns = targets.length;
  const count = unknowns / 2;
  const residuals = targets.slice();
  // Means of maskᵢ · maskⱼ, of that × dispersion and of that × dispersion².
  const products = [0, 1, 2].map(() => new Float64Array(count * count));
  const [plain, first, second] = [products[0]!, products[1]!, products[2]!];
  const mask = new Float64Array(count);
  const scale = 1 / dispersion.length;
  for (let p = 0; p < dispersion.length; p++) {
    const deviation = dispersion[p]!;
    let maxLogit = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const logit = logits[i]![p]! / temperature + solution[i]! + solution[count + i]! * deviation;
      mask[i] = logit;
      if (logit > maxLogit) maxLogit = logit;
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const value = mask[i]! < maxLogit ? exp(mask[i]! - maxLogit) : 1; // exp(0), which is exact
      mask[i] = value;
      sum += value;
    }
    for (let i = 0; i < count; i++) {
      const value = mask[i]! / sum;
      mask[i] = value;
      const part = value * scale;
      residuals[i] = residuals[i]! - part;
      residuals[count + i] = residuals[count + i]! - part * deviation;
      for (let j = 0; j < i; j++) {
        const product = part * mask[j]!;
        const pair = i * count + j;
        plain[pair] = plain[pair]! + product;
        first[pair] = first[pair]! + product * deviation;
        second[pair] = second[pair]! + product * deviation * deviation;
      }
    }
  }
  const slopes = jacobian(products, count);
  for (let i = 0; i < count; i++) {
    const penalty = (SLOPE_PENALTY * targets[i]! * (1 - targets[i]!) * temperature) / sharpness;
    residuals[count + i] = residuals[count + i]! - penalty * solution[count + i]!;
    slopes[(count + i) * (unknowns + 1)] = slopes[(count + i) * (unknowns + 1)]! + penalty;
  }
  return { error: maxAbs(residuals), step: () => solveLinear(slopes, residuals) };
}

/**
 * Derivatives of the means by the unknowns, row-major. For a softmax ∂mᵢ ÷ ∂xⱼ = −mᵢ mⱼ for i ≠ j, and each row sums
 * to 0.
 */
function jacobian(products: readonly Float64Array[], count: number): Float64Array {
  const unknowns = 2 * count;
  const slopes = new Float64Array(unknowns * unknowns);
  const add = (row: number, column: number, value: number) => {
    slopes[row * unknowns + column] = slopes[row * unknowns + column]! + value;
  };
  for (let block = 0; block < 4; block++) {
    const [down, across] = [(block >> 1) * count, (block & 1) * count];
    const means = products[(block >> 1) + (block & 1)]!;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < i; j++) {
        const value = means[i * count + j]!;
        add(down + i, across + i, value);
        add(down + j, across + j, value);
        add(down + i, across + j, -value);
        add(down + j, across + i, -value);
      }
    }
  }
  for (let at = 0; at < unknowns; at++) add(at, at, RIDGE);
  return slopes;
}

function maxAbs(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
