import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Messages } from '../../src/app/messages/messages.ts';
import { buildGraph } from '../../src/engines/comfyui/builtInGraph.ts';
import type { ServerReport } from '../../src/engines/comfyui/comfyuiEngine.ts';
import { type ModelChoice, planModel } from '../../src/engines/comfyui/modelPlan.ts';
import { isAtLeast } from '../../src/engines/comfyui/serverVersion.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { familyOf } from '../../src/mix/modelFamily.ts';
import { type ComfyUIOptions, defaultModels, startComfyUI } from '../comfyui/server.ts';
import { clientOf, closing, startAnswering } from './support/comfyuiBench.ts';

const { signal } = new AbortController();
const plus = 'PLUS (high strength)';
const anything: ModelChoice = { model: null, checkpoint: '', preset: plus };

async function reportOf(options: ComfyUIOptions = {}): Promise<ServerReport> {
  const server = await startComfyUI(options);
  closing(server, () => server.close());
  return clientOf(server.url).report({ signal });
}

/** What planning a mix throws. */
function failureOf(report: ServerReport, choice: Partial<ModelChoice> = {}): MixFailure {
  try {
    planModel(report, { ...anything, ...choice });
  } catch (error) {
    if (error instanceof MixFailure) return error;
    throw error;
  }
  throw new Error('The mix can be planned');
}

test.each([false, true])('a server with everything, with lists in the COMBO form: %s', async (comboLists) => {
  const report = await reportOf({ comboLists });
  expect(report).toMatchObject({ version: '0.3.64', queueLength: 0, missing: [] });
  expect(report.devices).toEqual([{ name: 'cuda:0 Stand-in', memory: 8 * 1024 ** 3, freeMemory: 7 * 1024 ** 3 }]);
  expect(report.checkpoints).toEqual([
    { name: 'sd_xl_base_1.0.safetensors', family: 'sdxl', loader: 'checkpoint' },
    { name: 'v1-5-pruned-emaonly.safetensors', family: 'sd15', loader: 'checkpoint' },
    { name: 'flux1-dev.safetensors', family: 'flux', loader: 'unet' },
  ]);
  const usable = report.presets.filter(({ missing }) => missing.length === 0);
  expect(usable.map(({ name, family }) => `${family} ${name}`)).toEqual([
    `sd15 ${plus}`,
    `sdxl ${plus}`,
    'sd15 STANDARD (medium strength)',
    'sdxl STANDARD (medium strength)',
    'sdxl VIT-G (medium strength)',
  ]);
  expect(planModel(report, anything)).toEqual({
    kind: 'adapter',
    checkpoint: 'sd_xl_base_1.0.safetensors',
    preset: plus,
  });
  expect(planModel(report, { ...anything, model: 'flux1-dev.safetensors' })).toEqual({
    kind: 'redux',
    model: {
      loader: 'unet',
      file: 'flux1-dev.safetensors',
      clips: ['clip_l.safetensors', 't5xxl_fp8_e4m3fn.safetensors'],
      vae: 'ae.safetensors',
    },
    clipVision: 'sigclip_vision_patch14_384.safetensors',
    styleModel: 'flux1-redux-dev.safetensors',
  });
});

test('only the classes in question are asked for, each once', async () => {
  const server = await startComfyUI();
  closing(server, () => server.close());
  const engine = clientOf(server.url);
  const reports = await Promise.all([engine.report({ signal }), engine.report({ signal })]);
  expect(reports[0]).toBe(reports[1]);
  const paths = server.requests.map(({ path }) => path).filter((path) => path.includes('object_info'));
  expect(paths).not.toContain('/api/object_info');
  expect(new Set(paths).size).toBe(paths.length);
  await engine.report({ signal, refresh: true });
  expect(server.requests.filter(({ path }) => path.endsWith('/system_stats'))).toHaveLength(2);
});

