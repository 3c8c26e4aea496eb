import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, expect, test } from '@playwright/test';
import sharp from 'sharp';
import { WorkerCodec } from '../../src/images/workerCodec.ts';
import { browserArguments, findBrowser } from '../hosts/browser.ts';
import { drawings } from '../unit/support/drawings.ts';

// Each drawing as the codec renders it and as a browser shows it, on white and at the same size.

const dist = join(import.meta.dirname, '../../dist');
const codec = new WorkerCodec({ workerPath: join(dist, 'codecWorker.cjs'), threads: 1, fontFolders: [] });
let browser: Browser;

test.beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await findBrowser(), args: [...browserArguments, '--no-sandbox'] });
});

test.afterAll(async () => {
  await browser.close();
  await codec.dispose();
});

for (const [name, drawing] of Object.entries(drawings)) {
  test(`draws ${name} as a browser does`, async () => {
    const text = drawing.bundledFont ? await withBundledFont(drawing.svg) : drawing.svg;
    const bytes = new TextEncoder().encode(drawing.svg);
    const { width, height, warnings } = await codec.probe(bytes);
    expect({ width, height, warnings }).toEqual({ ...drawing.size, warnings: [] });
    const scale = drawing.isUnscaled ? 1 : 400 / Math.max(width, height);
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
    const shown = await screenshot(text, size);
    const raster = await codec.decode(bytes, size);
    expect({ width: raster.width, height: raster.height }).toEqual(size);
    const drawn = await sharp(raster.data, { raw: { ...size, channels: 4 } })
      .flatten({ background: 'white' })
      .raw()
      .toBuffer();
    const expected = await sharp(shown).flatten({ background: 'white' }).raw().toBuffer();
    if (process.env.SVG_DUMP) {
      await sharp(shown).toFile(join(process.env.SVG_DUMP, `${name.replaceAll(/\W+/g, '-')}-browser.png`));
      await sharp(drawn, { raw: { ...size, channels: 3 } })
        .png()
        .toFile(join(process.env.SVG_DUMP, `${name.replaceAll(/\W+/g, '-')}-codec.png`));
    }
    expect(drawn.length).toBe(expected.length);
    const differences = drawn.map((value, at) => Math.abs(value - (expected[at] ?? 0)));
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / drawn.length;
    const off = Array.from({ length: drawn.length / 3 }, (_, at) =>
      Math.max(...differences.subarray(3 * at, 3 * at + 3)),
    );
    const share = off.filter((difference) => difference > 24).length / off.length;
    expect(mean).toBeLessThanOrEqual(3);
    expect(share).toBeLessThanOrEqual(drawing.differentShare ?? 0.003);
  });
}

/** The drawing as an image in a page, as large as the page. */
async function screenshot(svg: string, { width, height }: { width: number; height: number }): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width, height } });
  try {
    const address = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
    await page.setContent(
      `<body style="margin: 0"><img src="${address}" style="display: block; width: ${width}px; height: ${height}px">`,
    );
    await page.evaluate('Promise.all([...document.images].map((image) => image.decode()))');
    return await page.screenshot();
  } finally {
    await page.close();
  }
}

/** The drawing with the font that the codec has: an image in a page only has fonts that it brings along. */
async function withBundledFont(svg: string): Promise<string> {
  const faces = ['DejaVuSans', 'DejaVuSans-Bold'].map(async (file) => {
    const font = (await readFile(join(dist, `${file}.ttf`))).toString('base64');
    const weight = file.endsWith('Bold') ? 'bold' : 'normal';
    return `@font-face { font-family: "DejaVu Sans"; font-weight: ${weight}; src: url(data:font/ttf;base64,${font}); }`;
  });
  return svg.replace(/(<svg[^>]*>)/, `$1<style>${(await Promise.all(faces)).join('\n')}</style>`);
}
