import { architectureOf } from '../modelFiles.ts';
import { choice, fileIn, type NodeClass, outputs } from './nodeClass.ts';
import type { OpaqueType } from './values.ts';

const loader = (
  name: string,
  displayName: string,
  required: NodeClass['required'],
  ...types: readonly OpaqueType[]
): NodeClass => ({
  name,
  displayName,
  category: 'loaders',
  required,
  outputs: outputs(...types),
  async run(_inputs, context) {
    await context.load();
    return { outputs: types.map((type) => ({ type })) };
  },
});

/** The nodes that load models. Their files needn't exist beyond their names. */
export const loaders: readonly NodeClass[] = [
  {
    name: 'CheckpointLoaderSimple',
    displayName: 'Load Checkpoint',
    category: 'loaders',
    required: { ckpt_name: fileIn('checkpoints') },
    outputs: outputs('MODEL', 'CLIP', 'VAE'),
    async run(inputs, context) {
      await context.load();
      const architecture = architectureOf(inputs.text('ckpt_name'));
      return { outputs: [{ type: 'MODEL', architecture, images: [] }, { type: 'CLIP' }, { type: 'VAE' }] };
    },
  },
  {
    name: 'UNETLoader',
    displayName: 'Load Diffusion Model',
    category: 'advanced/loaders',
    required: {
      unet_name: fileIn('diffusion_models'),
      weight_dtype: choice('default', 'fp8_e4m3fn', 'fp8_e4m3fn_fast', 'fp8_e5m2'),
    },
    outputs: outputs('MODEL'),
    async run(inputs, context) {
      await context.load();
      return { outputs: [{ type: 'MODEL', architecture: architectureOf(inputs.text('unet_name')), images: [] }] };
    },
  },
  loader(
    'DualCLIPLoader',
    'DualCLIPLoader',
    {
      clip_name1: fileIn('text_encoders'),
      clip_name2: fileIn('text_encoders'),
      type: choice('sdxl', 'sd3', 'flux', 'hunyuan_video', 'hidream'),
    },
    'CLIP',
  ),
  loader('VAELoader', 'Load VAE', { vae_name: fileIn('vae') }, 'VAE'),
  loader('CLIPVisionLoader', 'Load CLIP Vision', { clip_name: fileIn('clip_vision') }, 'CLIP_VISION'),
  loader('StyleModelLoader', 'Load Style Model', { style_model_name: fileIn('style_models') }, 'STYLE_MODEL'),
  loader(
    'UpscaleModelLoader',
    'Load Upscale Model',
    { model_name: fileIn('upscale_models', 'combo') },
    'UPSCALE_MODEL',
  ),
  {
    ...loader(
      'LoadBackgroundRemovalModel',
      'Load Background Removal Model',
      { bg_removal_name: fileIn('background_removal', 'combo') },
      'BACKGROUND_REMOVAL',
    ),
    exists: ({ backgroundRemoval }) => backgroundRemoval,
  },
];
