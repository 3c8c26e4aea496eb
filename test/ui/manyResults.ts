import { link, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import * as z from 'zod';

const resultSchema = z.looseObject({ id: z.string(), path: z.string(), createdAt: z.number() });

/**
 * Copies the only result of a VS Code until there are `count`, each with its own file and name. The next window shows them.
 * @returns the name of the oldest one.
 */
export async function multiplyResult(dataDir: string, count: number): Promise<string> {
  const entry = (await readdir(dataDir, { recursive: true })).find((path) => /results[\\/]\d{15}-.+\.json$/.test(path));
  if (entry === undefined) throw new Error('There is no list of results');
  const folder = join(dataDir, entry, '..');
  const only = resultSchema.parse(JSON.parse(await readFile(join(dataDir, entry), 'utf8')));
  const { dir, name, ext } = parse(only.path);
  for (let index = 1; index < count; index++) {
    const path = join(dir, `${name}-copy-${index}${ext}`);
    const id = `${only.id}-${index}`;
    const createdAt = only.createdAt - index * 60_000;
    await link(only.path, path);
    await writeFile(
      join(folder, `${String(createdAt).padStart(15, '0')}-${id}.json`),
      JSON.stringify({ ...only, id, path, createdAt }),
    );
  }
  return `${name}-copy-${count - 1}${ext}`;
}
