import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { Editor } from './editor.ts';
import { expect } from './fixtures.ts';
import { drawMix, resultName } from './flowerMix.ts';
import { hostsOf, jobsFolder, ordersOf, setKey, packaged as test } from './hosted.ts';
import { MixPanel } from './mixPanel.ts';

const stages = ['upload', 'mix', 'poll', 'download'] as const;
type Stage = (typeof stages)[number];

/** Time for two starts of VS Code on a slow, busy machine. */
test.describe.configure({ timeout: 300_000 });
const patience = { timeout: 120_000 };

test.beforeEach(({ editor, sandbox }) => setKey(editor, sandbox.origin, sandbox.key));

for (const stage of stages) {
  test(`a window reloaded during ${stage} gets its result, which is paid for once`, async ({
    editor,
    project,
    sandbox,
  }) => {
    const release = await mixUntil(stage, editor, sandbox);
    await editor.page.reload({ waitUntil: 'commit' });
    release();
    await expectResult(editor, project);
    // In a browser, VS Code saves a window's tabs only from time to time, so one that was just opened may be gone.
    await editor.runCommand('Image Mixer: Open');
    await expectPanel(editor, (panel) => expect(panel.results()).toHaveCount(1));
    expect(ordersOf(sandbox)).toBe(1);
  });

  test(`if the extension host is killed during ${stage}, nothing is submitted twice`, async ({
    editor,
    project,
    sandbox,
  }) => {
    const release = await mixUntil(stage, editor, sandbox);
    for (const host of await hostsOf(editor)) process.kill(host, 'SIGKILL');
    release();
    if (stage === 'mix') {
      // The response is lost with the host, so only the user can find out whether the work was done.
      const message = /unclear whether .* ran the mix and charged for it\. Check your account there/;
      await expectPanel(editor, (panel) => expect(panel.frame.getByText(message)).toBeVisible());
      expect(await readdir(project)).toEqual(['refs']);
    } else {
      await expectResult(editor, project);
      await expectPanel(editor, (panel) => expect(panel.results()).toHaveCount(1));
    }
    expect(ordersOf(sandbox)).toBe(1);
  });
}

for (const { fate, grace } of [
  { fate: 'lives on', grace: 3600 },
  { fate: 'ends soon', grace: 1 },
]) {
  test.describe(() => {
    test.use({ grace });
    test(`if one of two windows closes and its extension host ${fate}, the result is saved once`, async ({
      editor,
      project,
      sandbox,
    }) => {
      const other = new Editor(editor.workbench, await editor.workbench.openWindow());
      await other.ready();
      await editor.page.bringToFront();
      const release = await mixUntil('poll', editor, sandbox);
      await editor.page.close();
      if (fate === 'ends soon') await expect.poll(() => hostsOf(editor), patience).toHaveLength(1);
      release();
      await expectResult(other, project);
      expect(ordersOf(sandbox)).toBe(1);
    });
  });
}

/** Starts a mix in the panel and holds the service at the first request of a stage. Resolves with a function that releases it. */
async function mixUntil(stage: Stage, editor: Editor, sandbox: Sandbox): Promise<() => void> {
  const panel = await drawMix(editor);
  const release = sandbox.hold(stage);
  await panel.mixButton().click();
  await sandbox.waitFor(stage);
  return release;
}

/** Waits until no job is left, and expects its result to be the only one in the project. */
async function expectResult(editor: Editor, project: string): Promise<void> {
  await expect.poll(() => readdir(jobsFolder(editor)), patience).toEqual([]);
  expect(await readdir(join(project, 'mixes'))).toEqual([resultName]);
}

/** Runs a check on the panel, once VS Code or the extension has restored it. */
async function expectPanel(editor: Editor, check: (panel: MixPanel) => Promise<void>): Promise<void> {
  await expect(() => check(new MixPanel(editor.panel()))).toPass(patience);
}
