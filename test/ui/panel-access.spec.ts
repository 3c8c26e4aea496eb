import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from './fixtures.ts';
import { setKey, oneJobAtATime as test } from './hosted.ts';
import { inspect } from './inspection.ts';
import { MixPanel } from './mixPanel.ts';

test('axe finds no violations in any state and theme, and nothing is cut off at any width or zoom', async ({
  editor,
  project,
  sandbox,
}) => {
  test.slow();
  const panel = new MixPanel(editor.panel());
  await editor.runCommand('Image Mixer: Open');
  await expect(panel.preview()).not.toHaveClass(/is-blank/);
  await inspect(editor, panel, 'first run');

  await writeFile(join(project, 'refs/nothing.png'), '');
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg', 'refs/nothing.png'], 'Mix Images');
  await panel.image('nothing.png').getByRole('checkbox').uncheck();
  const name = await panel.mix();
  await panel.frame.getByRole('button', { name: 'Show where each image lands' }).click();
  await panel.setNumber('Width', 5000);
  await panel.mixButton().hover();
  await inspect(editor, panel, 'wrong');

  await panel.frame.getByRole('button', { name: 'Undo' }).click();
  await panel.frame.getByRole('button', { name: `Compare ${name}` }).click();
  await expect(panel.frame.locator('mix-comparison').getByRole('img', { name })).toBeVisible();
  await inspect(editor, panel, 'comparing');
  await panel.frame.getByRole('button', { name: 'End comparison' }).click();

  await setKey(editor, sandbox.origin, sandbox.key);
  await panel.setPrompt('flower of the mountains');
  const release = sandbox.hold('poll');
  await panel.mixButton().click();
  await panel.mixButton().click();
  await expect(panel.frame.getByRole('button', { name: /^Cancel/ })).toHaveCount(2);
  await sandbox.waitFor('poll');
  await inspect(editor, panel, 'running');
  release();
  await expect(panel.results()).toHaveCount(3);

  await sandbox.close();
  await panel.mixButton().click();
  await expect(panel.frame.getByRole('list', { name: 'Jobs' }).getByText('refused the connection')).toBeVisible();
  await inspect(editor, panel, 'service out of reach');

  for (const name of ['alps.jpg', 'allium.jpg', 'nothing.png']) {
    await panel.frame.getByRole('button', { name: `Remove ${name}` }).click();
  }
  await inspect(editor, panel, 'empty');
});
