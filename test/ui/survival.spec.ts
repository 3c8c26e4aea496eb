import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { Editor } from './editor.ts';
import { expect } from './fixtures.ts';
import { drawMix, test as hosted, resultName, setKey } from './hosted.ts';
import { MixPanel } from './mixPanel.ts';

const run = promisify(execFile);
const stages = ['upload', 'mix', 'poll', 'download'] as const;
type Stage = (typeof stages)[number];

/** The packed extension, that may upload without asking. `grace`: seconds that an extension host waits for a window that is gone. */
const test = hosted.extend<{ grace: number }>({
  grace: [3600, { option: true }],
  launch: async ({ sandbox, grace }, use) => {
    await use({
      vsix: resolve(import.meta.dirname, '../../dist/image-mixer.vsix'),
      machineSettings: { 'imageMixer.hosted.baseUrl': sandbox.baseUrl, 'imageMixer.hosted.uploads': 'allow' },
      serverArgs: ['--reconnection-grace-time', String(grace)],
    });
  },
});
/** Two starts of VS Code, on a machine that may be slow and busy. */
test.describe.configure({ timeout: 300_000 });
const patience = { timeout: 120_000 };

test.beforeEach(({ editor, sandbox }) => setKey(editor, sandbox.origin, sandbox.key));

for (const stage of stages) {
  test(`a window reloaded during ${stage} gets its picture, which is paid for once`, async ({
    editor,
    project,
    sandbox,
  }) => {
    const goOn = await mixUntil(stage, editor, sandbox);
    await editor.page.reload({ waitUntil: 'commit' });
    goOn();
    await expectResult(editor, project);
    // In a browser VS Code puts the tabs of a window down only now and then: one that opened just before may be gone.
    await editor.runCommand('Image Mixer: Open');
    await expectPanel(editor, (panel) => expect(panel.results()).toHaveCount(1));
    expect(ordersOf(sandbox)).toBe(1);
  });

  test(`an extension host killed during ${stage} orders nothing twice`, async ({ editor, project, sandbox }) => {
    const goOn = await mixUntil(stage, editor, sandbox);
    for (const host of await hostsOf(editor)) process.kill(host, 'SIGKILL');
    goOn();
    if (stage === 'mix') {
      // Its answer died with the host: only the user can find out what became of the work.
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
    test(`of two windows one closes, its extension host ${fate}, and the picture comes once`, async ({
      editor,
      project,
      sandbox,
    }) => {
      const other = new Editor(editor.workbench, await editor.workbench.openWindow());
      await other.ready();
      await editor.page.bringToFront();
      const goOn = await mixUntil('poll', editor, sandbox);
      await editor.page.close();
      if (fate === 'ends soon') await expect.poll(() => hostsOf(editor), patience).toHaveLength(1);
      goOn();
      await expectResult(other, project);
      expect(ordersOf(sandbox)).toBe(1);
    });
  });
}

/** Starts a mix through the panel and stops the service at the first request of a stage; the returned function lets it go on. */
async function mixUntil(stage: Stage, editor: Editor, sandbox: Sandbox): Promise<() => void> {
  const panel = await drawMix(editor);
  const goOn = sandbox.hold(stage);
  await panel.mixButton().click();
  await sandbox.waitFor(stage);
  return goOn;
}

/** Resolves when no job is left, with its picture alone in the project. */
async function expectResult(editor: Editor, project: string): Promise<void> {
  const jobs = join(editor.workbench.dataDir, 'data/User/globalStorage/imagemixer.image-mixer/jobs');
  await expect.poll(() => readdir(jobs), patience).toEqual([]);
  expect(await readdir(join(project, 'mixes'))).toEqual([resultName]);
}

/** Expects something of the panel, which VS Code or the extension first brings back. */
async function expectPanel(editor: Editor, check: (panel: MixPanel) => Promise<void>): Promise<void> {
  await expect(() => check(new MixPanel(editor.panel()))).toPass(patience);
}

function ordersOf({ requests }: Sandbox): number {
  return requests.filter(({ stage }) => stage === 'mix').length;
}

/** The process ids of the extension hosts. */
async function hostsOf({ workbench }: Editor): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return parent === workbench.serverPid && pid && line.includes('--type=extensionHost') ? pid : [];
  });
}
