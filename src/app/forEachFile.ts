/** Files that are open at the same time: far fewer than a process may open. */
const parallelSteps = 64;

/** Runs a step that opens a file for every item, at most 64 at once. @throws the first error, after it has tried every item. */
export async function forEachFile<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  for (let start = 0; start < items.length; start += parallelSteps) {
    const ends = await Promise.allSettled(items.slice(start, start + parallelSteps).map(run));
    errors.push(...ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : [])));
  }
  if (errors.length > 0) throw errors[0];
}
