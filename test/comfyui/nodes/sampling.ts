import { mixIngredients, pipeline, plain, type Raster, rasterOf, resized } from '../raster.ts';
import { choice, float, int, link, type NodeClass, outputs, text } from './nodeClass.ts';

const samplers = [
  'euler',
  'euler_ancestral',
  'heun',
  'dpm_2',
  'dpmpp_2m',
  'dpmpp_2m_sde',
  'dpmpp_sde',
  'ddim',
  'uni_pc',
];
const schedulers = ['simple', 'sgm_uniform', 'karras', 'exponential', 'ddim_uniform', 'beta', 'normal'];

/** The nodes from prompt to pixels. The sampler mixes the images of its model and conditioning with the kernel. */
export const samplingNodes: readonly NodeClass[] = [
  {
    name: 'CLIPTextEncode',
    displayName: 'CLIP Text Encode (Prompt)',
    category: 'conditioning',
    required: { text: text(), clip: link('CLIP') },
    outputs: outputs('CONDITIONING'),
    run(inputs) {
      inputs.value('clip', 'CLIP');
      return { outputs: [{ type: 'CONDITIONING', text: inputs.text('text'), images: [], guidance: undefined }] };
    },
  },
  {
    name: 'EmptyLatentImage',
    displayName: 'Empty Latent Image',
    category: 'latent',
    required: { width: int(512, 16, 16384, 8), height: int(512, 16, 16384, 8), batch_size: int(1, 1, 4096) },
    outputs: outputs('LATENT'),
    run(inputs) {
      const [width, height] = [inputs.number('width'), inputs.number('height')].map((side) => Math.floor(side / 8) * 8);
      if (!width || !height) throw new Error('The latent image has no size');
      const blank = plain(width, height, [0, 0, 0]);
      const rasters = Array.from({ length: inputs.number('batch_size') }, () => blank);
      return { outputs: [{ type: 'LATENT', width, height, rasters }] };
    },
  },
  {
    name: 'KSampler',
    displayName: 'KSampler',
    category: 'sampling',
    required: {
      model: link('MODEL'),
      seed: int(0, 0, 2 ** 64 - 1),
      steps: int(20, 1, 10000),
      cfg: float(8, 0, 100, 0.1),
      sampler_name: choice(...samplers),
      scheduler: choice(...schedulers),
      positive: link('CONDITIONING'),
      negative: link('CONDITIONING'),
      latent_image: link('LATENT'),
      denoise: float(1, 0, 1),
    },
    outputs: outputs('LATENT'),
    async run(inputs, context) {
      const model = inputs.value('model', 'MODEL');
      const positive = inputs.value('positive', 'CONDITIONING');
      inputs.value('negative', 'CONDITIONING');
      const { width, height, rasters } = inputs.value('latent_image', 'LATENT');
      // An adapter on another architecture has no effect, and causes no error.
      const adapted = model.architecture === 'other' ? [] : model.images;
      const order = {
        width,
        height,
        seed: Number(BigInt(Math.trunc(inputs.number('seed'))) % 2n ** 32n),
        guidanceScale: Math.min(20, Math.max(1, positive.guidance ?? inputs.number('cfg'))),
      };
      const mixed = rasters.map((_, sample) => mixIngredients([...adapted, ...positive.images], { ...order, sample }));
      const steps = inputs.number('steps');
      const [first] = mixed;
      for (let step = 1; first && step <= steps; step++) {
        await context.step(step, steps, () => previewOf(first, step / steps));
      }
      return { outputs: [{ type: 'LATENT', width, height, rasters: mixed }] };
    },
  },
  {
    name: 'VAEDecode',
    displayName: 'VAE Decode',
    category: 'latent',
    required: { samples: link('LATENT'), vae: link('VAE') },
    outputs: outputs('IMAGE'),
    run(inputs) {
      inputs.value('vae', 'VAE');
      return { outputs: [{ type: 'IMAGE', rasters: inputs.value('samples', 'LATENT').rasters }] };
    },
  },
  {
    name: 'FluxGuidance',
    displayName: 'FluxGuidance',
    category: 'advanced/conditioning/flux',
    required: { conditioning: link('CONDITIONING'), guidance: float(3.5, 0, 100, 0.1) },
    outputs: outputs('CONDITIONING'),
    run: (inputs) => ({
      outputs: [{ ...inputs.value('conditioning', 'CONDITIONING'), guidance: inputs.number('guidance') }],
    }),
  },
  {
    name: 'CLIPVisionEncode',
    displayName: 'CLIP Vision Encode',
    category: 'conditioning',
    required: { clip_vision: link('CLIP_VISION'), image: link('IMAGE'), crop: choice('center', 'none') },
    outputs: outputs('CLIP_VISION_OUTPUT'),
    async run(inputs) {
      inputs.value('clip_vision', 'CLIP_VISION');
      const [raster] = inputs.value('image', 'IMAGE').rasters;
      if (!raster) throw new Error('There is no image');
      const seen = await resized(raster, 224, 224, inputs.text('crop') === 'center' ? 'cover' : 'fill');
      return { outputs: [{ type: 'CLIP_VISION_OUTPUT', raster: seen }] };
    },
  },
  {
    name: 'StyleModelApply',
    displayName: 'Apply Style Model',
    category: 'conditioning/style_model',
    required: {
      conditioning: link('CONDITIONING'),
      style_model: link('STYLE_MODEL'),
      clip_vision_output: link('CLIP_VISION_OUTPUT'),
      strength: float(1, 0, 10, 0.001),
      strength_type: choice('multiply', 'attn_bias'),
    },
    outputs: outputs('CONDITIONING'),
    run(inputs) {
      inputs.value('style_model', 'STYLE_MODEL');
      const conditioning = inputs.value('conditioning', 'CONDITIONING');
      const { raster } = inputs.value('clip_vision_output', 'CLIP_VISION_OUTPUT');
      const image = { raster, weight: inputs.number('strength'), mask: undefined };
      return { outputs: [{ ...conditioning, images: [...conditioning.images, image] }] };
    },
  },
];

/** The longer side of a preview, in pixels. */
const PREVIEW_SIZE = 512;

/** The result as the sampler sees it on the way: gray at first. */
async function previewOf({ width, height, ...raster }: Raster, share: number): Promise<Raster> {
  const scale = PREVIEW_SIZE / Math.max(width, height);
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const image = pipeline({ width, height, ...raster }).resize(w, h, { fit: 'fill' });
  return await rasterOf(
    image.linear(
      [share, share, share, 1],
      Array.from({ length: 4 }, (_, i) => (i < 3 ? 128 * (1 - share) : 0)),
    ),
  );
}
