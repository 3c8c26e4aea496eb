import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect as expectSoon } from '@playwright/test';
import sharp from 'sharp';
import { z } from 'zod';
import { makeProject, photographs } from '../test/hosts/project.ts';
import { launchWorkbench } from '../test/hosts/workbench.ts';
import { Editor } from '../test/ui/editor.ts';
import { MixPanel } from '../test/ui/mixPanel.ts';
import { addLargePhotographs } from './largePhotographs.ts';
import { median, type Row, spread } from './row.ts';

const expect = expectSoon.configure({ timeout: 60_000 });
const rounds = 7;
/** The duration of a frame at 60 Hz, in milliseconds. */
const frame = 16.7;
/** The longest time from releasing the slider to the sharp frame, in milliseconds. */
const afterRelease = 150;

/** How long users wait for the panel and its preview, compared with VS Code's own image preview. */
export async function rows(): Promise<Row[]> {
  const project = await makeProject();
  const large = await addLargePhotographs(project.folder, 2);
  await addFrames(project.folder);
  const workbench = await launchWorkbench({ folder: project.folder, develop: resolve(import.meta.dirname, '..') });
  try {
    await workbench.context.addInitScript(noteMixedFrames);
    const editor = new Editor(workbench, workbench.page);
    await editor.ready();
    await editor.openImage('refs/alps.jpg'); // VS Code's preview may be ready a moment after the commands
    return [await panelOpen(editor), await firstPreview(editor, large), ...(await previewFrames(editor))];
  } finally {
    await workbench.close();
    await project.remove();
  }
}

/** Writes five small images to `frames/`: parts of the project's photographs. */
async function addFrames(folder: string): Promise<void> {
  await mkdir(join(folder, 'frames'));
  const originals = Object.keys(photographs);
  for (let index = 0; index < 5; index++) {
    const part = { left: 20 * index, top: 30 * index, width: 400, height: 300 };
    const image = sharp(join(folder, originals[index % 2] ?? '')).resize(600, 600, { fit: 'cover' });
    await writeFile(join(folder, `frames/${index}.jpg`), await image.extract(part).resize(1200).jpeg().toBuffer());
  }
}

async function closeAll(editor: Editor): Promise<void> {
  await editor.runCommand('View: Close All Editors');
  await expect(editor.page.locator('.editor-group-container').getByRole('tab')).toHaveCount(0);
}

/** What may appear in a webview, as selectors of its page. */
const seen = {
  image: 'img[src]',
  interactive: '.run-button vscode-button:defined:not([disabled])',
  preview: '.is-mixed canvas:not(.is-blank)',
};

/** Runs in every page. Marks one whose preview shows a mix: a first frame may have only the image that arrived first. */
function noteMixedFrames(): void {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const isMixed =
        entry instanceof PerformanceMeasure && entry.name === 'image-mixer.frame' && entry.detail.images > 1;
      if (isMixed) document.documentElement.classList.add('is-mixed');
    }
  }).observe({ type: 'measure' });
}

/** Milliseconds from an action until something appears in a webview. Checks every few milliseconds, because Playwright's own waiting is coarser. */
async function untilSeen({ page }: Editor, what: keyof typeof seen, act: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await act();
  while (performance.now() - start < 60_000) {
    for (const frame of page.frames()) {
      const isThere = (selector: string) => {
        const found = document.querySelector(selector);
        return found instanceof HTMLImageElement ? found.complete && found.naturalWidth > 0 : found !== null;
      };
      // A frame that is loading or closing can't be queried.
      if (frame.url().includes('/fake.html') && (await frame.evaluate(isThere, seen[what]).catch(() => false))) {
        return performance.now() - start;
      }
    }
    await delay(4);
  }
  throw new Error(`No ${what} was seen`);
}

/** Milliseconds until the image appears in VS Code's image preview. */
async function imagePreview(editor: Editor, path: string): Promise<number> {
  const file = await editor.file(path);
  return untilSeen(editor, 'image', () => file.dblclick());
}

async function panelOpen(editor: Editor): Promise<Row> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    await closeAll(editor);
    const peer = await imagePreview(editor, 'refs/alps.jpg');
    await closeAll(editor);
    await editor.findCommand('Image Mixer: Open');
    const own = await untilSeen(editor, 'interactive', () => editor.page.keyboard.press('Enter'));
    if (round === 0) continue; // warms both up
    ours.push(own);
    theirs.push(peer);
  }
  return compare('panel.open', ours, 'image preview of VS Code', theirs, 1.5);
}

