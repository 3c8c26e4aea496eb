import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Messages } from '../../src/app/messages/messages.ts';
import { makeImageWarning, noticeOfImage } from '../../src/mix/imageWarning.ts';
import { AppBench, smallRecipe } from './support/appBench.ts';
import { HostedBench, passThroughCodec, png, RecordingContext, taskOf, webSource } from './support/hostedBench.ts';
import { raw, ScriptedService } from './support/scriptedService.ts';

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

  test('is told by the hosted engine too, also if the image was uploaded before', async () => {
    const service = await ScriptedService.start();
    const probe = async () => ({ format: 'svg', width: 9, height: 9, hasAlpha: true, warnings: [warning] });
    const hosted = await HostedBench.start(service.baseUrl, { codec: { ...passThroughCodec, probe } });
    service.script('upload', { status: 'success', link: 'https://cdn.example/up.jpg' });
    const sources = [await hosted.file('plan.svg'), webSource('https://example.com/boy.png')];
    for (const seed of [1, 2]) {
      service.script('mix', { status: 'success', id: 12, output: [`${service.baseUrl}/result`] });
      service.script('result', raw(png()));
      const context = new RecordingContext();
      await hosted.engine.run(taskOf({ seed }, sources), context);
      expect(context.notices).toEqual([noticeOfImage(warning, 'plan.svg')]);
    }
    expect(service.requestsFor('upload')).toHaveLength(1);
    await hosted.close();
    await service.close();
  });

  test('is a notice for what an older version knows nothing of', () => {
    const { args } = noticeOfImage(warning, 'plan.svg');
    expect(new Messages().notice({ code: 'from-the-future', args })).toBe('from-the-future');
  });
});
