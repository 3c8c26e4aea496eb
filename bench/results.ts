// A list of a thousand results under the wheel: the longest task that keeps the panel from answering.
import { resolve } from 'node:path';
import { expect } from '@playwright/test';
import { z } from 'zod';
import { makeProject } from '../test/hosts/project.ts';
import { launchWorkbench } from '../test/hosts/workbench.ts';
import { Editor } from '../test/ui/editor.ts';
import { multiplyResult } from '../test/ui/manyResults.ts';
import { MixPanel, openPanel } from '../test/ui/mixPanel.ts';
import type { Row } from './row.ts';

/** Browsers tell of tasks from this length on, in milliseconds. */
const long = 50;
const turns = 150;

export async function rows(): Promise<Row[]> {
  const project = await makeProject();
  const workbench = await launchWorkbench({ folder: project.folder, develop: resolve(import.meta.dirname, '..') });
  try {
    const editor = new Editor(workbench, workbench.page);
    await editor.ready();
    await (await openPanel(editor)).mix();
    await multiplyResult(workbench.dataDir, 1000);
    await editor.page.reload({ waitUntil: 'commit' });
    await editor.ready();
    await editor.runCommand('Image Mixer: Open');
    const panel = new MixPanel(editor.panel());
    await expect(panel.preview()).toHaveJSProperty('width', 768, { timeout: 60_000 }); // all is there, and at rest
    await panel.results().first().hover();
    const body = panel.frame.locator('body');
    await body.evaluate(() => {
      const tasks: number[] = [];
      Object.assign(globalThis, { tasks });
      const add = (list: PerformanceObserverEntryList) => tasks.push(...list.getEntries().map((task) => task.duration));
      new PerformanceObserver(add).observe({ type: 'longtask' });
    });
    for (let turn = 0; turn < turns; turn++) await editor.page.mouse.wheel(0, 400);
    const tasks = z.array(z.number()).parse(await body.evaluate(() => Reflect.get(globalThis, 'tasks')));
    const ours = Math.max(0, ...tasks);
    const note = `ms, longest task in ${turns} turns of the wheel; ${tasks.length} of ${long} ms or more`;
    return [{ name: 'results.scroll-1000', ours, peer: 'bar', theirs: long, goal: 1, note }];
  } finally {
    await workbench.close();
    await project.remove();
  }
}
