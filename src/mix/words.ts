import type { MessageArgs } from './failure.ts';

/** Fills the `{name}` placeholders of a sentence; a placeholder without an argument stays as it is. */
export function fill(template: string, args: MessageArgs = {}): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = args[name];
    return value === undefined ? whole : String(value);
  });
}

/** How a list of names tells its members apart: the file name, on a clash the shortest path that differs, then ` (2)`. */
export function displayNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split('/').filter((part) => part !== ''));
  const tail = (at: number, depth: number): string => {
    const all = parts[at] ?? [];
    return all.slice(-depth).join('/');
  };
  const names = paths.map((path, at) => {
    const depths = parts[at]?.length ?? 1;
    for (let depth = 1; depth <= depths; depth++) {
      const name = tail(at, depth);
      const clash = paths.some((other, index) => other !== path && tail(index, depth) === name);
      if (!clash) return name;
    }
    return path;
  });
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}
