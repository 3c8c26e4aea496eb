import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { themeNames } from './editor.ts';
import { expect, test } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';

/** What axe finds wrong in the panel's frame: rule, place and reason. */
async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .include(['iframe.webview.ready', '#active-frame', 'body'])
    .analyze();
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
  await panel.mix();
  await panel.setNumber('Width', 5000);
  await panel.mixButton().hover();
  for (const theme of themeNames) {
    await editor.setTheme(theme);
    expect(await faults(editor.page), theme).toEqual([]);
    for (const width of [400, 800, 1600]) {
      await editor.setPanelWidth(width);
      const page = panel.frame.locator('html');
      expect(await page.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth), `${width} px`).toBe(0);
      await expect(panel.mixButton()).toBeInViewport();
      await editor.screenshot(`panel ${theme} ${width}`, editor.page.locator('iframe.webview.ready'));
    }
  }
  for (const name of ['alps.jpg', 'allium.jpg', 'nothing.png']) {
    await panel.frame.getByRole('button', { name: `Remove ${name}` }).click();
  }
  expect(await faults(editor.page), 'empty').toEqual([]);
});
