import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Fuses images of one size with `enfuse`, as a whole process. Returns milliseconds, or undefined if it isn't installed. */
export async function enfuse(paths: readonly string[], output: string): Promise<number | undefined> {
  const start = performance.now();
  try {
    await promisify(execFile)('enfuse', ['-o', output, ...paths]);
    return performance.now() - start;
  } catch {
    return undefined; // not installed
  }
}
