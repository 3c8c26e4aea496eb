import { join } from 'node:path';
import { type Browser, chromium, expect, test } from '@playwright/test';
import { WorkerCodec } from '../../src/images/workerCodec.ts';
import { browserArguments, findBrowser } from '../hosts/browser.ts';
import { browserCases } from '../unit/support/rasterCases.ts';

// Raster images look as they do in a browser: the first frame, its place, orientation, transparency and colors.

let browser: Browser;
const codec = new WorkerCodec({ workerPath: join(import.meta.dirname, '../../dist/codecWorker.cjs') });
test.beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: [...browserArguments, '--no-sandbox', '--force-color-profile=srgb'],
  });
});
test.afterAll(async () => {
  await browser.close();
  await codec.dispose();
});

interface Shown {
  readonly width: number;
  readonly height: number;
  readonly data: readonly number[];
}

/** What a page gets that draws the image on a canvas. */
async function shownByBrowser(bytes: Buffer, mime: string): Promise<Shown> {
  const page = await browser.newPage();
  const script = `(async () => {
    const image = new Image();
    image.src = 'data:${mime};base64,${bytes.toString('base64')}';
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return { width: canvas.width, height: canvas.height, data: [...data] };
  })()`;
  const shown: Shown = await page.evaluate(script);
  await page.close();
  return shown;
}

/** The largest difference of premultiplied colors and alpha, 0 to 255. */
function difference(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let most = 0;
  for (let at = 0; at < one.length; at++) {
    const pixel = at - (at % 4) + 3;
    const weigh = (data: ArrayLike<number>) => (data[at] ?? 0) * (at === pixel ? 1 : (data[pixel] ?? 0) / 255);
    most = Math.max(most, Math.abs(weigh(one) - weigh(other)));
  }
  return most;
}

/** Where colors are computed in other steps, dark ones or those of wide gamuts differ by more than 2. */
const largest: Readonly<Record<string, number>> = {
  'PNG with primaries and a gamma of 45455': 9,
  'gray PNG with a gamma': 7,
  'PNG with the colors 4 and 17': 8,
  'JPEG of inks with a profile': 6,
  'AVIF in Display P3 by number': 9,
  'AVIF with the colors 1 and 8': 13,
  'AVIF with the colors 10 and 5': 19,
};

for (const { name, mime, make } of browserCases) {
  test(name, async () => {
    const bytes = await make();
    const shown = await shownByBrowser(bytes, mime);
    const { width, height, data } = await codec.decode(bytes, { width: shown.width, height: shown.height });
    expect([width, height]).toEqual([shown.width, shown.height]);
    expect(difference(data, shown.data)).toBeLessThanOrEqual(largest[name] ?? 2);
  });
}
