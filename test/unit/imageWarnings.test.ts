import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Messages } from '../../src/app/messages/messages.ts';
import { makeImageWarning, noticeOfImage } from '../../src/mix/imageWarning.ts';
import { AppBench, smallRecipe } from './support/appBench.ts';

let bench: AppBench;
beforeEach(async () => {
  bench = await AppBench.start();
  const content = '<rect width="9" height="9"/><foreignObject width="9" height="9"/>';
  await writeFile(bench.file('plan.svg'), `<svg xmlns="http://www.w3.org/2000/svg">${content}</svg>`);
});
afterEach(() => bench.close());

const warning = makeImageWarning('svg-not-drawn', { parts: 'foreignObject' });
const sentence = new Messages().imageWarning(warning);

describe('what of an image is not drawn', () => {
  test('is a sentence', () => {
    expect(sentence).toContain("aren't drawn: foreignObject.");
  });

  test('is shown with its thumbnail', async () => {
    const calls = bench.app.panel.handlers();
    const thumbnailOf = (file: string) => calls.thumbnail({ uri: pathToFileURL(bench.file(file)).href, side: 32 });
    expect(await thumbnailOf('plan.svg')).toMatchObject({ width: 300, height: 150, warnings: [sentence] });
    expect(await thumbnailOf('plan.svg')).toMatchObject({ warnings: [sentence] }); // from memory
    expect(await thumbnailOf('red.png')).toMatchObject({ warnings: [] });
  });

  test('is in the outcome of each mix of it, with its name', async () => {
    const images = [
      { source: 'red.png', weight: 0.5 },
      { source: 'plan.svg', weight: 0.5 },
    ];
    for (const seed of [7, 8]) {
      const outcome = await bench.recipes([]).run({ json: { ...smallRecipe, images, seed } }, () => ({}));
      expect(outcome).toMatchObject({ status: 'done', warnings: expect.arrayContaining([`plan.svg: ${sentence}`]) });
    }
  });

  test('is a notice for what an older version knows nothing of', () => {
    const { args } = noticeOfImage(warning, 'plan.svg');
    expect(new Messages().notice({ code: 'from-the-future', args })).toBe('from-the-future');
  });
});
