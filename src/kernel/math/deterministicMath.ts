/**
 * Roots and exponentials built only from + − × ÷ and √, which IEEE 754 rounds exactly. JavaScript engines may round `Math.exp`,
 * `Math.cbrt` and `Math.pow` differently; these functions return the same bits everywhere, so mixes are reproducible.
 *
 * Throughout the kernel indices into typed arrays are in range by construction, hence the `!` on reads.
 */

/** x^(1/n) for x ≥ 0 and an integer n ≥ 2, by Newton's method. */
export function root(x: number, n: number): number {
  if (x <= 0) return 0;
  let y = Math.max(x, 1);
  for (let step = 0; step < 400; step++) {
    let power = y;
    for (let i = 2; i < n; i++) power *= y;
    const next = ((n - 1) * y + x / power) / n;
    if (next >= y) return y; // the iteration decreases until rounding stops it
    y = next;
  }
  return y;
}

const CBRT_NODES = 2048;
/** cbrt(t²) at t = i ÷ CBRT_NODES, up to t = √1.1. */
const cbrtTable = Float64Array.from({ length: Math.floor(CBRT_NODES * 1.05) + 2 }, (_, i) => {
  const t = i / CBRT_NODES;
  return root(t * t, 3);
});

/** Cube root for x from 0 to 1.1: table lookup and two Newton steps, accurate to about 1e-8. */
export function cbrt(x: number): number {
  if (x <= 0) return 0;
  const t = Math.sqrt(x) * CBRT_NODES;
  const i = Math.floor(t);
  const low = cbrtTable[i]!;
  const y = low + (cbrtTable[i + 1]! - low) * (t - i);
  const z = (y + y + x / (y * y)) / 3;
  return (z + z + x / (z * z)) / 3;
}

const LN2 = Math.LN2;
const EXP_NODES = 64;
/** 2^(i ÷ EXP_NODES). */
const fractions = Float64Array.from({ length: EXP_NODES }, (_, i) => {
  let value = 1;
  let factor = 2;
  for (let bit = EXP_NODES / 2; bit >= 1; bit /= 2) {
    factor = Math.sqrt(factor);
    if (i & bit) value *= factor;
  }
  return value;
});
const EXP_RANGE = 160;
/** 2^(i − EXP_RANGE). */
const powers = Float64Array.from({ length: 2 * EXP_RANGE + 1 }, (_, i) => {
  let value = 1;
  for (let k = EXP_RANGE; k < i; k++) value *= 2;
  for (let k = i; k < EXP_RANGE; k++) value /= 2;
  return value;
});

/** e^x, relative error below 1e-9; x is clamped to ±110. */
export function exp(x: number): number {
  const scaled = (x > 110 ? 110 : Math.max(x, -110)) * (EXP_NODES / LN2);
  const floor = Math.floor(scaled);
  const remainder = (scaled - floor) * (LN2 / EXP_NODES);
  const tail = 1 + remainder * (1 + remainder * (0.5 + remainder * (1 / 6)));
  return powers[(floor >> 6) + EXP_RANGE]! * fractions[floor & 63]! * tail;
}
