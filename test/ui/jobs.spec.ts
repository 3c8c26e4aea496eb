import { expect } from './fixtures.ts';
import { drawMix, pictureName, setKey, oneJobAtATime as test } from './hosted.ts';

test('jobs wait in line, each with a cancel of its own; one that ends behind another editor says so once', async ({
  editor,
  sandbox,
}) => {
  const { page } = editor;
  await setKey(editor, sandbox.origin, sandbox.key);
  const panel = await drawMix(editor);
  const release = sandbox.hold('poll');
  await panel.mixButton().click();
  await sandbox.waitFor('poll');
  await expect(panel.frame.getByRole('list', { name: 'Jobs' }).getByRole('listitem')).toContainText(
    /Mixing · \d+ sec left/,
  );
  await panel.mixButton().click();
  const waiting = panel.frame.getByRole('button', { name: 'Cancel flower of the mountains' });
  await waiting.click();
  await expect(waiting).toHaveCount(0);
  await expect(panel.frame.getByRole('button', { name: 'Cancel', exact: true })).toBeVisible();

  await (await editor.file('refs/alps.jpg')).dblclick();
  await expect(page.getByRole('tab', { name: 'alps.jpg' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('.statusbar-item').filter({ hasText: 'Mixing' })).toBeVisible();
  release();
  await expect(page.getByRole('alert').filter({ hasText: `Image Mixer saved ${pictureName}.` })).toHaveCount(1);
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await expect(page.getByRole('treeitem', { name: pictureName })).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('.statusbar-item').filter({ hasText: 'Mixing' })).toHaveCount(0);
  expect(sandbox.requests.filter(({ stage }) => stage === 'mix')).toHaveLength(1); // the other never left
});
