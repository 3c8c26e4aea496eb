import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import type { Editor } from './editor.ts';
import { test as base, expect } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';
import { readPicture } from './picture.ts';

/** A VS Code whose hosted service is a sandbox of the test's own. */
const test = base.extend<{ sandbox: Sandbox }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  sandbox: async ({}, use) => {
    const sandbox = await startSandbox({ strict: true, scenarios: ['processing'] });
    await use(sandbox);
    await sandbox.close();
  },
  launch: async ({ sandbox }, use) => {
    await use({ machineSettings: { 'imageMixer.hosted.baseUrl': sandbox.baseUrl } });
  },
});

test('two photographs become a picture of the hosted service: key, upload, processing, download', async ({
  editor,
  project,
  sandbox,
}) => {
  await setKey(editor, sandbox, sandbox.key);
  const stored = `The API key for ${sandbox.origin} is stored.`;
  await expect(editor.page.getByRole('alert').filter({ hasText: stored })).toHaveCount(1);
  const panel = await drawMix(editor);
  await panel.mixButton().click();
  await allowUpload(editor, sandbox);
  await expect(panel.results()).toHaveCount(1, { timeout: 60_000 });

  const path = join(project, 'mixes', await panel.newestResult());
  await expect(await editor.file('mixes/flower-of-the-mountains-12345-1.png')).toBeVisible();
  const picture = await readPicture(path);
  expect(picture).toMatchObject({ format: 'png', width: 320, height: 240 });
  expect(picture.recipe).toMatchObject({
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

test('a wrong key says so and writes nothing; with the right one the same mix is made', async ({
  editor,
  project,
  sandbox,
}) => {
  await setKey(editor, sandbox, 'wrong-key');
  const panel = await drawMix(editor);
  await panel.mixButton().click();
  await allowUpload(editor, sandbox);
  await expect(panel.frame.getByText(/does not accept the API key/).first()).toBeVisible();
  expect(existsSync(join(project, 'mixes'))).toBe(false);
  expect(sandbox.generations).toHaveLength(0);

  await setKey(editor, sandbox, sandbox.key);
  expect(await panel.mix()).toBe('flower-of-the-mountains-12345-1.png');
});

/** Sets the key through the input box that the command opens. */
async function setKey(editor: Editor, sandbox: Sandbox, key: string): Promise<void> {
  // A window knows the settings of its machine some time after it shows; the input box says whose key it asks for.
  const question = editor.page.getByText(`Key for ${sandbox.origin}, from your account there`);
  await expect(async () => {
    await editor.page.keyboard.press('Escape');
    await editor.runCommand('Image Mixer: Set API Key');
    await expect(question).toBeVisible({ timeout: 5000 });
  }).toPass();
  await editor.page.getByRole('textbox', { name: 'API key of the hosted service' }).fill(key);
  await editor.page.keyboard.press('Enter');
  await expect(question).toBeHidden();
}

/** Opens the panel on two photographs of the explorer and sets up a mix. */
async function drawMix(editor: Editor): Promise<MixPanel> {
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await panel.setWeight('alps.jpg', 0.3);
  await panel.setWeight('allium.jpg', 0.7);
  await panel.setPrompt('flower of the mountains');
  await panel.setNumber('Width', 320);
  await panel.setNumber('Height', 240);
  await panel.setNumber('Seed', 12345);
  return panel;
}

/** Answers the question whether images of the workspace may go to the service. */
async function allowUpload(editor: Editor, sandbox: Sandbox): Promise<void> {
  const question = editor.page
    .getByRole('dialog')
    .filter({ hasText: `Upload images of this workspace to ${sandbox.origin}?` });
  await question.getByRole('button', { name: 'Upload', exact: true }).click();
}
