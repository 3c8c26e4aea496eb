import { filesOfPreset, presets } from '../modelFiles.ts';
import { pipeline, type Raster, rasterOf, resized } from '../raster.ts';
import { adapted, combining, fiveOf, imagesOf, type PackClass, range, scalings, weightTypes } from './adapterParts.ts';
import { embedNodes } from './embeds.ts';
import { choice, fileIn, float, link, type NodeClass, outputs } from './nodeClass.ts';

const pack: readonly PackClass[] = [
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
    name: 'IPAdapter',
    displayName: 'IPAdapter',
    required: {
      model: link('MODEL'),
      ipadapter: link('IPADAPTER'),
      image: link('IMAGE'),
      weight: float(1, -1, 3, 0.05),
      ...range,
      weight_type: choice('standard', 'prompt is more important', 'style transfer'),
    },
    optional: { attn_mask: link('MASK') },
    outputs: outputs('MODEL'),
    run: (inputs) => ({ outputs: [adapted(inputs, imagesOf(inputs, 'weight', 'attn_mask'))] }),
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
];

/** The nodes of the IP-Adapter pack. */
export const adapterNodes: readonly NodeClass[] = [...pack, ...embedNodes].map((one) => ({
  ...one,
  category: 'ipadapter',
  isOfPack: true,
}));

/** A square of 224 pixels, which is what the pack's encoder sees. */
async function squareOf(raster: Raster, position: string): Promise<Raster> {
  if (position === 'center') return await resized(raster, 224, 224, 'cover');
  if (position === 'pad') return await resized(raster, 224, 224, 'contain');
  return await rasterOf(pipeline(raster).resize(224, 224, { fit: 'cover', position }));
}
