import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import sharp from 'sharp';
import { z } from 'zod';
import {
  type AdapterPlan,
  type BuiltGraph,
  type GraphMix,
  graphOfPrompt,
  type ReduxPlan,
  strengthsOf,
} from '../../../src/engines/comfyui/graph.ts';
import { type NodeInfo, nodeInfoOf, objectInfoSchema } from '../../../src/engines/comfyui/wire/nodeInfo.ts';
import { imageStrengthRange } from '../../../src/mix/limits.ts';
import { Disk } from '../../comfyui/disk.ts';
import { describe, installedClasses } from '../../comfyui/nodes/catalog.ts';
import type { Shelf } from '../../comfyui/nodes/nodeClass.ts';
import type { ComfyUIServer } from '../../comfyui/server.ts';
import { type ComfyUISettings, defaultSettings } from '../../comfyui/settings.ts';

export const adapterPlan: AdapterPlan = {
  kind: 'adapter',
  checkpoint: 'sd_xl_base_1.0.safetensors',
  preset: 'PLUS (high strength)',
};

const clipVision = 'sigclip_vision_patch14_384.safetensors';
const styleModel = 'flux1-redux-dev.safetensors';
/** Flux in files of its own, and in a checkpoint. */
export const reduxPlans: readonly ReduxPlan[] = [
  {
    kind: 'redux',
    model: {
      loader: 'unet',
      file: 'flux1-dev.safetensors',
      clips: ['clip_l.safetensors', 't5xxl_fp8_e4m3fn.safetensors'],
      vae: 'ae.safetensors',
    },
    clipVision,
    styleModel,
  },
  { kind: 'redux', model: { loader: 'checkpoint', file: 'sd_xl_base_1.0.safetensors' }, clipVision, styleModel },
];

const files = ['a.png', 'mix/b.png', 'mix/c.png [temp]'];

/** What the nodes of a server can use, with these settings and some uploads. */
export function shelf(settings: Partial<ComfyUISettings>): Shelf {
  const disk = new Disk();
  const bytes = Buffer.from('image');
  disk.write({ type: 'input', subfolder: '', name: 'a.png', bytes });
  disk.write({ type: 'input', subfolder: 'mix', name: 'b.png', bytes });
  disk.write({ type: 'temp', subfolder: 'mix', name: 'c.png', bytes });
  return { settings: { ...defaultSettings, ...settings }, disk };
}

/** What the client reads about all classes of a server. */
export function infosOf(from: Shelf): ReadonlyMap<string, NodeInfo> {
  const infos = installedClasses(from).map(({ name }): [string, NodeInfo | undefined] => {
    const [found] = installedClasses(from).filter((one) => one.name === name);
    return [name, found && nodeInfoOf(objectInfoSchema.parse({ [name]: describe(found, from) }), name)];
  });
  return new Map(infos.flatMap(([name, info]) => (info ? [[name, info]] : [])));
}

/** Weights as a recipe's images can have them. */
export const anyWeights = fc
  .array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1, maxLength: 10 })
  .filter((weights) => weights.some((weight) => weight > 0));

export const anyStrength = fc.double({ ...imageStrengthRange, noNaN: true });

/** Any mix that a recipe for ComfyUI can be. @param strength the image strength; any by default. */
export function anyMix({ strength }: { strength?: number } = {}): fc.Arbitrary<GraphMix> {
  const imageStrength = strength === undefined ? anyStrength : fc.constant(strength);
  const side = fc.integer({ min: 64, max: 2048 });
  return fc.record({
    images: fc
      .tuple(anyWeights, imageStrength)
      .map(([weights, total]) =>
        strengthsOf(weights, total).map((share, i) => ({ file: files[i % files.length] ?? '', strength: share })),
      ),
    prompt: fc.string(),
    negativePrompt: fc.string(),
    width: side,
    height: side,
    steps: fc.integer({ min: 1, max: 10_000 }),
    guidanceScale: fc.double({ min: 1, max: 20, noNaN: true }),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  });
}

/** The same value; changing it throws. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(Object.freeze(value))) frozen(inner);
  return value;
}

/** Uploads an image of each color, and returns their names for LoadImage. */
export async function uploadInks(server: ComfyUIServer, colors: readonly string[]): Promise<string[]> {
  return await Promise.all(
    colors.map(async (color) => {
      const image = sharp({ create: { width: 8, height: 8, channels: 3, background: color } });
      const form = new FormData();
      form.set('image', new Blob([new Uint8Array(await image.png().toBuffer())]), `${color}.png`);
      const response = await fetch(`${server.url}/api/upload/image`, { method: 'POST', body: form });
      return z.object({ name: z.string() }).parse(await response.json()).name;
    }),
  );
}

/** Runs a graph as a prompt of its own, and returns its first result. */
export async function runGraph(
  server: ComfyUIServer,
  built: BuiltGraph,
): Promise<{ name: string; size: [number, number]; pixels: Buffer }> {
  const promptId = randomUUID();
  const known = new Set(server.files);
  const response = await fetch(`${server.url}/api/prompt`, {
    method: 'POST',
    body: JSON.stringify({ prompt: graphOfPrompt(built, promptId), client_id: 'test', prompt_id: promptId }),
  });
  const answer: unknown = await response.json();
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  await server.idle();
  const [written, ...others] = server.files.filter((file) => !known.has(file));
  if (!written || others.length > 0) throw new Error(`The prompt wrote ${others.length + (written ? 1 : 0)} files`);
  const { data, info } = await sharp(written.bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { name: written.name, size: [info.width, info.height], pixels: data };
}
