import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';
import { readSavedResult } from './savedResult.ts';

test('two photographs from the Explorer become a result in mixes/, by mouse', async ({ editor, project }) => {
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await panel.setWeight('alps.jpg', 0.3);
  await panel.setWeight('allium.jpg', 0.7);
  await panel.setPrompt('flower of the mountains');
  await panel.setNumber('Width', 512);
  await panel.setNumber('Height', 384);
  await panel.setNumber('Seed', 12345);
  const name = await panel.mix();

  expect(name).toBe('flower-of-the-mountains-12345-1.png');
  await expect(await editor.file(`mixes/${name}`)).toBeVisible();
  const result = await readSavedResult(join(project, 'mixes', name));
  expect(result).toMatchObject({ format: 'png', width: 512, height: 384 });
  expect(result.recipe).toMatchObject({
    version: 1,
    prompt: 'flower of the mountains',
    width: 512,
    height: 384,
    seed: 12345,
    engine: 'local',
  });
  expect(result.recipe?.images.map(({ source, weight }) => [source, weight]).toSorted()).toEqual([
    ['refs/allium.jpg', 0.7],
    ['refs/alps.jpg', 0.3],
  ]);
});

test('a mix can be made with the keyboard alone', async ({ editor, project }) => {
  const { page } = editor;
  await page.keyboard.press('ControlOrMeta+Shift+E');
  await expect(page.getByRole('tree', { name: 'Files Explorer' })).toBeFocused();
  await expect(async () => {
    for (const key of ['Home', 'ArrowRight']) await page.keyboard.press(key);
    await expect(page.getByRole('treeitem', { name: 'alps.jpg' })).toBeVisible({ timeout: 2000 });
  }).toPass();
  for (const key of ['Home', 'Shift+ArrowDown', 'Shift+ArrowDown']) await page.keyboard.press(key);
  await expect(page.getByRole('treeitem', { selected: true })).toHaveCount(2);
  await page.keyboard.press('Shift+F10');
  await pressUntilFocused(page, 'ArrowDown', page.getByRole('menuitem', { name: 'Mix Images' }));
  await page.keyboard.press('Enter');

  const panel = new MixPanel(editor.panel());
  await expect(panel.image('alps.jpg')).toBeVisible();
  await pressUntilFocused(page, 'Tab', panel.exactWeight('allium.jpg'));
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('0.7');
  await pressUntilFocused(page, 'Tab', panel.slider('alps.jpg'));
  await page.keyboard.press('ArrowLeft');
  await expect(panel.slider('alps.jpg')).toHaveValue('0.45');
  await pressUntilFocused(page, 'Tab', panel.mixButton());
  await page.keyboard.press('Enter');

  await expect(panel.results()).toHaveCount(1, { timeout: 60_000 });
  const { recipe } = await readSavedResult(join(project, 'mixes', await panel.newestResult()));
  expect(recipe?.images.map(({ weight }) => weight)).toEqual([0.7, 0.45]);
});

test('a truncated JPEG among the sources is named, and the panel still works', async ({ editor, project }) => {
  const file = await open(join(project, 'refs/alps.jpg'), 'r+');
  await file.truncate(20_000);
  await file.close();
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await panel.mixButton().click();
  await expect(panel.image('alps.jpg').getByText(/alps\.jpg/)).toBeVisible();
  await panel.frame.getByRole('button', { name: 'Remove alps.jpg' }).click();
  expect(await panel.mix()).toMatch(/allium-\d+-1\.png/);
});

async function pressUntilFocused(page: Page, key: string, target: Locator): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press(key);
    if (await target.evaluate((element) => element.matches(':focus, :focus-within'))) return;
  }
  throw new Error(`${key} didn't reach ${target}`);
}

test('with a random seed, the result is what the preview shows', async ({ editor, project }) => {
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  const seed = panel.frame.getByRole('spinbutton', { name: 'Seed', exact: true });
  await expect(seed).toHaveValue('');
  await panel.frame.getByRole('button', { name: 'Lock seed' }).click();
  const shown = Number(await seed.inputValue());
  await panel.frame.getByRole('button', { name: 'Lock seed' }).click();
  await expect(seed).toHaveValue('');
  const first = await readSavedResult(join(project, 'mixes', await panel.mix()));
  expect(first.recipe?.seed).toBe(shown);
  const second = await readSavedResult(join(project, 'mixes', await panel.mix()));
  expect(second.recipe?.seed).not.toBe(shown);
});
