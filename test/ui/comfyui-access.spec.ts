import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawMixInSteps, test } from './comfyui.ts';
import { expect } from './fixtures.ts';
import { inspect } from './inspection.ts';
import { MixPanel } from './mixPanel.ts';

test('with ComfyUI, axe finds no violations in any state and theme, and nothing is cut off', async ({
  editor,
  project,
  server,
}) => {
  test.slow();
  const image = { class_type: 'LoadImage', inputs: { image: 'a.png' }, _meta: { title: 'mix:image' } };
  await writeFile(join(project, 'own.json'), JSON.stringify({ 1: image }));
  const panel = await drawMixInSteps(editor);
  const { frame } = panel;
  const servers = frame.getByRole('list', { name: 'ComfyUI servers' });
  const checkAgain = () => frame.getByRole('button', { name: 'Check again' }).click();
  await expect(servers).toContainText('ComfyUI 0.3.64 · Stand-in · 7 GB free');
  await inspect(editor, panel, 'comfyui idle');

  const models = { ...server.settings.models, diffusion_models: [] }; // without Flux
  server.configure({ models: { ...models, ipadapter: ['ip-adapter_sdxl_vit-h.safetensors'], clip_vision: [] } });
  await checkAgain();
  await expect(servers).toContainText('models/clip_vision');
  await inspect(editor, panel, 'comfyui missing files');
  for (const name of ['Engine', 'Model', 'Preset']) {
    const box = frame.getByRole('combobox', { name, exact: true });
    await box.click();
    await expect(box.getByRole('option').first()).toBeVisible();
    await inspect(editor, panel, `comfyui menu ${name}`);
    await editor.page.keyboard.press('Escape');
  }

  server.configure({ models, missingClasses: ['IPAdapter'] });
  await checkAgain();
  await expect(servers).toContainText('ComfyUI_IPAdapter_plus');
  await inspect(editor, panel, 'comfyui missing pack');

  server.reset();
  await checkAgain();
  await expect(servers).not.toContainText('ComfyUI_IPAdapter_plus');
  const hold = server.hold({ at: 'step', step: 3 });
  await panel.mixButton().click();
  await hold.reached;
  await expect(frame.getByRole('img', { name: 'Preview of flower of the mountains' })).toBeVisible();
  await inspect(editor, panel, 'comfyui mixing');
  hold.release();
  await expect(panel.results()).toHaveCount(1);

  await server.stop();
  await checkAgain();
  await expect(servers).toContainText('No ComfyUI server answers');
  await inspect(editor, panel, 'comfyui down');

  await server.start();
  await editor.workbench.setSettings({ 'imageMixer.comfyui.workflow': join(project, 'own.json') });
  await expect(frame.getByText('No effect with this workflow').first()).toBeVisible();
  await inspect(editor, panel, 'comfyui workflow');

  await editor.workbench.setSettings({ 'imageMixer.engine': 'hosted', 'imageMixer.hosted.dialect': 'v6' });
  await expect(frame.getByText('Weights have no effect with this service.')).toBeVisible();
  await inspect(editor, panel, 'hosted v6');
});

test('the German texts of the servers, the models and the engines fit', async ({ editor, server }) => {
  server.configure({ models: { ...server.settings.models, diffusion_models: [], ipadapter: [], clip_vision: [] } });
  await editor.workbench.context.addInitScript(() => Reflect.set(globalThis, '_VSCODE_NLS_LANGUAGE', 'de'));
  await editor.page.reload({ waitUntil: 'commit' });
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Bilder mischen');
  const { frame } = new MixPanel(editor.panel());
  await expect(frame.getByRole('list', { name: 'ComfyUI-Server' })).toContainText('7 GB frei');
  await frame.getByRole('combobox', { name: 'Engine' }).click();
  await expect(frame.getByRole('option', { name: /^Lokal/ })).toBeVisible();
  for (const width of [400, 800]) {
    await editor.setPanelWidth(width);
    const beyond = () => frame.locator('html').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    await expect.poll(beyond).toBe(0);
    await editor.screenshot(`German ComfyUI ${width}`, editor.page.locator('iframe.webview.ready'));
  }
});
