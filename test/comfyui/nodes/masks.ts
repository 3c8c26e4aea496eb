import type { Mask, Raster } from '../raster.ts';
import { valueAt } from '../raster.ts';
import { choice, float, int, link, type NodeClass, outputs } from './nodeClass.ts';

/** The nodes that make and use masks. */
export const maskNodes: readonly NodeClass[] = [
  {
    name: 'RemoveBackground',
    displayName: 'Remove Background',
    category: 'image',
    required: { bg_removal_model: link('BACKGROUND_REMOVAL'), image: link('IMAGE') },
    optional: { resolution: int(1024, 256, 4096, 8) },
    outputs: outputs('MASK'),
    exists: ({ backgroundRemoval }) => backgroundRemoval,
    run(inputs) {
      inputs.value('bg_removal_model', 'BACKGROUND_REMOVAL');
      return { outputs: [{ type: 'MASK', masks: inputs.value('image', 'IMAGE').rasters.map(foregroundOf) }] };
    },
  },
  {
    name: 'InvertMask',
    displayName: 'InvertMask',
    category: 'mask',
    required: { mask: link('MASK') },
    outputs: outputs('MASK'),
    run: (inputs) => ({
      outputs: [
        {
          type: 'MASK',
          masks: inputs
            .value('mask', 'MASK')
            .masks.map((mask) => ({ ...mask, data: mask.data.map((value) => 1 - value) })),
        },
      ],
    }),
  },
  {
    name: 'SolidMask',
    displayName: 'SolidMask',
    category: 'mask',
    required: { value: float(1, 0, 1), width: int(512, 1, 16384), height: int(512, 1, 16384) },
    outputs: outputs('MASK'),
    run(inputs) {
      const [width, height] = [inputs.number('width'), inputs.number('height')];
      const data = new Float32Array(width * height).fill(inputs.number('value'));
      return { outputs: [{ type: 'MASK', masks: [{ width, height, data }] }] };
    },
  },
  {
    name: 'ImageToMask',
    displayName: 'Convert Image to Mask',
    category: 'mask',
    required: { image: link('IMAGE'), channel: choice('red', 'green', 'blue', 'alpha') },
    outputs: outputs('MASK'),
    run(inputs) {
      const channel = ['red', 'green', 'blue', 'alpha'].indexOf(inputs.text('channel'));
      const masks = inputs.value('image', 'IMAGE').rasters.map(({ width, height, data }) => ({
        width,
        height,
        data: Float32Array.from({ length: width * height }, (_, i) => (data[i * 4 + channel] ?? 0) / 255),
      }));
      return { outputs: [{ type: 'MASK', masks }] };
    },
  },
  {
    name: 'JoinImageWithAlpha',
    displayName: 'Join Image with Alpha',
    category: 'mask/compositing',
    required: { image: link('IMAGE'), alpha: link('MASK') },
    outputs: outputs('IMAGE'),
    run(inputs) {
      const { masks } = inputs.value('alpha', 'MASK');
      const rasters = inputs.value('image', 'IMAGE').rasters.map((raster, i) => {
        const mask = masks[i % masks.length];
        return mask ? withTransparency(raster, mask) : raster;
      });
      return { outputs: [{ type: 'IMAGE', rasters }] };
    },
  },
];

/** What a stand-in for background removal takes for the foreground: the ellipse that fills the image. */
function foregroundOf({ width, height }: Raster): Mask {
  const data = Float32Array.from({ length: width * height }, (_, i) => {
    const x = (2 * ((i % width) + 0.5)) / width - 1;
    const y = (2 * (Math.floor(i / width) + 0.5)) / height - 1;
    return x * x + y * y <= 1 ? 1 : 0;
  });
  return { width, height, data };
}

/** The mask's 1 is transparent. */
function withTransparency({ width, height, data }: Raster, mask: Mask): Raster {
  const result = new Uint8ClampedArray(data);
  for (let i = 0; i < width * height; i++) {
    const transparency = valueAt(mask, (i % width) / width, Math.floor(i / width) / height);
    result[i * 4 + 3] = Math.round(255 * (1 - transparency));
  }
  return { width, height, data: result };
}
