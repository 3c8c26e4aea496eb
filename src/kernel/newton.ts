/** How far an answer is off, and the step that would make up for it if all were straight, which is asked for once at most. */
export interface Standing {
  readonly error: number;
  readonly step: () => Float64Array;
}

/** When to stop: after so many rounds, where the error is no more than `close`, or where steps have been damped to `least` or less. */
export interface Ends {
  readonly rounds: number;
  readonly close: number;
  readonly least: number;
}

/**
 * Newton's method with damping: a step that makes things worse is not taken, and the next is half as long.
 * @param limited the step, damped and no longer than it may be.
 */
export function newton<S extends Standing>(
  start: Float64Array<ArrayBuffer>,
  measure: (answer: Float64Array) => S,
  limited: (step: Float64Array, damping: number) => Float64Array,
  { rounds, close, least }: Ends,
): { readonly answer: Float64Array<ArrayBuffer>; readonly standing: S } {
  let answer = start;
  let standing = measure(answer);
  let step: Float64Array | undefined;
  let damping = 1;
  for (let round = 0; round < rounds && standing.error > close && damping > least; round++) {
    step ??= standing.step();
    const move = limited(step, damping);
    const tried = answer.map((value, i) => value + move[i]!);
    const triedStanding = measure(tried);
    if (triedStanding.error < standing.error) {
      answer = tried;
      standing = triedStanding;
      step = undefined;
      damping = Math.min(1, damping * 2);
    } else {
      damping /= 2;
    }
  }
  return { answer, standing };
}
