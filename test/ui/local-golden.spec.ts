import { join } from 'node:path';
import { chromium, expect, test } from '@playwright/test';
import { build } from 'esbuild';
import { mixRasters } from '../../src/kernel/kernel.ts';
import { browserArguments, findBrowser } from '../hosts/browser.ts';
import { pattern } from '../unit/test-rasters.ts';

// The mixes of the unit tests with golden hashes, once in Node and once in a browser.
const mixes = [
  { count: 2, width: 64, height: 64, sample: 0 },
  { count: 3, width: 100, height: 70, sample: 1 },
  { count: 5, width: 90, height: 120, sample: 3 },
];

test('the kernel gives the same bytes in the browser as in Node', async () => {
  const kernel = join(import.meta.dirname, '../../src/kernel/kernel.ts');
  const bundle = await build({
    entryPoints: [kernel],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'kernel',
  });
  const browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: [...browserArguments, '--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' });
    for (const { count, ...shape } of mixes) {
      const inputs = Array.from({ length: count }, (_, kind) => pattern(kind, 120, 90));
      const weights = inputs.map((_, i) => (i + 1) / 10);
      const settings = { ...shape, seed: 42, guidanceScale: 7.5 };
      const plain = inputs.map(({ width, height, data }) => ({ width, height, data: [...data] }));
      const script = `(() => {
        const rasters = ${JSON.stringify(plain)}.map((one) => ({ ...one, data: Uint8ClampedArray.from(one.data) }));
        return [...kernel.mixRasters(rasters, ${JSON.stringify(weights)}, ${JSON.stringify(settings)}).data];
      })()`;
      expect(await page.evaluate(script)).toEqual([...mixRasters(inputs, weights, settings).data]);
    }
  } finally {
    await browser.close();
  }
});