test('what is missing is named with its folder and source, and the message says so', async () => {
  const withFlux = await reportOf({ missingClasses: ['IPAdapter'] });
  expect(planModel(withFlux, anything)).toMatchObject({ kind: 'redux' });
  const bare = await reportOf({ missingClasses: ['IPAdapter'], models: { ...defaultModels, style_models: [] } });
  expect(bare.missing).toEqual([expect.objectContaining({ file: 'ComfyUI_IPAdapter_plus', folder: 'custom_nodes' })]);
  expect(failureOf(bare).key).toBe('missing-model/pack');

  const noAdapters = await reportOf({ models: { ...defaultModels, ipadapter: [], diffusion_models: [] } });
  const failure = failureOf(noAdapters);
  expect(failure.key).toBe('missing-model/file');
  const message = new Messages().failure(failure);
  expect(message).toContain('ip-adapter-plus_sdxl_vit-h.safetensors');
  expect(message).toContain('models/ipadapter');
  expect(message).toContain('h94/IP-Adapter');
  expect(failureOf(noAdapters, { model: 'v1-5-pruned-emaonly.safetensors' }).args.file).toBe(
    'ip-adapter-plus_sd15.safetensors',
  );

  const noVision = await reportOf({ models: { ...defaultModels, clip_vision: [] } });
  expect(failureOf(noVision).args).toMatchObject({
    file: 'CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors',
    folder: 'models/clip_vision',
  });
  expect(failureOf(noVision, { model: 'flux1-dev.safetensors' }).args.file).toMatch(/^sigclip/);

  const noModels = await reportOf({ models: { ...defaultModels, checkpoints: [], diffusion_models: [] } });
  expect(failureOf(noModels).key).toBe('missing-model/no-checkpoint');
});

test('a choice that the server does not have', async () => {
  const report = await reportOf();
  expect(failureOf(report, { model: 'dream.safetensors' })).toMatchObject({
    key: 'missing-model/checkpoint',
    args: { file: 'dream.safetensors' },
  });
  const flux = failureOf(report, { model: 'flux1-krea-dev.safetensors' });
  expect(flux).toMatchObject({ key: 'missing-model/flux', args: { file: 'flux1-krea-dev.safetensors' } });
  expect(new Messages().failure(flux)).toContain('models/diffusion_models');
  expect(failureOf(report, { preset: 'MEGA' }).key).toBe('missing-model/preset');
  const light = { preset: 'LIGHT - SD1.5 only (low strength)', checkpoint: 'sd_xl_base_1.0.safetensors' };
  expect(failureOf(report, light).key).toBe('missing-model/preset');
  const other = await reportOf({
    models: { ...defaultModels, checkpoints: ['sd3.5_large.safetensors'], diffusion_models: [] },
  });
  expect(failureOf(other, { model: 'sd3.5_large.safetensors' }).key).toBe('missing-model/family');
  expect(failureOf(other).key).toBe('missing-model/no-checkpoint');
});

test('the first checkpoint that fits is one whose files are there, with the separators of the server', async () => {
  const report = await reportOf({
    models: {
      ...defaultModels,
      checkpoints: ['xl\\sd_xl_base_1.0.safetensors', 'old\\v1-5.safetensors'],
      ipadapter: ['sub\\ip-adapter-plus_sd15.bin'],
    },
  });
  expect(planModel(report, anything)).toMatchObject({ checkpoint: 'old\\v1-5.safetensors' });
  for (const name of ['old\\v1-5.safetensors', 'old/v1-5.safetensors', 'V1-5.safetensors', 'v1-5']) {
    expect(planModel(report, { ...anything, model: name })).toMatchObject({ checkpoint: 'old\\v1-5.safetensors' });
  }
});

test('a model of unknown kind is taken last, since the graphs may not fit it', async () => {
  const models = { ...defaultModels, checkpoints: ['dream.safetensors'], diffusion_models: ['flux1-dev.safetensors'] };
  expect(planModel(await reportOf({ models }), anything)).toMatchObject({ kind: 'redux' });
  const noRedux = await reportOf({ models: { ...models, style_models: [] } });
  expect(planModel(noRedux, anything)).toMatchObject({ checkpoint: 'dream.safetensors' });
  const variants = ['flux1-canny-dev.safetensors', 'flux1-dev.safetensors'];
  const flux = await reportOf({ models: { ...models, checkpoints: [], diffusion_models: variants } });
  expect(planModel(flux, anything)).toMatchObject({ model: { file: 'flux1-dev.safetensors' } });
});

test("a checkpoint's metadata counts more than its name", async () => {
  const names = ['looks_like_xl.safetensors', 'plain.safetensors', 'dream.safetensors'];
  const report = await reportOf({
    models: { ...defaultModels, checkpoints: names },
    modelMetadata: {
      'looks_like_xl.safetensors': { 'modelspec.architecture': 'stable-diffusion-v1' },
      'plain.safetensors': { 'modelspec.architecture': 'Flux.1-dev' },
    },
  });
  expect(familyOf('flux1-fill-dev.safetensors', 'Flux.1-dev')).toBe('other'); // but it doesn't tell variants apart
  expect(report.checkpoints.slice(0, 3).map(({ family }) => family)).toEqual(['sd15', 'flux', 'unknown']);
});

