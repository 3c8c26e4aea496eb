import sharp from 'sharp';
import { expect, test } from './fixtures.ts';
import { openPanel } from './mixPanel.ts';

test('a click colours the preview by which image lands where', async ({ editor }) => {
  const panel = await openPanel(editor);
  const { frame } = panel;
  const preview = frame.getByRole('img', { name: 'Live preview' });
  const button = frame.getByRole('button', { name: 'Show which image lands where' });
  /** By how much the preview is more blue than red, on average. */
  const blueness = async () => {
    const { channels } = await sharp(await preview.screenshot()).stats();
    return (channels[2]?.mean ?? 0) - (channels[0]?.mean ?? 0);
  };
  await expect.poll(blueness).toBeLessThan(0); // sepia
  const plain = await preview.screenshot();
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  const legend = frame.getByRole('list', { name: 'Colours of the images' });
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
