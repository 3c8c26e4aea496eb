import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from './fixtures.ts';
import { multiplyResult } from './manyResults.ts';
import { MixPanel, openPanel } from './mixPanel.ts';

test.describe('with a page in the project', () => {
  test.beforeEach(async ({ project }) => {
    await writeFile(join(project, 'page.md'), 'The mountains: ');
  });

  test('a result is copied as an image, linked from the page edited last, and deleted', async ({ editor, project }) => {
    const { page } = editor;
    const panel = await openPanel(editor);
    await panel.setPrompt('flower of the mountains');
    const name = await panel.mix();
    const button = (label: string) => panel.frame.getByRole('button', { name: label, exact: true });

    await button(`Insert link to ${name}`).click();
    await expect(panel.frame.getByText('Open a Markdown, HTML, or CSS file')).toBeVisible();

    await button(`Copy image ${name}`).click();
    await expect(panel.frame.getByText('Image copied')).toBeVisible();
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

test.describe('with a page open before the first mix', () => {
  test.beforeEach(async ({ project }) => {
    await writeFile(join(project, 'page.html'), '');
  });

  test('a link is inserted into a page in a background tab', async ({ editor, project }) => {
    const { page } = editor;
    await (await editor.file('page.html')).dblclick();
    await expect(page.getByRole('tab', { name: 'page.html' })).toHaveAttribute('aria-selected', 'true');
    await editor.openImage('refs/alps.jpg'); // completely: an image takes the focus when it loads, which closes menus
    const panel = await openPanel(editor);
    const name = await panel.mix();
    await panel.frame.getByRole('button', { name: `Insert link to ${name}`, exact: true }).click();
    await expect(page.getByRole('tab', { name: 'page.html' })).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Control+s');
    await expect.poll(() => readFile(join(project, 'page.html'), 'utf8')).toContain(`<img src="mixes/${name}"`);
  });
});

test('a result dragged onto the images joins the mix, and clearing the results keeps the files', async ({
  editor,
  project,
}) => {
  const { page } = editor;
  const panel = await openPanel(editor);
  await editor.runCommand('Image Mixer: Clear Results');
  await expect(page.getByText('There are no results to clear.')).toBeVisible();
  const name = await panel.mix();
  const card = await panel.results().boundingBox();
  const images = await panel.frame.getByRole('list', { name: 'Images' }).boundingBox();
  if (!card || !images) throw new Error("The result or the images aren't visible");
  await page.mouse.move(card.x + 40, card.y + 40);
  await page.mouse.down();
  await page.mouse.move(card.x + 50, card.y + 30, { steps: 4 });
  await page.mouse.move(images.x + 100, images.y + 60, { steps: 12 });
  await expect(panel.frame.getByText('Drop to add to the mix')).toBeVisible();
  await page.mouse.up();
  await expect(panel.image(name)).toBeVisible();
  await expect(panel.frame.getByText('Drop to add to the mix')).toHaveCount(0);

  await editor.runCommand('Image Mixer: Clear Results');
  await expect(page.getByRole('dialog')).toContainText('The files stay in your project.');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await expect(panel.results()).toHaveCount(1);
  await editor.runCommand('Image Mixer: Clear Results');
  await page.getByRole('dialog').getByRole('button', { name: 'Clear' }).click();
  await expect(panel.results()).toHaveCount(0);
  await access(join(project, 'mixes', name));
});

test('of a thousand results, only thumbnails near the viewport are loaded', async ({ editor }) => {
  const { page } = editor;
  const firstPanel = await openPanel(editor);
  await firstPanel.setNumber('Width', 256);
  await firstPanel.setNumber('Height', 256);
  await firstPanel.mix();
  const oldest = await multiplyResult(editor.workbench.dataDir, 1000);
  await page.reload({ waitUntil: 'commit' });
  await editor.ready();
  await editor.runCommand('Image Mixer: Open');

  const panel = new MixPanel(editor.panel());
  const thumbnails = panel.frame.locator('mix-result img');
  await expect(thumbnails).not.toHaveCount(0);
  await panel.results().first().hover();
  let most = 0;
  await expect(async () => {
    await page.mouse.wheel(0, 4000);
    most = Math.max(most, await thumbnails.count());
    await expect(panel.frame.getByRole('img', { name: oldest })).toBeInViewport({ timeout: 50 });
  }).toPass({ intervals: [50], timeout: 180_000 }); // about eighty screens
  expect(most).toBeLessThanOrEqual(60);

  await panel.frame.getByRole('textbox', { name: 'Filter results' }).fill('copy-77');
  await expect(panel.results()).toHaveCount(11); // 77 and 770 to 779

  await editor.runCommand('Image Mixer: Clear Results');
  await page.getByRole('dialog').getByRole('button', { name: 'Clear' }).click();
  await expect(panel.results()).toHaveCount(0);
  const filter = panel.frame.getByRole('textbox', { name: 'Filter results' });
  await panel.setPrompt('stone rose');
  await panel.mixButton().click();
  await expect(panel.frame.getByText('No matching results')).toBeVisible();
  await filter.fill('rose');
  await expect(panel.results()).toHaveCount(1); // by its prompt
  // VS Code discards the page of a hidden panel, but its state is restored.
  await (await editor.file('refs/alps.jpg')).dblclick();
  await expect(page.getByRole('tab', { name: 'alps.jpg' })).toHaveAttribute('aria-selected', 'true');
  await page.getByRole('tab', { name: 'Image Mixer' }).click();
  await expect(filter).toHaveValue('rose');
  await filter.fill('');
  await expect(filter).toHaveCount(0);
  await expect(panel.results()).toHaveCount(1);
});

test('a slider compares the preview with a result, and two results with each other', async ({ editor }) => {
  const { page } = editor;
  const panel = await openPanel(editor);
  const { frame } = panel;
  const first = await panel.mix();
  await panel.setWeight('alps.jpg', 0.1);
  const second = await panel.mix();
  const compare = (name: string) => frame.getByRole('button', { name: `Compare ${name}`, exact: true });
  const comparedImage = (name: string) => frame.locator('mix-comparison').getByRole('img', { name, exact: true });

  await compare(first).click();
  const line = frame.getByRole('slider', { name: `Compare Live preview with ${first}` });
  await expect(line).toBeFocused();
  await expect(compare(first)).toHaveAttribute('aria-pressed', 'true');
  await expect(comparedImage(first)).toHaveCSS('clip-path', 'inset(0px 0px 0px 50%)');
  await line.press('PageDown');
  await expect(comparedImage(first)).toHaveCSS('clip-path', 'inset(0px 0px 0px 40%)');
  await expect(line).toHaveAttribute('aria-valuetext', '40% Live preview');
  const box = await line.boundingBox();
  if (!box) throw new Error("The slider isn't visible");
  const at = (part: number) => [box.x + 16 + part * (box.width - 32), box.y + box.height / 2] as const;
  await page.mouse.move(...at(0.4));
  await page.mouse.down();
  await page.mouse.move(...at(0.6), { steps: 4 });
  await page.mouse.up();
  await expect(line).toHaveValue('60');
  await editor.screenshot('compare preview');

  await compare(second).click();
  await expect(frame.getByRole('slider', { name: `Compare ${first} with ${second}` })).toBeVisible();
  await expect(comparedImage(second)).toBeVisible();
  await frame.getByRole('button', { name: 'Actual size' }).click();
  const ratio = await frame.locator('html').evaluate(() => devicePixelRatio);
  await expect.poll(async () => (await comparedImage(second).boundingBox())?.width).toBe(768 / ratio);
  await editor.screenshot('compare results');

  await page.keyboard.press('Escape');
  await expect(comparedImage(second)).toHaveCount(0);
  await expect(compare(first)).toHaveAttribute('aria-pressed', 'false');
  await expect(frame.getByRole('img', { name: 'Live preview' })).toBeVisible();
});
