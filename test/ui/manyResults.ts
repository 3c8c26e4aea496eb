import { link, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import * as z from 'zod';

const resultsSchema = z.tuple([z.looseObject({ id: z.string(), path: z.string(), createdAt: z.number() })]);

/**
 * Copies the only result of a VS Code until there are `count`, each with its own file and name. The next window shows them.
 * @returns the name of the oldest one.
 */
export async function multiplyResult(dataDir: string, count: number): Promise<string> {
  const file = (await readdir(dataDir, { recursive: true })).find((path) => path.endsWith('results.json'));
  if (file === undefined) throw new Error('There is no list of results');
  const [only] = resultsSchema.parse(JSON.parse(await readFile(join(dataDir, file), 'utf8')));
  const { dir, name, ext } = parse(only.path);
  const results: unknown[] = [only];
  for (let index = 1; index < count; index++) {
    const path = join(dir, `${name}-copy-${index}${ext}`);
    await link(only.path, path);
    results.push({ ...only, id: `${only.id}-${index}`, path, createdAt: only.createdAt - index * 60_000 });
  }
  await writeFile(join(dataDir, file), JSON.stringify(results));
  return `${name}-copy-${count - 1}${ext}`;
}
