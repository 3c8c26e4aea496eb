import { exp } from './arithmetic.ts';
import { solveLinear } from './matrix.ts';
import { newton, type Standing } from './newton.ts';
import type { Size } from './pyramid.ts';

/** About as many pixels as a calibration looks at; all of the coarsest level, where a share that is off is seen most. */
const SAMPLES = 2048;
const COARSEST = 48 * 48;
const ROUNDS = 40;
const CLOSE = 2e-5;
/** No bias moves further than this in one round. */
const LONGEST_STEP = 4;

/** Errors above this are tried again by a slower, surer way. */
const ACCEPTABLE = 1e-3;
/** How many square roots the slower way begins with. */
const SOFTEST = 4;

/**
 * Finds the factor of each picture so that the mean of its mask equals what it is due. Its mask is its appeal × factor, divided by
 * the sum of that over all pictures. Always from the same start: a warm start would make the picture depend on the
 * way a slider came.
 *
 * @param appeals a plane for each picture, of numbers from 0 up (0: nothing of it here).
 * @param dues shares above 0 that sum to 1. Where coverage forbids them, the nearest that is found.
 * @param start the factors to begin with, where better ones are known than the dues; never those of another mix.
 */
export function calibrate(
  appeals: readonly Float32Array[],
  size: Size,
  dues: readonly number[],
  start: readonly number[] = dues,
): Float64Array {
  const samples = sample(appeals, size);
  const direct = solve(samples, dues, start, new Float64Array(dues.length));
  if (direct.error <= ACCEPTABLE) return factorsOf(start, direct.biases);
  // Sharp masks leave Newton little to go by: begin with soft ones and double their sharpness.
  let biases = new Float64Array(dues.length);
  for (let roots = SOFTEST; roots >= 0; roots--) {
    const softened = samples.map((appeal) => {
      let value = appeal;
      for (let root = 0; root < roots; root++) value = Math.sqrt(value);
      return value;
    });
    biases = solve(
      softened,
      dues,
      dues,
      biases.map((bias) => 2 * bias),
    ).biases;
  }
  return factorsOf(dues, biases);
}

/** From the given biases (logarithms of the factors, less those of `start`). */
function solve(
  samples: Float64Array,
  dues: readonly number[],
  start: readonly number[],
  from: Float64Array<ArrayBuffer>,
) {
  const measured = (biases: Float64Array): Standing => {
    const masks = measure(samples, factorsOf(start, biases));
    return { error: worstError(masks.shares, dues), step: () => newtonStep(masks, dues) };
  };
  const limited = (step: Float64Array, damping: number) =>
    step.map((value) => damping * Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, value)));
  const { answer, standing } = newton(from, measured, limited, { rounds: ROUNDS, close: CLOSE, least: 1e-3 });
  return { biases: answer, error: standing.error };
}

/** Appeals of some pixels on an even grid, those of one pixel side by side; pixels that nothing covers are left out. */
function sample(appeals: readonly Float32Array[], size: Size): Float64Array {
  const pixels = size.width * size.height;
  const step = pixels <= COARSEST ? 1 : Math.ceil(Math.sqrt(pixels / SAMPLES));
  const count = appeals.length;
  const out = new Float64Array(Math.ceil(size.width / step) * Math.ceil(size.height / step) * count);
  let length = 0;
  for (let y = step >> 1; y < size.height; y += step) {
    for (let x = step >> 1; x < size.width; x += step) {
      let covered = false;
      for (let i = 0; i < count; i++) {
        const appeal = appeals[i]![y * size.width + x]!;
        out[length + i] = appeal;
        if (appeal > 0) covered = true;
      }
      if (covered) length += count;
    }
  }
  return out.subarray(0, length);
}

function factorsOf(start: readonly number[], biases: Float64Array): Float64Array {
  return biases.map((bias, i) => start[i]! * exp(bias));
}

/** Mean masks, and the means of their products (row by row). */
interface MaskMeans {
  readonly shares: Float64Array;
  readonly products: Float64Array;
}

function measure(samples: Float64Array, factors: Float64Array): MaskMeans {
  const count = factors.length;
  const shares = new Float64Array(count);
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
      shares[i] = shares[i]! + value;
      for (let j = 0; j <= i; j++) products[i * count + j] = products[i * count + j]! + value * mask[j]!;
    }
  }
  const scale = samples.length > 0 ? count / samples.length : 0;
  for (let i = 0; i < count; i++) {
    shares[i] = shares[i]! * scale;
    for (let j = 0; j <= i; j++) {
      products[i * count + j] = products[i * count + j]! * scale;
      products[j * count + i] = products[i * count + j]!;
    }
  }
  return { shares, products };
}

function worstError(shares: Float64Array, dues: readonly number[]): number {
  let worst = 0;
  for (let i = 0; i < dues.length; i++) worst = Math.max(worst, Math.abs(shares[i]! - dues[i]!));
  return worst;
}

/** Solves (∂shares ÷ ∂biases) · step = dues − shares; the matrix is positive but for a shift of all biases alike. */
function newtonStep({ shares, products }: MaskMeans, dues: readonly number[]): Float64Array {
  const count = dues.length;
  const matrix = products.map((value, at) => -value + (at % (count + 1) === 0 ? shares[at / (count + 1)]! + 1e-7 : 0));
  const right = Float64Array.from(dues, (due, i) => due - shares[i]!);
  return solveLinear(matrix, right);
}
