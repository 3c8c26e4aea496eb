import type { Ingredient } from '../raster.ts';
import { choice, float, link, type NodeClass } from './nodeClass.ts';
import type { Inputs, ValueOf } from './values.ts';

/** A class of the pack, without what all of them have in common. */
export type PackClass = Omit<NodeClass, 'category' | 'isOfPack'>;

/** How an adapter's weight is spread over its layers. */
export const weightTypes = choice(
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
/** How the embeddings of images are combined. */
export const combining = choice('concat', 'add', 'subtract', 'average', 'norm average');
/** What of an embedding is scaled. */
export const scalings = choice('V only', 'K+V', 'K+V w/ C penalty', 'K+mean(V) w/ C penalty');
/** The part of the steps in which an adapter works. */
export const range = { start_at: float(0, 0, 1, 0.001), end_at: float(1, 0, 1, 0.001) };
/** Five links of the same type, with numbers in their names. */
export const fiveOf = (prefix: string, type: 'IPADAPTER_PARAMS' | 'EMBEDS'): [string, ReturnType<typeof link>][] =>
  [1, 2, 3, 4, 5].map((i) => [`${prefix}${i}`, link(type)]);

/** The model with images added to those that it has. */
export function adapted(inputs: Inputs, images: readonly Ingredient[]): ValueOf<'MODEL'> {
  inputs.value('ipadapter', 'IPADAPTER');
  const model = inputs.value('model', 'MODEL');
  return { ...model, images: [...model.images, ...images] };
}

/** The node's images with its weight and mask. */
export function imagesOf(inputs: Inputs, weight: string, mask: string): Ingredient[] {
  const [attention] = inputs.optional(mask, 'MASK')?.masks ?? [];
  return inputs
    .value('image', 'IMAGE')
    .rasters.map((raster) => ({ raster, weight: inputs.number(weight), mask: attention }));
}
