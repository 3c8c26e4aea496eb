/** One line of the benchmarks: a time or a size, and what it is held against. */
export interface Row {
  readonly name: string;
  readonly ours: number;
  readonly peer: string;
  /** Null where the peer is not installed; the note says so then. */
  readonly theirs: number | null;
  /** The highest ratio, ours to theirs, that is good enough. */
  readonly goal: number;
  readonly note: string;
}

/** The middle one of the values, or the mean of the middle two. @throws RangeError without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new RangeError('There is no median of nothing');
  return (low + high) / 2;
}

/** How far apart the smallest and the largest value are, in words for a note. */
export function spread(values: readonly number[]): string {
  return `${values.length} runs, ${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
}
