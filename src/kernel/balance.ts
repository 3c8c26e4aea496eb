import { exp } from './arithmetic.ts';
import { solveLinear } from './matrix.ts';
import { newton, type Standing } from './newton.ts';

/** Newton's method begins with masks so many times softer, which lead it well, then halves that until they are as sharp as asked. */
const SOFTEST = 2;
const ROUNDS = 12;
/** What may be missing of a mean: of soft masks, and of those that were asked for. */
const CLOSE = { soft: 1e-2, sharp: 5e-5 } as const;
/** No unknown moves further than this in one round. */
const LONGEST_STEP = 4;
/** Keeps what is solved from being singular. */
const FIRM = 1e-7;
/**
 * What a picture's due of the stakes gives way for a gain of 1 of its scores, as a part of share × (1 − share). Without it a gain would
 * leap where all places but a few go to the same pictures whatever the gain, and the mix with it.
 */
const YIELD = 0.25;
/**
 * By how much less is at stake where a picture comes in with a small share than all over, in standard deviations, at the expense of
 * middling shares. So it comes in where it fits.
 */
const MODESTY = 0.5;

/** For each picture what a stake of 1 adds to its scores, and what its exponents gain everywhere for its mask to have its share. */
export interface Balance {
  readonly slopes: Float64Array;
  readonly biases: Float64Array;
}

/**
 * What is at stake at a pixel is how much it changes with the picture that takes it. A picture that takes the pixels at which most is at
 * stake first, or last, changes the mix now much, now little with each step of its weight. This finds how far each picture's scores
 * should rise with the stakes so that masks that divide the pixels by the shares divide the stakes (nearly) so too, whatever the shares.
 *
 * Masks are the exponentials of the exponents, at each pixel divided by their sum. That their means, and the means of their products with
 * the stakes, are as they are due is where a convex function has its least; Newton's method finds that.
 *
 * @param exponents a plane for each picture: its scores × sharpness.
 * @param stakes of mean 0 and variance 1.
 * @param shares above 0, of sum 1.
 */
export function balance(
  exponents: readonly Float32Array[],
  stakes: Float32Array,
  shares: readonly number[],
  sharpness: number,
): Balance {
  const dues = duesOf(shares);
  let answer = new Float64Array(dues.length);
  for (let softness = SOFTEST; ; softness /= 2) {
    answer = solve({ exponents, stakes, dues, sharpness, softness }, answer);
    if (softness <= 1) {
      const slopes = answer.subarray(shares.length).map((gain) => gain / sharpness);
      return { slopes, biases: answer.subarray(0, shares.length) };
    }
    answer = answer.map((value) => 2 * value);
  }
}

/** The means that are due of the masks, and behind them those of their products with the stakes; the latter sum to 0. */
function duesOf(shares: readonly number[]): Float64Array {
  const squares = shares.reduce((sum, share) => sum + share * share, 0);
  return Float64Array.from([...shares, ...shares.map((share) => MODESTY * share * (share - squares))]);
}

interface Problem {
  readonly exponents: readonly Float32Array[];
  readonly stakes: Float32Array;
  readonly dues: Float64Array;
  readonly sharpness: number;
  /** What the exponents are divided by. */
  readonly softness: number;
}

/** The unknowns are what each picture's exponents gain everywhere, then what they gain for a stake of 1. */
function solve(problem: Problem, start: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const close = problem.softness > 1 ? CLOSE.soft : CLOSE.sharp;
  const limited = (step: Float64Array, damping: number) => {
    const length = Math.min(damping, LONGEST_STEP / greatest(step));
    return step.map((value) => length * value);
  };
  return newton(start, (answer) => measure(problem, answer), limited, { rounds: ROUNDS, close, least: 0 }).answer;
}

function measure({ exponents, stakes, dues, sharpness, softness }: Problem, answer: Float64Array): Standing {
  const both = dues.length;
  const count = both / 2;
  const missing = dues.slice();
  // Means of the products of two masks, of those with the stakes and of those with the squares of the stakes.
  const products = [0, 1, 2].map(() => new Float64Array(count * count));
  const [plain, once, twice] = [products[0]!, products[1]!, products[2]!];
  const mask = new Float64Array(count);
  const scale = 1 / stakes.length;
  for (let p = 0; p < stakes.length; p++) {
    const stake = stakes[p]!;
    let top = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const exponent = exponents[i]![p]! / softness + answer[i]! + answer[count + i]! * stake;
      mask[i] = exponent;
      if (exponent > top) top = exponent;
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const value = exp(mask[i]! - top);
      mask[i] = value;
      sum += value;
    }
    for (let i = 0; i < count; i++) {
      const value = mask[i]! / sum;
      mask[i] = value;
      const part = value * scale;
      missing[i] = missing[i]! - part;
      missing[count + i] = missing[count + i]! - part * stake;
      for (let j = 0; j < i; j++) {
        const product = part * mask[j]!;
        const pair = i * count + j;
        plain[pair] = plain[pair]! + product;
        once[pair] = once[pair]! + product * stake;
        twice[pair] = twice[pair]! + product * stake * stake;
      }
    }
  }
  const slopes = slopesOf(products, count);
  for (let i = 0; i < count; i++) {
    const given = (YIELD * dues[i]! * (1 - dues[i]!) * softness) / sharpness;
    missing[count + i] = missing[count + i]! - given * answer[count + i]!;
    slopes[(count + i) * (both + 1)] = slopes[(count + i) * (both + 1)]! + given;
  }
  return { error: greatest(missing), step: () => solveLinear(slopes, missing) };
}

/** How the means change with the unknowns, row by row: what an exponent's gain adds to its mask it takes from the others, as much as the product of the two masks. */
function slopesOf(products: readonly Float64Array[], count: number): Float64Array {
  const both = 2 * count;
  const slopes = new Float64Array(both * both);
  const add = (row: number, column: number, value: number) => {
    slopes[row * both + column] = slopes[row * both + column]! + value;
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
  for (let at = 0; at < both; at++) add(at, at, FIRM); // all exponents may gain alike without any effect
  return slopes;
}

function greatest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
