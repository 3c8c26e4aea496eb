import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { expect, test } from './fixtures.ts';
import { MixPanel, openPanel } from './mixPanel.ts';

test.describe('with a Git repository', () => {
  let committed: Buffer;
  test.beforeEach(async ({ project }) => {
    const git = (...args: string[]) =>
      promisify(execFile)('git', ['-c', 'user.name=me', '-c', 'user.email=me@example.com', ...args], { cwd: project });
    const path = join(project, 'refs/alps.jpg');
    committed = await readFile(path);
    await git('init', '--quiet');
    await git('add', '.');
    await git('commit', '--quiet', '--message=first');
    await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c02020' } })
      .jpeg()
      .toFile(path);
  });

  test('the version of an image in its preview joins the mix with its own pixels', async ({ editor, project }) => {
    const { page } = editor;
    await page.getByRole('tab', { name: /^Source Control/ }).click();
    const changed = page.getByRole('treeitem', { name: /^alps\.jpg/ }).first();
    await expect(changed).toBeVisible({ timeout: 60_000 });
    const tab = page.getByRole('tab', { name: /alps\.jpg \(HEAD\)/ });
    await expect(async () => {
      await page.keyboard.press('Escape');
      await changed.click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Open File (HEAD)' }).hover({ timeout: 2000 });
      await page.keyboard.press('Enter');
      await expect(tab).toBeVisible({ timeout: 5000 });
    }).toPass({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Add to Mix' }).click();
    const panel = new MixPanel(editor.panel());
    await expect(panel.image('alps (HEAD).jpg').locator('mix-thumbnail img')).toBeVisible();
    await editor.screenshot('a version in the mix');
    await panel.mix();
    const sources = await readdir(join(project, 'mixes/sources'));
    const [copy = ''] = sources.filter((name) => name.endsWith('-alps (HEAD).jpg'));
    expect(await readFile(join(project, 'mixes/sources', copy))).toEqual(committed);
  });
});

test.describe('with a notebook', () => {
  test.beforeEach(async ({ project }) => {
    await mkdir(join(project, 'docs'));
    const cells = [{ cell_type: 'markdown', metadata: {}, source: ['The mountains: '] }];
    const notebook = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
    await writeFile(join(project, 'docs/notes.ipynb'), JSON.stringify(notebook));
  });

  test('a link inserted into a cell is relative to the notebook', async ({ editor, project }) => {
    const { page } = editor;
    const panel = await openPanel(editor);
    const name = await panel.mix();
    await (await editor.file('docs/notes.ipynb')).dblclick();
    const notes = page.getByRole('tab', { name: 'notes.ipynb' });
    await expect(notes).toHaveAttribute('aria-selected', 'true');
    const cell = page.getByRole('listitem', { name: 'markdown cell', includeHidden: true });
    const text = cell.getByRole('textbox');
    await expect(cell).toBeAttached();
    await expect(async () => {
      await page.getByRole('list', { name: 'Notebook' }).press('Enter', { timeout: 2000 }); // edits the cell
      await expect(text).toBeFocused({ timeout: 2000 });
    }).toPass({ timeout: 60_000 });
    await page.keyboard.press('Control+End');
    await page.getByRole('tab', { name: 'Image Mixer' }).click();
    const ours = page.frameLocator('iframe.webview.ready[src*="imagemixer.image-mixer"]'); // a notebook has a webview too
    const button = ours
      .frameLocator('#active-frame')
      .getByRole('button', { name: `Insert link to ${name}`, exact: true });
    await button.click();
    await expect(notes).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Control+s');
    const saved = () => readFile(join(project, 'docs/notes.ipynb'), 'utf8');
    await expect.poll(saved).toContain(`](../mixes/${name})`);
  });
});
