import { filesOfPreset, presets } from '../modelFiles.ts';
import { type Ingredient, pipeline, type Raster, rasterOf, resized } from '../raster.ts';
import { choice, fileIn, float, link, type NodeClass, outputs } from './nodeClass.ts';
import type { Inputs, ValueOf } from './values.ts';

const weightTypes = choice(
  'linear',
  'ease in',
  'ease out',
  'ease in-out',
  'reverse in-out',
  'weak input',
  'weak output',
  'weak middle',
  'strong middle',
  'style transfer',
  'composition',
  'strong style transfer',
  'style and composition',
  'style transfer precise',
  'composition precise',
);
const combining = choice('concat', 'add', 'subtract', 'average', 'norm average');
const scalings = choice('V only', 'K+V', 'K+V w/ C penalty', 'K+mean(V) w/ C penalty');
const range = { start_at: float(0, 0, 1, 0.001), end_at: float(1, 0, 1, 0.001) };
const fiveOf = (prefix: string, type: 'IPADAPTER_PARAMS' | 'EMBEDS'): [string, ReturnType<typeof link>][] =>
  [1, 2, 3, 4, 5].map((i) => [`${prefix}${i}`, link(type)]);

const pack: readonly Omit<NodeClass, 'category' | 'isOfPack'>[] = [
  {
    name: 'PrepImageForClipVision',
    displayName: 'Prep Image For ClipVision',
    required: {
      image: link('IMAGE'),
      interpolation: choice('LANCZOS', 'BICUBIC', 'HAMMING', 'BILINEAR', 'BOX', 'NEAREST'),
      crop_position: choice('top', 'bottom', 'left', 'right', 'center', 'pad'),
      sharpening: float(0, 0, 1, 0.05),
    },
    outputs: outputs('IMAGE'),
    async run(inputs) {
      const rasters = inputs.value('image', 'IMAGE').rasters.map((one) => squareOf(one, inputs.text('crop_position')));
      return { outputs: [{ type: 'IMAGE', rasters: await Promise.all(rasters) }] };
    },
  },
  {
    name: 'IPAdapterUnifiedLoader',
    displayName: 'IPAdapter Unified Loader',
    required: { model: link('MODEL'), preset: choice(...presets) },
    optional: { ipadapter: link('IPADAPTER') },
    outputs: [
      { type: 'MODEL', name: 'model' },
      { type: 'IPADAPTER', name: 'ipadapter' },
    ],
    run(inputs, { settings }) {
      const model = inputs.value('model', 'MODEL');
      filesOfPreset(inputs.text('preset'), model.architecture, settings.models);
      return { outputs: [model, { type: 'IPADAPTER' }] };
    },
  },
  {
    name: 'IPAdapterModelLoader',
    displayName: 'IPAdapter Model Loader',
    required: { ipadapter_file: fileIn('ipadapter') },
    outputs: outputs('IPADAPTER'),
    run: () => ({ outputs: [{ type: 'IPADAPTER' }] }),
  },
  {
    name: 'IPAdapterRegionalConditioning',
    displayName: 'IPAdapter Regional Conditioning',
    required: {
      image: link('IMAGE'),
      image_weight: float(1, -1, 3, 0.05),
      prompt_weight: float(1, 0, 10, 0.05),
      weight_type: weightTypes,
      ...range,
    },
    optional: { mask: link('MASK'), positive: link('CONDITIONING'), negative: link('CONDITIONING') },
    outputs: [
      { type: 'IPADAPTER_PARAMS', name: 'IPADAPTER_PARAMS' },
      { type: 'CONDITIONING', name: 'POSITIVE' },
      { type: 'CONDITIONING', name: 'NEGATIVE' },
    ],
    run(inputs) {
      const empty = { type: 'CONDITIONING', text: '', images: [], guidance: undefined } as const;
      return {
        outputs: [
          { type: 'IPADAPTER_PARAMS', images: imagesOf(inputs, 'image_weight', 'mask') },
          inputs.optional('positive', 'CONDITIONING') ?? empty,
          inputs.optional('negative', 'CONDITIONING') ?? empty,
        ],
      };
    },
  },
  {
    name: 'IPAdapterCombineParams',
    displayName: 'IPAdapter Combine Params',
    required: Object.fromEntries(fiveOf('params_', 'IPADAPTER_PARAMS').slice(0, 2)),
    optional: Object.fromEntries(fiveOf('params_', 'IPADAPTER_PARAMS').slice(2)),
    outputs: outputs('IPADAPTER_PARAMS'),
    run: (inputs) => ({
      outputs: [
        {
          type: 'IPADAPTER_PARAMS',
          images: fiveOf('params_', 'IPADAPTER_PARAMS').flatMap(
            ([name]) => inputs.optional(name, 'IPADAPTER_PARAMS')?.images ?? [],
          ),
        },
      ],
    }),
  },
  {
    name: 'IPAdapterFromParams',
    displayName: 'IPAdapter from Params',
    required: {
      model: link('MODEL'),
      ipadapter: link('IPADAPTER'),
      ipadapter_params: link('IPADAPTER_PARAMS'),
      combine_embeds: combining,
      embeds_scaling: scalings,
    },
    optional: { clip_vision: link('CLIP_VISION') },
    outputs: outputs('MODEL'),
    run: (inputs) => ({ outputs: [adapted(inputs, inputs.value('ipadapter_params', 'IPADAPTER_PARAMS').images)] }),
  },
  {
    name: 'IPAdapterAdvanced',
    displayName: 'IPAdapter Advanced',
    required: {
      model: link('MODEL'),
      ipadapter: link('IPADAPTER'),
      image: link('IMAGE'),
      weight: float(1, -1, 5, 0.05),
      weight_type: weightTypes,
      combine_embeds: combining,
      ...range,
      embeds_scaling: scalings,
    },
    optional: { image_negative: link('IMAGE'), attn_mask: link('MASK'), clip_vision: link('CLIP_VISION') },
    outputs: outputs('MODEL'),
    run: (inputs) => ({ outputs: [adapted(inputs, imagesOf(inputs, 'weight', 'attn_mask'))] }),
  },
  {
    name: 'IPAdapterEncoder',
    displayName: 'IPAdapter Encoder',
    required: { ipadapter: link('IPADAPTER'), image: link('IMAGE'), weight: float(1, -1, 3) },
    optional: { mask: link('MASK'), clip_vision: link('CLIP_VISION') },
    outputs: [
      { type: 'EMBEDS', name: 'pos_embed' },
      { type: 'EMBEDS', name: 'neg_embed' },
    ],
    run: (inputs) => ({
      outputs: [
        { type: 'EMBEDS', images: imagesOf(inputs, 'weight', 'mask') },
        { type: 'EMBEDS', images: [] },
      ],
    }),
  },
  {
    name: 'IPAdapterCombineEmbeds',
    displayName: 'IPAdapter Combine Embeds',
    required: {
      embed1: link('EMBEDS'),
      method: choice('concat', 'add', 'subtract', 'average', 'norm average', 'max', 'min'),
    },
    optional: Object.fromEntries(fiveOf('embed', 'EMBEDS').slice(1)),
    outputs: outputs('EMBEDS'),
    run: (inputs) => ({
      outputs: [
        {
          type: 'EMBEDS',
          images: fiveOf('embed', 'EMBEDS').flatMap(([name]) => inputs.optional(name, 'EMBEDS')?.images ?? []),
        },
      ],
    }),
  },
  {
    name: 'IPAdapterEmbeds',
    displayName: 'IPAdapter Embeds',
    required: {
      model: link('MODEL'),
      ipadapter: link('IPADAPTER'),
      pos_embed: link('EMBEDS'),
      weight: float(1, -1, 3, 0.05),
      weight_type: weightTypes,
      ...range,
      embeds_scaling: scalings,
    },
    optional: { neg_embed: link('EMBEDS'), attn_mask: link('MASK'), clip_vision: link('CLIP_VISION') },
    outputs: outputs('MODEL'),
    run(inputs) {
      const images = inputs.value('pos_embed', 'EMBEDS').images;
      const strength = inputs.number('weight');
      return {
        outputs: [
          adapted(
            inputs,
            images.map((image) => ({ ...image, weight: image.weight * strength })),
          ),
        ],
      };
    },
  },
];

/** The nodes of the IP-Adapter pack. */
export const adapterNodes: readonly NodeClass[] = pack.map((one) => ({
  ...one,
  category: 'ipadapter',
  isOfPack: true,
}));

/** The model with images added to those that it has. */
function adapted(inputs: Inputs, images: readonly Ingredient[]): ValueOf<'MODEL'> {
  inputs.value('ipadapter', 'IPADAPTER');
  const model = inputs.value('model', 'MODEL');
  return { ...model, images: [...model.images, ...images] };
}

function imagesOf(inputs: Inputs, weight: string, mask: string): Ingredient[] {
  const [attention] = inputs.optional(mask, 'MASK')?.masks ?? [];
  return inputs
    .value('image', 'IMAGE')
    .rasters.map((raster) => ({ raster, weight: inputs.number(weight), mask: attention }));
}

/** A square of 224 pixels, which is what the pack's encoder sees. */
async function squareOf(raster: Raster, position: string): Promise<Raster> {
  if (position === 'center') return await resized(raster, 224, 224, 'cover');
  if (position === 'pad') return await resized(raster, 224, 224, 'contain');
  return await rasterOf(pipeline(raster).resize(224, 224, { fit: 'cover', position }));
}
