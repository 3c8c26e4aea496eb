import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Editor } from './editor.ts';
import { expect } from './fixtures.ts';
import { drawMix, resultName } from './flowerMix.ts';
import { setKey, test } from './hosted.ts';
import { readSavedResult } from './savedResult.ts';

test('two photographs become a hosted result: key, upload, processing, download', async ({
  editor,
  project,
  sandbox,
}) => {
  await setKey(editor, sandbox.origin, sandbox.key);
  const stored = `The API key for ${sandbox.origin} was saved.`;
  await expect(editor.page.getByRole('alert').filter({ hasText: stored })).toHaveCount(1);
  const panel = await drawMix(editor);
  await panel.mixButton().click();
  await allowUpload(editor, sandbox);
  await expect(panel.results()).toHaveCount(1, { timeout: 60_000 });

  const path = join(project, 'mixes', await panel.newestResult());
  await expect(await editor.file(`mixes/${resultName}`)).toBeVisible();
  const result = await readSavedResult(path);
  expect(result).toMatchObject({ format: 'png', width: 320, height: 240 });
  expect(result.recipe).toMatchObject({
    engine: 'hosted',
    id: String(sandbox.generations[0]?.id),
    prompt: 'flower of the mountains',
    seed: 12345,
  });
  expect(await sharp(path).raw().toBuffer()).toEqual(
    await sharp(await sandbox.generations[0]?.picture(0))
      .raw()
      .toBuffer(),
  );
  expect((await readFile(path)).includes(sandbox.key)).toBe(false);
  expect(sandbox.requests.map(({ stage }) => stage)).toEqual([
    ...['upload', 'upload', 'mix', 'poll', 'poll', 'poll', 'download'],
  ]);
  expect(sandbox.requests[2]?.body).toMatchObject({
    init_image_weights: '0.3,0.7',
    width: 320,
    height: 240,
    seed: 12345,
  });
});

test('with a wrong key, an error is shown and nothing is saved; with the right one, the same mix succeeds', async ({
  editor,
  project,
  sandbox,
}) => {
  await setKey(editor, sandbox.origin, 'wrong-key');
  const panel = await drawMix(editor);
  await panel.mixButton().click();
  await allowUpload(editor, sandbox);
  await expect(panel.frame.getByText(/didn't accept the API key/).first()).toBeVisible();
  expect(existsSync(join(project, 'mixes'))).toBe(false);
  expect(sandbox.generations).toHaveLength(0);

  await setKey(editor, sandbox.origin, sandbox.key);
  expect(await panel.mix()).toBe(resultName);
});

/** Answers the question whether workspace images may be uploaded to the service. */
async function allowUpload(editor: Editor, sandbox: Sandbox): Promise<void> {
  const question = editor.page
    .getByRole('dialog')
    .filter({ hasText: `Upload images from this workspace to ${sandbox.origin}?` });
  await question.getByRole('button', { name: 'Upload', exact: true }).click();
}
