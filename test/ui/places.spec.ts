import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Editor } from './editor.ts';
import { expect, test } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';
import { readSavedResult } from './savedResult.ts';

test('the first run starts with two example images, and mixing copies them into the project', async ({
  editor,
  project,
}) => {
  await editor.runCommand('Image Mixer: Open');
  const panel = new MixPanel(editor.panel());
  await expect(panel.image('dahlia.jpg')).toBeVisible();
  await expect(panel.image('dunes.jpg')).toBeVisible();
  const name = await panel.mix();
  const { recipe } = await readSavedResult(join(project, 'mixes', name));
  const sources = recipe?.images.map(({ source }) => source) ?? [];
  expect(sources).toEqual([
    expect.stringMatching(/^mixes\/sources\/[0-9a-f]{8}-dahlia\.jpg$/),
    expect.stringMatching(/^mixes\/sources\/[0-9a-f]{8}-dunes\.jpg$/),
  ]);
  for (const source of sources) expect((await stat(join(project, source))).size).toBeGreaterThan(0);
});

test.describe('in Restricted Mode', () => {
  test.use({ launch: { trust: true } });
  test.beforeEach(async ({ project }) => {
    await writeFile(join(project, 'a.mix.json'), JSON.stringify({ images: [{ source: 'refs/alps.jpg' }] }));
  });

  test('the local engine mixes images that the user picked, and no recipe runs', async ({ editor, project }) => {
    await expect(editor.page.getByRole('button', { name: /^Restricted Mode/ })).toBeVisible();
    await editor.chooseFromContextMenu(['refs/alps.jpg'], 'Mix Images');
    const panel = new MixPanel(editor.panel());
    await expect(panel.image('alps.jpg')).toBeVisible();
    const engine = panel.frame.getByRole('combobox', { name: 'Engine' });
    await expect(engine).toBeDisabled();
    await expect(engine).toHaveAccessibleDescription(/Only the local engine runs in Restricted Mode/);
    await panel.mix();
    await editor.chooseFromContextMenu(['a.mix.json'], 'Run Mix Recipe');
    await expect(
      editor.page.getByRole('alert').filter({ hasText: 'In Restricted Mode, only the local engine runs' }),
    ).toHaveCount(1);
    expect(await readdir(join(project, 'mixes'))).toHaveLength(1);
  });
});

test('with several workspace folders, a mix is saved in the one that has its first image', async ({
  editor,
  project,
}) => {
  for (const folder of ['one', 'two']) {
    await mkdir(join(project, folder));
    await copyFile(join(project, 'refs/alps.jpg'), join(project, folder, `${folder}.jpg`));
  }
  const workspace = join(project, 'both.code-workspace');
  await writeFile(workspace, JSON.stringify({ folders: [{ path: 'one' }, { path: 'two' }] }));
  const page = await editor.workbench.openWindow(workspace);
  const window = new Editor(editor.workbench, page);
  await window.ready();
  // In a browser, VS Code may read a workspace file before the file system is ready. Then it has no folders until a reload.
  const folder = page.getByRole('treeitem', { name: 'two', exact: true, level: 1 });
  await expect(async () => {
    if (await page.getByText('You have not yet added a folder to the workspace.').isVisible()) {
      await page.reload({ waitUntil: 'commit' });
      await window.ready();
    }
    await expect(folder).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 120_000 });
  await window.chooseFromContextMenu(['two/two.jpg'], 'Mix Images');
  const name = await new MixPanel(window.panel()).mix();
  expect(await readdir(join(project, 'two/mixes'))).toEqual([name]);
});

test('the panel uses the display language: German texts appear and fit', async ({ editor }) => {
  await editor.workbench.context.addInitScript(() => Reflect.set(globalThis, '_VSCODE_NLS_LANGUAGE', 'de'));
  await editor.page.reload({ waitUntil: 'commit' });
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Bilder mischen');
  const panel = new MixPanel(editor.panel());
  await panel.frame.getByRole('button', { name: 'Mischen', exact: true }).click();
  await expect(panel.frame.getByRole('list', { name: 'Ergebnisse' }).getByRole('img')).toHaveCount(1);
  for (const width of [400, 800]) {
    await editor.setPanelWidth(width);
    const beyond = () =>
      panel.frame.locator('html').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    await expect.poll(beyond).toBe(0);
    await editor.screenshot(`German ${width}`);
  }
});
