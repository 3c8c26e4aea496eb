import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { themeNames } from './editor.ts';
import { expect, test } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';

/** What axe finds wrong in the panel's frame: rule, place and reason. It runs in the frame itself, so that it can't miss it. */
async function faults(panel: MixPanel): Promise<string[]> {
  const body = panel.frame.locator('body');
  await body.evaluate(axe.source);
  const { violations, passes } = await body.evaluate<AxeResults, HTMLElement>('axe.run(document)');
  // Buttons and text are there in every state: axe that passed neither has looked at nothing.
  for (const rule of ['button-name', 'color-contrast']) {
    expect(passes.find(({ id }) => id === rule)?.nodes.length, rule).toBeGreaterThan(3);
  }
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}

test.beforeEach(async ({ project }) => {
  await writeFile(join(project, 'refs/nothing.png'), '');
});

test('axe finds nothing in any theme, and nothing is cut off at any width', async ({ editor }) => {
  test.slow();
  const panel = new MixPanel(editor.panel());
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg', 'refs/nothing.png'], 'Mix Images');
  await panel.image('nothing.png').getByRole('checkbox').uncheck();
  const name = await panel.mix();
  await panel.frame.getByRole('button', { name: 'Show which image lands where' }).click();
  await panel.setNumber('Width', 5000);
  await panel.mixButton().hover();
  for (const theme of themeNames) {
    await editor.setTheme(theme);
    expect(await faults(panel), theme).toEqual([]);
    for (const width of [400, 800, 1600]) {
      await editor.setPanelWidth(width);
      const page = panel.frame.locator('html');
      expect(await page.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), `${width} px`).toBe(0);
      await expect(panel.mixButton()).toBeInViewport();
      await editor.screenshot(`panel ${theme} ${width}`, editor.page.locator('iframe.webview.ready'));
    }
  }
  await panel.frame.getByRole('button', { name: `Compare ${name}` }).click();
  await expect(panel.frame.locator('mix-comparison').getByRole('img', { name })).toBeVisible();
  expect(await faults(panel), 'comparing').toEqual([]);
  await panel.frame.getByRole('button', { name: 'End comparison' }).click();
  for (const name of ['alps.jpg', 'allium.jpg', 'nothing.png']) {
    await panel.frame.getByRole('button', { name: `Remove ${name}` }).click();
  }
  expect(await faults(panel), 'empty').toEqual([]);
});
