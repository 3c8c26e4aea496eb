import { crc32 } from 'node:zlib';
import { isOpaque, pipeline, plain, type Raster, resized } from '../raster.ts';
import { choice, int, link, type NodeClass, type NodeResult, outputs, type RunContext, text } from './nodeClass.ts';
import { uploadNodes } from './uploads.ts';

const MAX_SIZE = 16384;

/** The nodes that read, scale and write images. */
export const imageNodes: readonly NodeClass[] = [
  ...uploadNodes,
  {
    name: 'EmptyImage',
    displayName: 'EmptyImage',
    category: 'image',
    required: {
      width: int(512, 1, MAX_SIZE),
      height: int(512, 1, MAX_SIZE),
      batch_size: int(1, 1, 4096),
      color: int(0, 0, 0xffffff),
    },
    outputs: outputs('IMAGE'),
    run(inputs) {
      const color = inputs.number('color');
      const raster = plain(inputs.number('width'), inputs.number('height'), [
        color >> 16,
        (color >> 8) & 255,
        color & 255,
      ]);
      return {
        outputs: [{ type: 'IMAGE', rasters: Array.from({ length: inputs.number('batch_size') }, () => raster) }],
      };
    },
  },
  {
    name: 'ImageScale',
    displayName: 'Upscale Image',
    category: 'image/upscaling',
    required: {
      image: link('IMAGE'),
      upscale_method: choice('nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'),
      width: int(512, 0, MAX_SIZE),
      height: int(512, 0, MAX_SIZE),
      crop: choice('disabled', 'center'),
    },
    outputs: outputs('IMAGE'),
    async run(inputs) {
      const { rasters } = inputs.value('image', 'IMAGE');
      const fit = inputs.text('crop') === 'center' ? 'cover' : 'fill';
      const scaled = rasters.map(async (raster) => {
        const [width, height] = sizeWithin(raster, inputs.number('width'), inputs.number('height'));
        return await resized(raster, width, height, fit);
      });
      return { outputs: [{ type: 'IMAGE', rasters: await Promise.all(scaled) }] };
    },
  },
  {
    name: 'ImageUpscaleWithModel',
    displayName: 'Upscale Image (using Model)',
    category: 'image/upscaling',
    required: { upscale_model: link('UPSCALE_MODEL'), image: link('IMAGE') },
    outputs: outputs('IMAGE'),
    async run(inputs, context) {
      const { rasters } = inputs.value('image', 'IMAGE');
      const upscaled: Raster[] = [];
      for (const raster of rasters) {
        upscaled.push(await resized(raster, raster.width * 2, raster.height * 2));
        await context.step(upscaled.length, rasters.length);
      }
      return { outputs: [{ type: 'IMAGE', rasters: upscaled }] };
    },
  },
  {
    name: 'SaveImage',
    displayName: 'Save Image',
    category: 'image',
    required: { images: link('IMAGE'), filename_prefix: text('ComfyUI') },
    outputs: [],
    isOutput: true,
    run: async (inputs, context) =>
      await written(inputs.value('images', 'IMAGE').rasters, 'output', inputs.text('filename_prefix'), context),
  },
  {
    name: 'PreviewImage',
    displayName: 'Preview Image',
    category: 'image',
    required: { images: link('IMAGE') },
    outputs: [],
    isOutput: true,
    run: async (inputs, context) =>
      await written(inputs.value('images', 'IMAGE').rasters, 'temp', 'ComfyUI_temp_qwxyz', context),
  },
];

/** A side of 0 follows from the other one. */
function sizeWithin(raster: Raster, width: number, height: number): [number, number] {
  if (width === 0 && height === 0) return [raster.width, raster.height];
  if (width === 0) return [Math.max(1, Math.round((raster.width * height) / raster.height)), height];
  if (height === 0) return [width, Math.max(1, Math.round((raster.height * width) / raster.width))];
  return [width, height];
}

async function written(
  rasters: readonly Raster[],
  type: 'output' | 'temp',
  prefix: string,
  { disk, graph }: RunContext,
): Promise<NodeResult> {
  const images = [];
  for (const raster of rasters) {
    const image = isOpaque(raster) ? pipeline(raster).removeAlpha() : pipeline(raster);
    const bytes = withText(await image.png().toBuffer(), 'prompt', JSON.stringify(graph));
    const { name, subfolder } = disk.writeResult(type, prefix, bytes);
    images.push({ filename: name, subfolder, type });
  }
  return { outputs: [], ui: { images } };
}

/** A PNG with a text chunk added after its header, which is always 33 bytes long. */
function withText(png: Buffer, keyword: string, value: string): Buffer {
  const latin = value.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const body = Buffer.from(`tEXt${keyword}\0${latin}`, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length - 4);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, 33), length, body, checksum, png.subarray(33)]);
}
