import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { drawMixInSteps, test } from './comfyui.ts';
import type { Editor } from './editor.ts';
import { expect } from './fixtures.ts';
import { resultName } from './flowerMix.ts';
import type { MixPanel } from './mixPanel.ts';
import { readSavedResult } from './savedResult.ts';

const queue = (panel: MixPanel): Locator => panel.frame.getByRole('list', { name: 'Jobs' }).getByRole('listitem');
const servers = (panel: MixPanel): Locator => panel.frame.getByRole('list', { name: 'ComfyUI servers' });
const combobox = (panel: MixPanel, name: string): Locator => panel.frame.getByRole('combobox', { name, exact: true });

/** Chooses an option with the mouse. */
async function choose(panel: MixPanel, name: string, option: string | RegExp): Promise<void> {
  await combobox(panel, name).click();
  await panel.frame.getByRole('option', { name: option }).click();
}

test.describe('without a server in the settings', () => {
  test.use({ launch: {} });

  test('a server is set, a model chosen, and two images become a file with its recipe', async ({
    editor,
    project,
    server,
  }) => {
    const panel = await drawMixInSteps(editor);
    await expect(combobox(panel, 'Engine')).toHaveValue('auto');
    await choose(panel, 'Engine', /^ComfyUI/);
    await expect(panel.frame.getByText('No ComfyUI server is set.')).toBeVisible();
    await panel.frame.getByRole('button', { name: 'Set servers' }).click();
    await addServer(editor, server.url);
    await editor.page.getByRole('tab', { name: 'Image Mixer', exact: true }).click();

    await expect(servers(panel)).toContainText('ComfyUI 0.3.64 · Stand-in · 7 GB free');
    await expect(panel.frame.getByText("Local preview. ComfyUI's result will look different.")).toBeVisible();
    await expect(combobox(panel, 'Model')).toHaveText(/^\s*Automatic \(sd_xl_base_1\.0\.safetensors\)/);
    await choose(panel, 'Model', /^v1-5-pruned-emaonly/);
    await expect(combobox(panel, 'Model')).toHaveValue('v1-5-pruned-emaonly.safetensors');

    const hold = server.hold({ at: 'step', step: 3 });
    await panel.mixButton().click();
    await hold.reached;
    const preview = panel.frame.getByRole('img', { name: 'Preview of flower of the mountains' });
    await expect(preview).toBeVisible();
    await expect.poll(() => preview.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(512);
    expect((await preview.boundingBox())?.height).toBeGreaterThanOrEqual(160);
    await expect(panel.frame.getByRole('progressbar')).toHaveAttribute('aria-valuenow', /^[6-8]\d/);
    hold.release();
    await expect(panel.results()).toHaveCount(1);
    await expect(preview).toHaveCount(0);
    await expect(panel.frame.getByRole('list', { name: 'Results' })).toContainText('ComfyUI');

    expect(await panel.newestResult()).toBe(resultName);
    const result = await readSavedResult(join(project, 'mixes', resultName));
    expect(result).toMatchObject({ format: 'png', width: 320, height: 240 });
    expect(result.recipe).toMatchObject({
      engine: 'comfyui',
      engineVersion: '0.3.64',
      model: 'v1-5-pruned-emaonly.safetensors',
      seed: 12345,
      images: [{ weight: 0.3 }, { weight: 0.7 }],
    });
    expect(JSON.stringify(result.recipe)).not.toContain('127.0.0.1');
    const strengths = server.runs.filter(({ classType }) => classType === 'IPAdapterRegionalConditioning');
    expect(strengths.map(({ inputs }) => Number(inputs.image_weight).toFixed(2)).sort()).toEqual(['0.24', '0.56']);
  });
});

test('what a model ignores is said at the field, and the preset and the strength of the images are settings', async ({
  editor,
  server,
}) => {
  const panel = await drawMixInSteps(editor);
  const { frame } = panel;
  const note = frame.getByText('No effect with this model');
  await expect(servers(panel)).toContainText('ComfyUI 0.3.64');
  await expect(note).toHaveCount(0);
  await choose(panel, 'Model', /^flux1-dev/);
  await expect(note).toHaveCount(2); // the negative prompt and the preset
  await choose(panel, 'Model', /^Automatic/);
  await expect(note).toHaveCount(0);

  await choose(panel, 'Preset', /^STANDARD/);
  await expect(combobox(panel, 'Preset')).toHaveValue('STANDARD (medium strength)');
  const strength = frame.getByRole('slider', { name: 'Image strength' });
  await strength.focus();
  await editor.page.keyboard.press('ArrowRight');
  await expect(frame.getByRole('spinbutton', { name: 'Image strength' })).toHaveValue('0.85');
  await panel.mix();
  const [loader] = server.runs.filter(({ classType }) => classType === 'IPAdapterUnifiedLoader');
  expect(loader?.inputs.preset).toBe('STANDARD (medium strength)');
  const weights = server.runs.filter(({ classType }) => classType === 'IPAdapterRegionalConditioning');
  expect(weights.reduce((sum, { inputs }) => sum + Number(inputs.image_weight), 0)).toBeCloseTo(0.85);
});

test('a missing node pack and missing models are named with their folder and source before anything is sent', async ({
  editor,
  server,
}) => {
  const models = { ...server.settings.models, diffusion_models: [] }; // it could mix with Flux
  server.configure({ models, missingClasses: ['IPAdapter'] });
  const panel = await drawMixInSteps(editor);
  const pack =
    /doesn't have the node pack ComfyUI_IPAdapter_plus\. Install it from github\.com\/cubiq\/ComfyUI_IPAdapter_plus into custom_nodes/;
  await expect(servers(panel)).toContainText(pack);
  await panel.mixButton().click();
  await expect(queue(panel)).toContainText(pack);

  server.configure({ models: { ...models, checkpoints: [] }, missingClasses: [] });
  await panel.frame.getByRole('button', { name: 'Check again' }).click();
  await expect(servers(panel)).toContainText('Put an SDXL or SD 1.5 checkpoint into models/checkpoints there.');

  server.configure({ models: { ...models, ipadapter: [], clip_vision: [] } });
  await panel.frame.getByRole('button', { name: 'Check again' }).click();
  await expect(servers(panel)).toContainText('ip-adapter-plus_sdxl_vit-h.safetensors in models/ipadapter');
  await expect(servers(panel)).toContainText('CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors in models/clip_vision');
  expect(server.requests.filter(({ method, path }) => method === 'POST' && path.includes('/prompt'))).toEqual([]);

  server.reset();
  await panel.frame.getByRole('button', { name: 'Check again' }).click();
  await expect(servers(panel)).not.toContainText('models/');
  await panel.mix();
});

test("canceling a queued and a running mix leaves another user's prompts alone", async ({ editor, server }) => {
  const panel = await drawMixInSteps(editor);
  const ahead = server.hold({ at: 'step', step: 1, strangers: true });
  const stranger = server.queueStranger({ steps: 2 });
  await ahead.reached;
  await panel.mixButton().click();
  await expect(queue(panel)).toContainText('In the queue · 1 ahead');
  await panel.frame.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(queue(panel)).toHaveCount(0);
  expect(server.queue).toEqual([stranger]);

  const running = server.hold({ at: 'step', step: 2, strangers: false });
  await panel.mixButton().click();
  await expect(queue(panel)).toContainText('1 ahead');
  const behind = server.queueStranger({ steps: 2 });
  ahead.release();
  await running.reached;
  await expect(queue(panel)).toContainText('Mixing');
  await panel.frame.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(queue(panel)).toHaveCount(0);
  running.release();
  await server.idle();
  for (const id of [stranger, behind]) {
    const runs = server.runs.filter(({ promptId }) => promptId === id).map(({ classType }) => classType);
    expect(runs).toContain('PreviewImage');
  }
  await expect(panel.results()).toHaveCount(0);
});

test('a mix goes on after the window is reloaded, and is drawn once', async ({ editor, server }) => {
  const panel = await drawMixInSteps(editor);
  const hold = server.hold({ at: 'step', step: 2 });
  await panel.mixButton().click();
  await hold.reached;
  await expect(panel.frame.getByRole('img', { name: 'Preview of flower of the mountains' })).toBeVisible();
  await editor.page.reload({ waitUntil: 'commit' });
  await editor.runCommand('Image Mixer: Open'); // in a browser, VS Code may have lost the tab
  await expect(queue(panel)).toContainText('Mixing', { timeout: 120_000 });
  hold.release();
  await expect(panel.results()).toHaveCount(1, { timeout: 120_000 });
  expect(await panel.newestResult()).toBe(resultName);
  expect(server.runs.filter(({ classType }) => classType === 'KSampler')).toHaveLength(1);
});

/** Adds a server in the settings editor, which drops what is being typed when it renders its list anew. */
async function addServer(editor: Editor, url: string): Promise<void> {
  const { page } = editor;
  const added = page.locator('.setting-list-row').filter({ hasText: url });
  const input = page.locator('.setting-list-edit-row input').first();
  const short = { timeout: 3000 };
  await expect(async () => {
    if (await added.isVisible()) return;
    if (!(await input.isVisible())) await page.getByRole('button', { name: 'Add Item' }).click(short);
    await input.fill(url, short);
    await input.press('Enter', short);
    await expect(added).toBeVisible(short);
  }).toPass({ timeout: 60_000 });
}
