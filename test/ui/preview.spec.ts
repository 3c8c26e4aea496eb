import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Locator } from '@playwright/test';
import sharp from 'sharp';
import { expect, test } from './fixtures.ts';
import { openPanel } from './mixPanel.ts';

test('one click shows in color which image lands where', async ({ editor }) => {
  const panel = await openPanel(editor);
  const { frame } = panel;
  const preview = panel.preview();
  const button = frame.getByRole('button', { name: 'Show where each image lands' });
  /** By how much the preview is more blue than red, on average. */
  const blueness = async () => {
    const { channels } = await sharp(await preview.screenshot()).stats();
    return (channels[2]?.mean ?? 0) - (channels[0]?.mean ?? 0);
  };
  await expect.poll(blueness).toBeLessThan(0); // sepia
  const plain = await preview.screenshot();
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  const legend = frame.getByRole('list', { name: 'Colors of the images' });
  await expect(legend.getByRole('listitem')).toHaveText(['alps.jpg', 'allium.jpg']);
  await expect.poll(async () => plain.equals(await preview.screenshot())).toBe(false);
  await editor.screenshot('coverage');

  await panel.image('allium.jpg').getByRole('checkbox').uncheck();
  await expect.poll(blueness).toBeGreaterThan(80); // all of it is the first image's
  await expect(legend.getByRole('listitem')).toHaveText(['alps.jpg']);
  await button.click();
  await expect(legend).toHaveCount(0);
  await expect.poll(blueness).toBeLessThan(0);
});

test('at actual size, dragging moves the preview', async ({ editor }) => {
  const panel = await openPanel(editor);
  await panel.setNumber('Width', 1024);
  await panel.setNumber('Height', 1024);
  await panel.frame.getByRole('button', { name: 'Actual size' }).click();
  const part = panel.frame.getByRole('group', { name: 'Actual size' });
  const place = () => part.evaluate(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
  const [left = 0, top = 0] = await place();
  expect(left).toBeGreaterThan(50); // it begins in the middle
  const box = await part.boundingBox();
  if (!box) throw new Error("The preview isn't visible");
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await editor.page.mouse.move(x, y);
  await editor.page.mouse.down();
  await editor.page.mouse.move(x + 40, y + 30);
  await editor.page.mouse.up();
  await expect.poll(place).toEqual([left - 40, top - 30]);
});

test('if an image changes on disk, the panel shows the new one', async ({ editor, project }) => {
  const panel = await openPanel(editor);
  const file = join(project, 'refs/alps.jpg');
  const thumbnail = panel.image('alps.jpg').locator('mix-thumbnail img');
  const greenness = async (part: Locator) => {
    const { channels } = await sharp(await part.screenshot()).stats();
    return (channels[1]?.mean ?? 0) - (channels[0]?.mean ?? 0);
  };
  await panel.image('allium.jpg').getByRole('checkbox').uncheck();
  await expect.poll(() => greenness(panel.preview())).toBeLessThan(0);
  const green = () => sharp({ create: { width: 600, height: 600, channels: 3, background: '#00ff00' } }).jpeg();
  await green().toFile(file);
  await expect.poll(() => greenness(panel.preview())).toBeGreaterThan(200);
  await expect.poll(() => greenness(thumbnail)).toBeGreaterThan(100);

  await rm(file);
  await expect(panel.image('alps.jpg').getByText('This file no longer exists')).toBeVisible();
  await expect(thumbnail).toHaveCount(0);
  await green().toFile(file);
  await expect(thumbnail).toBeVisible();
  await expect(panel.image('alps.jpg').locator('.card-warning')).toHaveCount(0);
  await expect.poll(() => greenness(panel.preview())).toBeGreaterThan(200);

  const bare = join(project, 'refs/photo'); // an image by its content, not by its name
  await green().toFile(bare);
  await panel.frame.locator('body').evaluate((body, address) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData('application/vnd.code.uri-list', address);
    body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, pathToFileURL(bare).href);
  const photo = panel.image('photo').locator('mix-thumbnail img');
  await expect.poll(() => greenness(photo)).toBeGreaterThan(100);
  await sharp({ create: { width: 600, height: 600, channels: 3, background: '#ff0000' } })
    .jpeg()
    .toFile(bare);
  await expect.poll(() => greenness(photo)).toBeLessThan(-100);
});
