import { adapted, fiveOf, imagesOf, type PackClass, range, scalings, weightTypes } from './adapterParts.ts';
import { choice, float, link, outputs } from './nodeClass.ts';

/** The nodes of the pack that average images before they reach the model. */
export const embedNodes: readonly PackClass[] = [
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
