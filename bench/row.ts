/** One row of the benchmarks: a time or a size, and what it is compared with. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  readonly peer: string;
  /** Null if the peer isn't installed, which the note then says. */
  readonly theirs: number | null;
  /** The highest acceptable ratio of ours to theirs. */
  readonly goal: number;
  readonly note: string;
}

/** The median of the values. @throws RangeError if there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new RangeError('The median of no values is undefined');
  return (low + high) / 2;
}

/** The number of values and their range, for a note. */
export function spread(values: readonly number[]): string {
  return `${values.length} runs, ${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
}
