// The time to the first images in the quick pick of a workspace with 50,000 images, compared with the first files in VS Code's Quick Open.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { launchWorkbench } from '../test/hosts/workbench.ts';
import { Editor } from '../test/ui/editor.ts';
import { median, type Row, spread } from './row.ts';

const rounds = 7;
/** The smallest possible GIF. Only the names of these files matter. */
const pixel = Buffer.from('R0lGODlhAQABAAAAACH5BAEAAAAALAAAAAABAAEAAAIBAAA=', 'base64');

export async function rows(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'image-mixer-bench-'));
  for (let album = 0; album < 500; album++) {
    const path = join(folder, `album-${album}`);
    await mkdir(path);
    const names = Array.from({ length: 100 }, (_, index) => `photo-${album}-${index}.gif`);
    await Promise.all(names.map((name) => writeFile(join(path, name), pixel)));
  }
  const workbench = await launchWorkbench({ folder, develop: resolve(import.meta.dirname, '..') });
  try {
    const editor = new Editor(workbench, workbench.page);
    await editor.ready();
    const { keyboard } = editor.page;
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      const peer = await untilListed(editor, async () => {
        await keyboard.press('Control+p');
        await keyboard.insertText('photo');
      });
      await editor.findCommand('Image Mixer: Mix Images');
      const own = await untilListed(editor, () => keyboard.press('Enter'));
      if (round === 0) continue; // warms up both
      theirs.push(peer);
      ours.push(own);
    }
    const note = `ms; ours ${spread(ours)}; theirs ${spread(theirs)}`;
    return [{ name: 'picker.first', ours: median(ours), peer: 'Quick Open', theirs: median(theirs), goal: 1, note }];
  } finally {
    await workbench.close();
    await rm(folder, { recursive: true });
  }
}

/** Milliseconds from an action to the first image in the list that it opens. Closes the list again. */
async function untilListed({ page }: Editor, act: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await act();
  const isListed = () => document.querySelector('.quick-input-list .monaco-list-row[aria-label*="photo-"]') !== null;
  while (!(await page.evaluate(isListed))) {
    if (performance.now() - start > 60_000) throw new Error('No image was listed');
    await delay(4);
  }
  const time = performance.now() - start;
  await page.keyboard.press('Escape');
  await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  return time;
}
