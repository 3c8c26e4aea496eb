import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { type Editor, themeNames } from './editor.ts';
import { expect } from './fixtures.ts';
import { setKey, oneJobAtATime as test } from './hosted.ts';
import { MixPanel } from './mixPanel.ts';

/** The violations that axe finds in the panel's frame: rule, element and reason. It runs in the frame itself, so it can't miss it. */
async function faults(panel: MixPanel): Promise<string[]> {
  const body = panel.frame.locator('body');
  await body.evaluate(axe.source);
  const { violations, passes } = await body.evaluate<AxeResults, HTMLElement>('axe.run(document)');
  // Every state has buttons and text. If axe passed none of them, it checked nothing.
  for (const rule of ['button-name', 'color-contrast']) {
    expect(passes.find(({ id }) => id === rule)?.nodes.length, rule).toBeGreaterThan(3);
  }
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}

/** Expects that nothing is cut off at the sides, Mix is in view, and the sticky bar at the bottom covers at most half the page. */
async function expectAllInSight(panel: MixPanel, where: string): Promise<void> {
  const page = panel.frame.locator('html');
  const overflow = await page.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
  expect(overflow, where).toBe(0);
  await expect(panel.mixButton(), where).toBeInViewport();
  const running = await panel.frame.locator('.running').evaluate((part) => {
    const { top } = part.getBoundingClientRect();
    return getComputedStyle(part).position === 'sticky' ? (innerHeight - top) / innerHeight : 0;
  });
  expect(running, where).toBeLessThanOrEqual(0.5);
}

/** Checks one state of the panel in every theme and at three widths, then at 200 % zoom, and takes a screenshot of each. */
async function inspect(editor: Editor, panel: MixPanel, state: string): Promise<void> {
  for (const width of [400, 800, 1600]) {
    await editor.setPanelWidth(width);
    await expectAllInSight(panel, `${state}, ${width} px`);
    for (const theme of themeNames) {
      await editor.setTheme(theme);
      if (width === 800) expect(await faults(panel), `${state}, ${theme}`).toEqual([]);
      await editor.screenshot(`${state} ${theme} ${width}`, editor.page.locator('iframe.webview.ready'));
    }
  }
  // The panel's size in a window of 800 by 900 pixels at 200 % zoom.
  await editor.setPanelWidth(400, 450);
  await editor.setZoom(2);
  await expectAllInSight(panel, `${state}, zoomed`);
  await editor.screenshot(`${state} zoomed`);
}

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