test.each([
  ['sd_xl_base_1.0.safetensors', 'sdxl'],
  ['juggernautXL_v21.safetensors', 'sdxl'],
  ['ponyDiffusionV6.safetensors', 'sdxl'],
  ['v1-5-pruned-emaonly-fp16.safetensors', 'sd15'],
  ['realisticVisionV20.safetensors', 'unknown'],
  ['flux1-schnell-fp8.safetensors', 'flux'],
  ['flux2-dev.safetensors', 'other'],
  ['sd_xl_refiner_1.0.safetensors', 'other'],
  ['v2-1_768-ema-pruned.safetensors', 'other'],
  ['xl\\something.safetensors', 'sdxl'],
  ...[
    'flux1-canny-dev',
    'flux1-depth-dev',
    'flux1-fill-dev',
    'flux1-dev-kontext_fp8_scaled',
    'mochi_preview_bf16',
    'ace_step_v1_3.5b',
    'stable_audio_open_1.0',
    'sd_turbo',
    '512-base-ema',
    'Chroma1-HD',
    'omnigen2_fp16',
    'stable_zero123',
  ].map((name) => [`${name}.safetensors`, 'other']),
  ['sd_xl_turbo_1.0_fp16.safetensors', 'sdxl'],
  ['flux1-krea-dev.safetensors', 'flux'],
  ['dreamshaper_8.safetensors', 'unknown'],
])('%s is %s by its name', (name, family) => {
  expect(familyOf(name, undefined)).toBe(family);
});

test('an old version is refused, and versions compare by their numbers', async () => {
  const failure = await reportOf({ version: '0.3.56' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    key: 'unexpected-response/comfyui-old',
    args: { version: '0.3.56', minimum: '0.3.57' },
  });
  expect((await reportOf({ version: '0.3.57' })).version).toBe('0.3.57');
  expect((await reportOf({ version: '0.38.1' })).version).toBe('0.38.1');
  expect(['0.3.57', 'v0.4', '1.0', '0.3.100', '0.10.0-rc1'].every((one) => isAtLeast(one, '0.3.57'))).toBe(true);
  expect(['0.3.9', '0.3', '0.2.99', 'unknown', ''].some((one) => isAtLeast(one, '0.3.57'))).toBe(false);
});

test('whatever a server tells, its report gives a plan or a typed failure', async () => {
  let answers: unknown[] = [];
  let at = 0;
  const { url } = await startAnswering((response, path) => {
    const className = /object_info\/(\w+)/.exec(path)?.[1];
    const answer = answers[at++ % answers.length];
    const body = path.includes('system_stats')
      ? { system: { comfyui_version: '0.3.64' }, devices: answer }
      : path.endsWith('/prompt')
        ? { exec_info: { queue_remaining: 1 } }
        : className === undefined
          ? answer
          : { [className]: { input: { required: answer } } };
    response.end(JSON.stringify(body));
  });
  const name = fc.constantFrom('sd_xl.safetensors', 'v1-5.ckpt', 'flux1.safetensors', plus, 'ip-adapter-plus_sd15.bin');
  const list = fc.oneof(fc.array(name), fc.array(fc.jsonValue(), { maxLength: 3 }));
  const inputs = ['ckpt_name', 'preset', 'ipadapter_file', 'clip_name', 'clip_name1', 'unet_name', 'vae_name'];
  const input = fc.oneof(
    list.map((choices) => [choices, {}]),
    list.map((options) => ['COMBO', { options }]),
    fc.jsonValue(),
  );
  const answer = fc.oneof(fc.dictionary(fc.constantFrom(...inputs), input), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 4 }), fc.string(), async (told, model) => {
      answers = told;
      at = 0;
      try {
        const report = await clientOf(url).report({ signal });
        for (const one of [null, model, ...report.checkpoints.map(({ name }) => name)]) {
          try {
            const images = [{ file: 'a.png', strength: 0.8 }];
            const mix = {
              images,
              prompt: '',
              negativePrompt: '',
              width: 64,
              height: 64,
              steps: 1,
              guidanceScale: 1,
              seed: 1,
            };
            expect(buildGraph(planModel(report, { ...anything, model: one }), mix).output).toBeTruthy();
          } catch (error) {
            if (!(error instanceof MixFailure)) throw error;
            expect(error.code).toBe('missing-model');
          }
        }
      } catch (error) {
        if (!(error instanceof MixFailure)) throw error;
      }
    }),
    { numRuns: 60 },
  );
});