async function firstPreview(editor: Editor, large: readonly string[]): Promise<Row> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    await closeAll(editor);
    const peer = await imagePreview(editor, large[0] ?? '');
    await closeAll(editor);
    await editor.openContextMenu(large, 'Mix Images');
    const own = await untilSeen(editor, 'preview', () => editor.page.keyboard.press('Enter'));
    if (round === 0) continue;
    ours.push(own);
    theirs.push(peer);
  }
  return compare('panel.first-preview', ours, 'image preview of one of the two', theirs, 1.5);
}

/** The frames drawn while a weight is dragged back and forth, for mixes of two, three and five images: the kernel's time for each, and the time to the sharp one at the end. */
async function previewFrames(editor: Editor): Promise<Row[]> {
  const result: Row[] = [];
  const untilSharp: number[] = [];
  for (const [count, goal] of [
    [2, 1],
    [3, 1],
    [5, 25 / frame],
  ] as const) {
    const { times, interval, sharp } = await drag(editor, count);
    const slowest = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? Number.NaN;
    const name = count === 3 ? 'preview.frame-384' : `preview.frame-384-${count}`;
    const note = `ms, p95 of ${times.length} frames, median ${median(times).toFixed(1)}, one shown every ${interval.toFixed(0)}; ${count} images`;
    result.push({ name, ours: slowest, peer: 'a frame at 60 Hz', theirs: frame, goal, note });
    untilSharp.push(sharp);
  }
  const note = `ms from release to the sharp frame, the worst of these drags: ${spread(untilSharp)}`;
  result.push({
    name: 'preview.sharp',
    ours: Math.max(...untilSharp),
    peer: 'bar',
    theirs: afterRelease,
    goal: 1,
    note,
  });
  return result;
}

const dragSchema = z.object({
  frames: z.array(z.object({ kernel: z.number(), shown: z.number() })),
  pressed: z.number(),
  released: z.number(),
});

/** Milliseconds that the kernel takes for each frame, between shown frames (median), and from release to the sharp frame. */
async function drag(editor: Editor, count: number): Promise<{ times: number[]; interval: number; sharp: number }> {
  await closeAll(editor);
  const files = Array.from({ length: count }, (_, index) => `frames/${index}.jpg`);
  await editor.chooseFromContextMenu(files, 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await expect(panel.preview()).toHaveJSProperty('width', 768); // the sharp frame: everything is loaded and idle
  const body = panel.frame.locator('body');
  await body.evaluate(() => {
    const drag = { frames: [] as { kernel: number; shown: number }[], pressed: 0, released: 0 };
    Object.assign(globalThis, { drag });
    new PerformanceObserver((list) => {
      for (const { name, duration, startTime } of list.getEntries()) {
        if (name === 'image-mixer.frame') drag.frames.push({ kernel: duration, shown: startTime + duration });
      }
    }).observe({ type: 'measure' });
    document.addEventListener('pointerdown', () => {
      drag.pressed = performance.now();
    });
    document.addEventListener('pointerup', () => {
      drag.released = performance.now();
    });
  });
  const slider = panel.slider('0.jpg');
  const box = await slider.boundingBox();
  if (!box) throw new Error("The slider isn't visible");
  const at = (part: number) => [box.x + part * box.width, box.y + box.height / 2] as const;
  await editor.page.mouse.move(...at(0.5));
  await editor.page.mouse.down();
  for (let step = 0; step < 240; step++) await editor.page.mouse.move(...at(0.5 + 0.4 * Math.sin(step / 12)));
  await editor.page.mouse.up();
  await expect(panel.preview()).toHaveJSProperty('width', 768);
  const { frames, pressed, released } = dragSchema.parse(await body.evaluate(() => Reflect.get(globalThis, 'drag')));
  const during = frames.filter(({ kernel, shown }) => shown - kernel > pressed && shown < released);
  const last = frames.at(-1)?.shown ?? Number.NaN;
  return {
    times: during.map(({ kernel }) => kernel),
    interval: median(during.slice(1).map(({ shown }, i) => shown - (during[i]?.shown ?? 0))),
    sharp: last - released,
  };
}

function compare(name: string, ours: number[], peer: string, theirs: number[], goal: number): Row {
  const note = `ms; ours ${spread(ours)}; theirs ${spread(theirs)}`;
  return { name, ours: median(ours), peer, theirs: median(theirs), goal, note };
}
