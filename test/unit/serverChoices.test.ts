import { expect, test } from 'vitest';
import { familyOfName } from '../../src/mix/modelFamily.ts';
import { findModelNamed } from '../../src/mix/modelNames.ts';
import type { EngineView } from '../../src/protocol/contract.ts';
import type { ModelView, ReadyServer } from '../../src/protocol/serverContract.ts';
import {
  automaticModel,
  engineForModel,
  modelInUse,
  modelsOf,
  obstacleOn,
  presetsFor,
} from '../../src/webview/model/serverChoices.ts';
import { SettingChanges } from '../../src/webview/model/settingChanges.ts';

const file = { file: 'ip-adapter.safetensors', folder: 'models/ipadapter', source: 'example.com' };
const obstacle = { message: 'The file is missing.', missing: [file] };
const model = (name: string, family: ModelView['family'], isUsable = true): ModelView => ({
  name,
  family,
  ignores: family === 'flux' ? ['negativePrompt'] : [],
  obstacle: isUsable ? null : obstacle,
});

const small: ReadyServer = {
  kind: 'ready',
  version: '0.3.64',
  device: null,
  queueLength: 0,
  models: [model('sdxl.safetensors', 'sdxl', false), model('sub\\v1-5.ckpt', 'sd15')],
  presets: [
    { name: 'PLUS', family: 'sd15', missing: [] },
    { name: 'PLUS', family: 'sdxl', missing: [file] },
  ],
  automatic: { model: 'sub\\v1-5.ckpt' },
};
const large: ReadyServer = {
  ...small,
  models: [model('flux1-dev.safetensors', 'flux'), model('sdxl.safetensors', 'sdxl')],
  presets: [{ name: 'PLUS', family: 'sdxl', missing: [] }],
  automatic: { obstacle },
};

test('what any server can use is offered once, and each server says what it lacks', () => {
  const names = modelsOf([small, large]).map(({ name, obstacle: why }) => [name, why === null]);
  expect(names).toEqual([
    ['sdxl.safetensors', true],
    ['sub\\v1-5.ckpt', true],
    ['flux1-dev.safetensors', true],
  ]);
  expect(modelsOf([small])[0]?.obstacle).toEqual(obstacle);
  expect(automaticModel([large, small])).toBe('sub\\v1-5.ckpt');
  expect(modelInUse([small, large], 'V1-5')?.name).toBe('sub\\v1-5.ckpt');
  expect(modelInUse([small, large], 'other.ckpt')).toBeUndefined();
  expect(obstacleOn(small, 'sdxl')).toEqual(obstacle);
  expect(obstacleOn(large, 'sdxl')).toBeNull();
  expect(obstacleOn(large, 'v1-5')).toBeUndefined();
  expect([obstacleOn(small, null), obstacleOn(large, null)]).toEqual([null, obstacle]);
});

test('presets are those for the family of the model', () => {
  const [sdxl] = small.models;
  expect(presetsFor([small], sdxl)).toEqual([{ name: 'PLUS', missing: [file] }]);
  expect(presetsFor([small, large], sdxl)).toEqual([{ name: 'PLUS', missing: [] }]);
  expect(presetsFor([small], undefined)).toEqual([{ name: 'PLUS', missing: [] }]);
});

test('a model may ignore more than its engine, but not in a workflow, which has its own', () => {
  const answer = (server: ReadyServer) => ({ name: 'gpu:8188', isChecking: false, answer: server });
  const comfyui = { preset: 'PLUS', imageStrength: 0.8, workflow: null, servers: [answer(large)] };
  const engine: EngineView = {
    choice: 'comfyui',
    name: 'comfyui',
    dialect: 'v5',
    hasKey: false,
    trusted: true,
    maxImages: 10,
    maxSide: 2048,
    needsPrompt: false,
    ignores: [],
    balance: null,
    comfyui,
  };
  expect(engineForModel(engine, null)).toBe(engine);
  expect(engineForModel(engine, 'flux1-dev').ignores).toEqual(['negativePrompt']);
  const workflow = { name: 'own.json', problem: null, ignores: [] };
  const own = { ...engine, comfyui: { ...comfyui, workflow } };
  expect(engineForModel(own, 'flux1-dev')).toBe(own);
});

test('a name is found as another system writes it, but the exact one comes first', () => {
  const models = ['a/V1.safetensors', 'a\\v1.safetensors', 'b/v1.ckpt'].map((name) => ({
    name,
    family: familyOfName(name),
  }));
  expect(findModelNamed(models, 'a\\v1.safetensors')?.name).toBe('a\\v1.safetensors');
  expect(findModelNamed(models, 'A\\V1.safetensors')?.name).toBe('a/V1.safetensors');
  expect(findModelNamed(models, 'v1.ckpt')?.name).toBe('b/v1.ckpt');
  expect(findModelNamed(models, 'v2')).toBeUndefined();
  expect(findModelNamed(models, 'v1')).toBeUndefined(); // it could be any of them
});

test('a name in another folder or with another extension is not found as another kind of model', () => {
  const sdxl = [{ name: 'SDXL/dreamshaper.safetensors', family: 'sdxl' } as const];
  expect(findModelNamed(sdxl, 'SD15/dreamshaper.ckpt')).toBeUndefined();
  expect(findModelNamed(sdxl, 'XL/dreamshaper.ckpt')).toBe(sdxl[0]);
  expect(findModelNamed(sdxl, 'dreamshaper')).toBe(sdxl[0]);
});

test('of the changes to a setting only the last is sent, and a mix waits for it', async () => {
  const sent: unknown[] = [];
  const arrive = Promise.withResolvers<void>();
  const changes = new SettingChanges(async ({ value }) => {
    sent.push(value);
    await arrive.promise;
  });
  for (const value of [0.5, 0.6, 0.7]) changes.add({ name: 'comfyui.imageStrength', value });
  let isDone = false;
  const flushed = changes.flush().then(() => {
    isDone = true;
  });
  const again = changes.flush();
  expect(sent).toEqual([0.7]);
  await Promise.resolve();
  expect(isDone).toBe(false);
  arrive.resolve();
  await Promise.all([flushed, again]);
  expect(sent).toEqual([0.7]);
});
