import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeProject } from '../hosts/project.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { Editor } from './editor.ts';
import { expect } from './fixtures.ts';
import { drawMix, resultName } from './flowerMix.ts';
import { hostsOf, jobsFolder, ordersOf, setKey, packaged as test } from './hosted.ts';
import { MixPanel } from './mixPanel.ts';

/** Time for two starts of VS Code on a slow, busy machine. */
test.describe.configure({ timeout: 300_000 });
const patience = { timeout: 120_000 };

test('a job whose extension host is killed stays with its workspace and its service, though another window is open', async ({
  editor,
  project,
  sandbox,
}) => {
  const elsewhere = await startSandbox();
  const other = await makeProject();
  await setKey(editor, sandbox.origin, sandbox.key);
  const panel = await drawMix(editor);
  const [host] = await hostsOf(editor);
  const release = sandbox.hold('upload');
  await panel.mixButton().click();
  await sandbox.waitFor('upload');
  const stranger = new Editor(editor.workbench, await editor.workbench.openWindow(other.folder));
  await stranger.ready();
  await stranger.runCommand('Image Mixer: Open'); // this window is at work too
  await editor.workbench.setSettings({ 'imageMixer.hosted.baseUrl': elsewhere.baseUrl });
  if (host === undefined) throw new Error('No extension host');
  process.kill(host, 'SIGKILL');
  release();

  await expect.poll(() => readdir(jobsFolder(editor)), patience).toEqual([]);
  expect(await readdir(join(project, 'mixes'))).toEqual([resultName]);
  expect(await readdir(other.folder)).toEqual(['refs']);
  expect([ordersOf(sandbox), ordersOf(elsewhere)]).toEqual([1, 0]);
  await expect(new MixPanel(stranger.panel()).results()).toHaveCount(0);
  await editor.page.bringToFront();
  await editor.runCommand('Image Mixer: Open');
  await expect(new MixPanel(editor.panel()).results()).toHaveCount(1);
  await elsewhere.close();
  await other.remove();
});

test.describe('in Restricted Mode', () => {
  test.use({ trust: true });

  test('not one byte leaves: neither for a job that was left behind, nor for a key just stored', async ({
    editor,
    project,
    sandbox,
  }) => {
    await setTrust(editor, project, true);
    await setKey(editor, sandbox.origin, sandbox.key);
    const panel = await drawMix(editor);
    const release = sandbox.hold('poll');
    await panel.mixButton().click();
    await sandbox.waitFor('poll');
    await setTrust(editor, project, false); // restarts the extension host, which leaves the job behind
    release();
    const before = sandbox.requests.length;

    await editor.runCommand('Image Mixer: Open');
    const restricted = new MixPanel(editor.panel());
    await expect(restricted.mixButton()).toBeEnabled(patience);
    await setKey(editor, sandbox.origin, sandbox.key);
    await restricted.mix();
    expect(sandbox.requests.slice(before)).toEqual([]);

    await setTrust(editor, project, true);
    await expect.poll(async () => (await readdir(join(project, 'mixes'))).includes(resultName), patience).toBe(true);
    expect(ordersOf(sandbox)).toBe(1);
  });
});

/** Trusts the project, or takes the trust back, in VS Code's own editor for it. Resolves when the window is in that mode. */
async function setTrust(editor: Editor, project: string, isTrusted: boolean): Promise<void> {
  const { page } = editor;
  const dialog = page.getByRole('dialog', { name: 'Workspace Trust' });
  const isRestricted = page.getByRole('button', { name: /^Restricted Mode/ });
  await editor.runCommand('Workspaces: Manage Workspace Trust');
  if (isTrusted) {
    await dialog.getByRole('button', { name: 'Trust', exact: true }).click();
    await expect(isRestricted).toBeHidden(patience);
  } else {
    const entry = dialog.getByRole('listitem', { name: project });
    await entry.hover();
    await entry.getByRole('button', { name: 'Delete Path' }).click(); // reloads the window
    await expect(isRestricted).toBeVisible(patience);
    await editor.ready();
  }
  await expect(async () => {
    // The dialog may be gone with the window that was reloaded.
    if (await dialog.isVisible())
      await dialog.getByRole('button', { name: /^Close Modal Editor/ }).click({ timeout: 2000 });
    await expect(dialog).toBeHidden({ timeout: 2000 });
  }).toPass(patience);
}
