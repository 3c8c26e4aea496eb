import { copyFile, cp, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from '@playwright/test';
import { Editor } from '../ui/editor.ts';
import { MixPanel } from '../ui/mixPanel.ts';
import { launchWorkbench, type WorkbenchOptions } from './workbench.ts';

/**
 * Mixes through the real panel without any input, on a copy of `examples`: sets two weights and a prompt, mixes, and saves the
 * result and a screenshot of the window in `out`. Returns the paths of both files.
 */
export async function mixOnce(examples: string, out: string, options: WorkbenchOptions): Promise<string[]> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'image-mixer-once-')));
  await cp(examples, folder, { recursive: true });
  const workbench = await launchWorkbench({ ...options, folder, viewport: { width: 1600, height: 1100 } });
  try {
    const editor = new Editor(workbench, workbench.page);
    const panel = new MixPanel(editor.panel());
    await expect(panel.image('dahlia.jpg')).toBeVisible({ timeout: 90_000 });
    await panel.setWeight('dunes.jpg', 0.3);
    await panel.setWeight('dahlia.jpg', 0.7);
    await panel.setPrompt('a dahlia at dusk in the dunes');
    const name = await panel.mix();
    await editor.file(`mixes/${name}`);

    await mkdir(out, { recursive: true });
    const result = resolve(out, name);
    const screenshot = resolve(out, 'panel.png');
    await copyFile(join(folder, 'mixes', name), result);
    await workbench.page.screenshot({ path: screenshot });
    return [result, screenshot];
  } finally {
    await workbench.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
