// Scrolling a list of a thousand results with the wheel: the longest task that blocks the panel.
import { resolve } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { z } from 'zod';
import { makeProject } from '../test/hosts/project.ts';
import { launchWorkbench } from '../test/hosts/workbench.ts';
import { Editor } from '../test/ui/editor.ts';
import { multiplyResult } from '../test/ui/manyResults.ts';
import { MixPanel, openPanel } from '../test/ui/mixPanel.ts';
import type { Row } from './row.ts';

/** The longest task that users don't notice, in milliseconds. */
const bar = 50;
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
    await expect(panel.preview()).toHaveJSProperty('width', 768, { timeout: 60_000 }); // everything is loaded and idle
    await panel.results().first().hover();
    const tasks = await tasksDuring(editor.page, async () => {
      for (let turn = 0; turn < turns; turn++) await editor.page.mouse.wheel(0, 400);
    });
    const ours = Math.max(...tasks.map(({ tdur }) => tdur)) / 1000;
    const longest = Math.max(...tasks.map(({ dur }) => dur)) / 1000;
    const note = `ms of CPU time, longest of ${tasks.length} tasks in ${turns} turns of the wheel; wall time, with waits for a processor, ${longest.toFixed(0)} ms`;
    return [{ name: 'results.scroll-1000', ours, peer: 'bar', theirs: bar, goal: 1, note }];
  } finally {
    await workbench.close();
    await project.remove();
  }
}

const eventSchema = z.looseObject({ name: z.string(), pid: z.number(), tid: z.number() });
const taskSchema = z.object({ name: z.literal('RunTask'), dur: z.number(), tdur: z.number() });
const threadSchema = z.object({
  name: z.literal('thread_name'),
  args: z.object({ name: z.literal('CrRendererMain') }),
});

/**
 * The tasks of the window's main thread, which is also the panel's, while `act` runs: the wall time (`dur`) and the CPU time (`tdur`)
 * of each, in microseconds. A task that waits for a processor has a long wall time, whatever it does.
 */
async function tasksDuring(page: Page, act: () => Promise<void>): Promise<{ dur: number; tdur: number }[]> {
  const session = await page.context().newCDPSession(page);
  const events: z.infer<typeof eventSchema>[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    events.push(...z.array(eventSchema).parse(value));
  });
  const ended = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  const includedCategories = ['devtools.timeline', 'disabled-by-default-devtools.timeline'];
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories } });
  await act();
  await session.send('Tracing.end');
  await ended;
  const threadOf = ({ pid, tid }: z.infer<typeof eventSchema>) => `${pid} ${tid}`;
  const mains = new Set(events.filter((event) => threadSchema.safeParse(event).success).map(threadOf));
  return events.flatMap((event) => {
    const task = mains.has(threadOf(event)) ? taskSchema.safeParse(event) : undefined;
    return task?.success ? [task.data] : [];
  });
}
