import { hashOf } from '../disk.ts';
import { decode, type Mask, opaque, type Raster } from '../raster.ts';
import { choice, type NodeClass, outputs, type RunContext } from './nodeClass.ts';
import type { Inputs } from './values.ts';

const channels = ['alpha', 'red', 'green', 'blue'];

/** What the nodes that read uploads have in common. */
const reader: Pick<NodeClass, 'required' | 'check' | 'fingerprint'> = {
  required: {
    image: {
      kind: 'choice',
      form: 'list',
      options: ({ disk }) =>
        disk.files.filter(({ type, subfolder }) => type === 'input' && subfolder === '').map(({ name }) => name),
    },
  },
  check: {
    input: 'image',
    problem: (value, { disk }) => (disk.named(String(value)) ? undefined : `image - Invalid image file: ${value}`),
  },
  fingerprint: ({ image }, { disk }) => hashOf(disk.named(String(image))?.bytes ?? ''),
};

/** The nodes that read uploads. */
export const uploadNodes: readonly NodeClass[] = [
  {
    ...reader,
    name: 'LoadImage',
    displayName: 'Load Image',
    category: 'image',
    outputs: outputs('IMAGE', 'MASK'),
    async run(inputs, context) {
      const raster = await uploaded(inputs, context);
      return {
        outputs: [
          { type: 'IMAGE', rasters: [opaque(raster)] },
          { type: 'MASK', masks: [maskOf(raster, 'alpha')] },
        ],
      };
    },
  },
  {
    ...reader,
    name: 'LoadImageMask',
    displayName: 'Load Image (as Mask)',
    category: 'mask',
    required: { ...reader.required, channel: choice(...channels) },
    outputs: outputs('MASK'),
    async run(inputs, context) {
      return { outputs: [{ type: 'MASK', masks: [maskOf(await uploaded(inputs, context), inputs.text('channel'))] }] };
    },
  },
];

async function uploaded(inputs: Inputs, { disk }: RunContext): Promise<Raster> {
  const name = inputs.text('image');
  const file = disk.named(name);
  if (!file) throw new Error(`[Errno 2] No such file or directory: '/srv/ComfyUI/input/${name}'`);
  return await decode(file.bytes);
}

/** A channel as a mask. Alpha is inverted: transparent is 1. */
function maskOf({ width, height, data }: Raster, channel: string): Mask {
  const offset = ['red', 'green', 'blue', 'alpha'].indexOf(channel);
  const values = Float32Array.from({ length: width * height }, (_, i) => (data[i * 4 + offset] ?? 0) / 255);
  return { width, height, data: channel === 'alpha' ? values.map((value) => 1 - value) : values };
}
