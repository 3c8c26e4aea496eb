import { defaultModels } from '../modelFiles.ts';
import { type Scenario, scenario, without } from '../scenario.ts';

/** What is installed. */
export const models: readonly Scenario[] = [
  scenario('no-checkpoint', 'no checkpoint is installed', 'say so before uploading', without('checkpoints')),
  scenario('no-pack', "the IP-Adapter pack isn't installed", 'say so before uploading', {
    missingClasses: ['IPAdapter'],
  }),
  scenario(
    'no-adapter-files',
    'the pack is there, but none of its models',
    'say so before uploading',
    without('ipadapter'),
  ),
  scenario('no-clip-vision', 'no CLIP vision model is installed', 'say so before uploading', without('clip_vision')),
  scenario('wrong-architecture', 'the only checkpoint is Flux, on which adapters have no effect', 'warn', {
    models: { ...defaultModels, checkpoints: ['flux1-dev-fp8.safetensors'] },
    modelMetadata: { 'flux1-dev-fp8.safetensors': { 'modelspec.architecture': 'Flux.1-dev' } },
  }),
];
