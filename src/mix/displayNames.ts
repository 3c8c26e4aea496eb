/** Unique names for a list of paths: the file name, or the shortest path that differs, then ` (2)` and so on. */
export function displayNames(paths: readonly string[]): string[] {
  const parts = new Map(paths.map((path) => [path, path.split('/').filter((part) => part !== '')]));
  const found = new Map<string, string>();
  for (let depth = 1; found.size < parts.size; depth++) {
    const tails = new Map([...parts].map(([path, all]) => [path, all.slice(-depth).join('/')]));
    const counts = new Map<string, number>();
    for (const tail of tails.values()) counts.set(tail, (counts.get(tail) ?? 0) + 1);
    for (const [path, tail] of tails) {
      if (found.has(path)) continue;
      if (counts.get(tail) === 1) found.set(path, tail);
      else if (depth >= (parts.get(path)?.length ?? 0)) found.set(path, path);
    }
  }
  return numbered(paths.map((path) => found.get(path) ?? path));
}

/** The names, with ` (2)` and so on after repeated ones. */
export function numbered(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
