import { drawMix, test } from './comfyui.ts';
import { expect } from './fixtures.ts';
import { inspect } from './inspection.ts';

test('with ComfyUI, axe finds no violations in any state and theme, and nothing is cut off', async ({
  editor,
  server,
}) => {
  test.slow();
  const panel = await drawMix(editor);
  const { frame } = panel;
  const servers = frame.getByRole('list', { name: 'ComfyUI servers' });
  await expect(servers).toContainText('ComfyUI 0.3.64 · Stand-in · 7 GB free');
  await inspect(editor, panel, 'comfyui idle');

  const hold = server.hold({ at: 'step', step: 3 });
  await panel.mixButton().click();
  await hold.reached;
  await expect(frame.getByRole('img', { name: 'Preview of flower of the mountains' })).toBeVisible();
  await inspect(editor, panel, 'comfyui mixing');
  hold.release();
  await expect(panel.results()).toHaveCount(1);

  const models = { ...server.settings.models, diffusion_models: [] }; // without Flux
  server.configure({ models, missingClasses: ['IPAdapter'] });
  await frame.getByRole('button', { name: 'Check again' }).click();
  await expect(servers).toContainText('ComfyUI_IPAdapter_plus');
  await inspect(editor, panel, 'comfyui missing pack');

  server.reset();
  server.configure({ models: { ...models, ipadapter: [], clip_vision: [] } });
  await frame.getByRole('button', { name: 'Check again' }).click();
  await expect(servers).toContainText('models/clip_vision');
  await inspect(editor, panel, 'comfyui missing files');

  await server.stop();
  await frame.getByRole('button', { name: 'Check again' }).click();
  await expect(servers).toContainText('No ComfyUI server answers');
  await inspect(editor, panel, 'comfyui down');

  for (const name of ['Engine', 'Model', 'Preset']) {
    const box = frame.getByRole('combobox', { name, exact: true });
    await box.click();
    await expect(box.getByRole('option').first()).toBeVisible();
    await inspect(editor, panel, `comfyui menu ${name}`);
    await editor.page.keyboard.press('Escape');
  }
});
