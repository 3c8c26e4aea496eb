import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const mapSchema = z.object({ sources: z.array(z.string()) });

test('every package in the bundles is named in the notices', async () => {
  const files = await readdir('dist', { recursive: true });
  const maps = await Promise.all(
    files
      .filter((name) => name.endsWith('.map'))
      .map(async (name) => mapSchema.parse(JSON.parse(await readFile(join('dist', name), 'utf8')))),
  );
  const packages = new Set(
    maps
      .flatMap(({ sources }) => sources)
      .flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []),
  );
  expect(packages).toContain('sharp');
  const named = new Set((await readFile('NOTICES.md', 'utf8')).match(/@?[\w./-]*\w/g));
  expect([...packages].filter((name) => !named.has(name))).toEqual([]);
});
