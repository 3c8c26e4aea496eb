import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import type { Editor } from './editor.ts';
import { expect, test } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';
import { readSavedResult } from './savedResult.ts';

const images = [
  { source: 'refs/alps.jpg', weight: 0.2 },
  { source: 'refs/allium.jpg', weight: 0.9 },
];
const recipe = { images, prompt: 'rose man', width: 128, height: 96, seed: 4711 };

// Before the window opens, because the Explorer may show later files with a delay.
test.beforeEach(async ({ project }) => {
  await writeFile(join(project, 'rose.mix.json'), JSON.stringify(recipe));
  await writeFile(join(project, 'wrong.mix.json'), JSON.stringify({ images, width: 5000 }));
});

test('a recipe file runs from the Explorer, and its result opens as the mix that made it', async ({
  editor,
  project,
}) => {
  await editor.chooseFromContextMenu(['rose.mix.json'], 'Run Mix Recipe');
  await expect(await editor.file('mixes/rose-man-4711-1.png')).toBeVisible();
  const result = await readSavedResult(join(project, 'mixes/rose-man-4711-1.png'));
  expect(result).toMatchObject({ width: 128, height: 96, recipe });

  await editor.chooseFromContextMenu(['mixes/rose-man-4711-1.png'], 'Open Recipe from Image');
  const panel = new MixPanel(editor.panel());
  await expect(panel.exactWeight('allium.jpg')).toHaveValue('0.9');
  await expect(panel.frame.getByRole('spinbutton', { name: 'Seed', exact: true })).toHaveValue('4711');
  await expect(panel.frame.getByRole('textbox', { name: 'Prompt', exact: true })).toHaveValue('rose man');
});

test("a new recipe contains the panel's mix and is saved next to its images", async ({ editor, project }) => {
  await editor.chooseFromContextMenu(['refs/alps.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await panel.setWeight('alps.jpg', 0.3);
  await panel.setPrompt('a quiet valley');
  await editor.chooseFromContextMenu(['refs/allium.jpg'], 'Add to Mix');
  await expect(panel.image('allium.jpg')).toBeVisible();
  await panel.setWeight('allium.jpg', 0.8);

  await editor.runCommand('Image Mixer: New Recipe');
  await expect(editor.page.getByRole('tab', { name: /new\.mix\.json/ })).toHaveAttribute('aria-selected', 'true');
  await editor.page.keyboard.press('ControlOrMeta+S');
  await expect(await editor.file('new.mix.json')).toBeVisible();
  const saved = () => readFile(join(project, 'new.mix.json'), 'utf8');
  await expect.poll(saved).toContain('refs/allium.jpg'); // the file appears before it is completely written
  expect(JSON.parse(await saved())).toMatchObject({
    version: 1,
    prompt: 'a quiet valley',
    images: [
      { source: 'refs/alps.jpg', weight: 0.3 },
      { source: 'refs/allium.jpg', weight: 0.8 },
    ],
  });
});

test('the message about an invalid recipe names the field and the problem', async ({ editor }) => {
  await editor.chooseFromContextMenu(['wrong.mix.json'], 'Run Mix Recipe');
  await expect(said(editor, 'Width is 5000. Enter a number from 64 to 4096.')).toHaveCount(1);
});

test('an image without a recipe is reported', async ({ editor }) => {
  await editor.chooseFromContextMenu(['refs/alps.jpg'], 'Open Recipe from Image');
  await expect(said(editor, "refs/alps.jpg: This image doesn't contain a recipe.")).toHaveCount(1);
});

/** What a notification announced to screen readers. The notification itself disappears after some seconds. */
function said(editor: Editor, text: string): Locator {
  return editor.page.getByRole('alert').filter({ hasText: text });
}
