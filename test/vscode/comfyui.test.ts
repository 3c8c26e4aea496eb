import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationTarget, commands, Uri, window, workspace } from 'vscode';
import { z } from 'zod';
import { type ComfyUIServer, startComfyUI } from '../comfyui/server.ts';

const root = workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const authorization = 'Bearer comfyui-secret-51c0';
const recipe = {
  images: [{ source: 'refs/alps.jpg' }, { source: 'refs/allium.jpg' }],
  width: 128,
  height: 96,
  seed: 5,
};
const outcomeSchema = z.looseObject({
  status: z.string(),
  engine: z.string(),
  files: z.array(z.string()),
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});

const set = (name: string, value: unknown, target = ConfigurationTarget.Global) =>
  workspace.getConfiguration('imageMixer').update(`comfyui.${name}`, value, target);
const check = async () => z.string().parse(await commands.executeCommand('imageMixer.checkComfyUI'));
const setAuthorization = async (url: string, value: string) =>
  commands.executeCommand('imageMixer.setComfyUIAuthorization', new URL(url).origin, value);
const mix = async () => {
  const outputFolder = Uri.file(join(root, 'mixes'));
  return outcomeSchema.parse(
    await commands.executeCommand('imageMixer.run', recipe, { engine: 'comfyui', outputFolder }),
  );
};

suite('ComfyUI servers', () => {
  let guarded: ComfyUIServer;
  let open: ComfyUIServer;

  suiteSetup(async () => {
    [guarded, open] = await Promise.all([startComfyUI({ scenarios: ['authorization'] }), startComfyUI()]);
  });

  suiteTeardown(async () => {
    await setAuthorization(guarded.url, '');
    await set('servers', undefined);
    await guarded.close();
    await open.close();
  });

  test('are checked, and without any the check says so', async () => {
    assert.match(await check(), /^# ComfyUI servers/);
    await set('servers', [guarded.url, `${open.url}/`]);
    const details = await check();
    assert.match(details, /requires signing in/);
    assert.match(details, /is ready\. It mixes with sd\\_xl\\_base/);
  });

  test('get the authorization of their own origin only', async () => {
    await assert.rejects(setAuthorization(guarded.url, 'comfyui-secret-51c0'), /such as Bearer and a token/);
    await assert.rejects(
      setAuthorization('ftp://example.com', authorization).then(() => {}),
      /imageMixer\.comfyui\.servers/,
    );
    await setAuthorization(guarded.url, authorization);
    assert.doesNotMatch(await check(), /requires signing in/);
    assert.equal(guarded.requests.at(-1)?.headers.authorization, authorization);
    assert.ok(open.requests.length > 0);
    assert.ok(open.requests.every(({ headers }) => headers.authorization === undefined));
  });

  test('mix', async () => {
    await set('servers', [guarded.url]);
    const outcome = await mix();
    assert.equal(outcome.status, 'done', outcome.error?.message);
    assert.equal(outcome.engine, 'comfyui');
    assert.equal(outcome.files.length, 1);
  });

  test("mix with a workflow of the user's own", async () => {
    await set('servers', [open.url]);
    await commands.executeCommand('imageMixer.newComfyUIWorkflow');
    const document = window.activeTextEditor?.document;
    assert.ok(document?.isUntitled);
    assert.equal(document.languageId, 'json');
    const file = join(root, 'mine.json');
    await writeFile(file, document.getText());
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await set('workflow', 'mine.json', ConfigurationTarget.Workspace);
    try {
      const outcome = await mix();
      assert.equal(outcome.status, 'done', outcome.error?.message);
      await rm(file);
      const missing = await mix();
      assert.equal(missing.error?.code, 'invalid-recipe');
      assert.match(missing.error.message, /mine\.json/);
    } finally {
      await set('workflow', undefined, ConfigurationTarget.Workspace);
    }
  });
});
