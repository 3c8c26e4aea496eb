/** The error at a point, and the Newton step from it. `step` is called at most once. */
export interface Evaluation {
  readonly error: number;
  readonly step: () => Float64Array;
}

/**
 * The solver stops after `maxIterations`, at an error of at most `tolerance`, or when damping falls to `minDamping`.
 */
export interface StopCriteria {
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly minDamping: number;
}

/**
 * Damped Newton's method: a step that increases the error is rejected, and the next one is half as long.
 * @param limitStep returns the damped step with its length limited.
 */
export function solveNewton<S extends Evaluation>(
  start: Float64Array<ArrayBuffer>,
  evaluate: (solution: Float64Array) => S,
  limitStep: (step: Float64Array, damping: number) => Float64Array,
  { maxIterations, tolerance, minDamping }: StopCriteria,
): { readonly solution: Float64Array<ArrayBuffer>; readonly evaluation: S } {
  let solution = start;
  let evaluation = evaluate(solution);
  let step: Float64Array | undefined;
  let damping = 1;
  for (
    let iteration = 0;
    iteration < maxIterations && evaluation.error > tolerance && damping > minDamping;
    iteration++
  ) {
    step ??= evaluation.step();
    const change = limitStep(step, damping);
    const candidate = solution.map((value, i) => value + change[i]!);
    const candidateEvaluation = evaluate(candidate);
    if (candidateEvaluation.error < evaluation.error) {
      solution = candidate;
      evaluation = candidateEvaluation;
      step = undefined;
      damping = Math.min(1, damping * 2);
    } else {
      damping /= 2;
    }
  }
  return { solution, evaluation };
}
