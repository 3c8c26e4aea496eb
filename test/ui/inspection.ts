import axe, { type AxeResults } from 'axe-core';
import { type Editor, themeNames } from './editor.ts';
import { expect } from './fixtures.ts';
import type { MixPanel } from './mixPanel.ts';

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
export async function inspect(editor: Editor, panel: MixPanel, state: string): Promise<void> {
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
  await editor.screenshot(`${state} zoomed`); // the frame is laid out anew for it
  await expectAllInSight(panel, `${state}, zoomed`);
}
