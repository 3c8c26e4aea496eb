import { expect } from './fixtures.ts';
import { drawMix, resultName } from './flowerMix.ts';
import { setKey, oneJobAtATime as test } from './hosted.ts';

test('queued jobs each have their own Cancel button, and a job that ends while the panel is hidden is announced once', async ({
  editor,
  sandbox,
}) => {
  const { page } = editor;
  await setKey(editor, sandbox.origin, sandbox.key);
  const panel = await drawMix(editor);
  const release = sandbox.hold('poll');
  await panel.mixButton().click();
  const running = panel.frame.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
  await expect(running).toContainText(/Mixing · \d+ sec left/);
  await sandbox.waitFor('poll');
  await expect(running).toContainText('Mixing');
  await expect(running).not.toContainText('left'); // the service takes longer than it said
  await panel.mixButton().click();
  const waiting = panel.frame.getByRole('button', { name: 'Cancel flower of the mountains' });
  await waiting.click();
  await expect(waiting).toHaveCount(0);
  await expect(panel.frame.getByRole('button', { name: 'Cancel', exact: true })).toBeVisible();

  await (await editor.file('refs/alps.jpg')).dblclick();
  await expect(page.getByRole('tab', { name: 'alps.jpg' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('.statusbar-item').filter({ hasText: 'Mixing' })).toBeVisible();
  release();
  await expect(page.getByRole('alert').filter({ hasText: `Image Mixer saved ${resultName}.` })).toHaveCount(1);
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  await expect(page.getByRole('treeitem', { name: resultName })).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('.statusbar-item').filter({ hasText: 'Mixing' })).toHaveCount(0);
  expect(sandbox.requests.filter(({ stage }) => stage === 'mix')).toHaveLength(1); // the other one was never sent
});

test('holding the shortcut submits one mix, and canceling a queued mix costs nothing', async ({ editor, sandbox }) => {
  const { page } = editor;
  await setKey(editor, sandbox.origin, sandbox.key);
  const panel = await drawMix(editor);
  const { frame } = panel;
  const jobs = frame.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
  const engine = frame.getByRole('combobox', { name: 'Engine', exact: true });
  await expect(engine).toHaveAccessibleDescription(/Each mix is a paid request/);
  const release = sandbox.hold('poll');
  await frame.getByRole('textbox', { name: 'Prompt', exact: true }).focus();
  await page.keyboard.down('Control');
  for (let repeat = 0; repeat < 5; repeat++) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await page.keyboard.up('Control');
  await sandbox.waitFor('poll');
  await panel.mixButton().click();
  await expect(jobs).toHaveCount(2);
  await panel.mixButton().click();
  await expect(jobs).toHaveCount(3);

  for (const count of [3, 2]) {
    await frame.getByRole('button', { name: `Cancel flower of the mountains (${count})`, exact: true }).click();
    await expect(jobs).toHaveCount(count - 1); // without a message, because nothing was sent
  }
  await frame.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(jobs).toContainText('it may still finish the mix and charge for it');
  release();
  expect(sandbox.requests.filter(({ stage }) => stage === 'mix')).toHaveLength(1);
});
