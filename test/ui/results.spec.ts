import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Editor } from './editor.ts';
import { expect, test } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';

/** The panel with the project's two photographs in it. */
async function openPanel(editor: Editor): Promise<MixPanel> {
  const panel = new MixPanel(editor.panel());
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  await expect(panel.image('alps.jpg')).toBeVisible({ timeout: 60_000 });
  return panel;
}

test.describe('with a page in the project', () => {
  test.beforeEach(async ({ project }) => {
    await writeFile(join(project, 'page.md'), 'The mountains: ');
  });

  test('a result is copied as a picture, linked from the last page that was edited, and deleted', async ({
    editor,
    project,
  }) => {
    const { page } = editor;
    const panel = await openPanel(editor);
    await panel.setPrompt('flower of the mountains');
    const name = await panel.mix();
    const button = (label: string) => panel.frame.getByRole('button', { name: label, exact: true });

    await button(`Insert link to ${name}`).click();
    await expect(panel.frame.getByText('Open a Markdown, HTML or CSS file')).toBeVisible();

    await button(`Copy picture ${name}`).click();
    await expect(panel.frame.getByText('Picture copied')).toBeVisible();
    const types = () => page.evaluate(async () => (await navigator.clipboard.read()).flatMap(({ types }) => types));
    expect(await types()).toContain('image/png');
    await editor.screenshot('results with actions');

    await (await editor.file('page.md')).dblclick();
    await expect(page.getByRole('tab', { name: 'page.md' })).toHaveAttribute('aria-selected', 'true');
    await page.getByRole('textbox', { name: /page\.md/ }).press('Control+End');
    await page.getByRole('tab', { name: 'Image Mixer' }).click();
    await button(`Insert link to ${name}`).click();
    await expect(page.getByRole('tab', { name: 'page.md' })).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Control+s');
    const text = `The mountains: ![flower of the mountains](mixes/${name})`;
    await expect.poll(() => readFile(join(project, 'page.md'), 'utf8')).toBe(text);

    await page.getByRole('tab', { name: 'Image Mixer' }).click();
    await button(`Delete ${name}`).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await expect(panel.results()).toHaveCount(1);
    await button(`Delete ${name}`).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await expect(panel.results()).toHaveCount(0);
    await expect(access(join(project, 'mixes', name))).rejects.toThrow('ENOENT');
  });
});
