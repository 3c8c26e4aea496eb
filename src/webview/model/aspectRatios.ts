import type { EngineView } from '../../protocol/contract.ts';
import { sideRange } from './draftIssues.ts';

/** The presets of the size, width to height. */
export const aspectRatios = [
  { name: '1:1', width: 1, height: 1 },
  { name: '4:3', width: 4, height: 3 },
  { name: '3:4', width: 3, height: 4 },
  { name: '16:9', width: 16, height: 9 },
  { name: '9:16', width: 9, height: 16 },
] as const;
export type AspectRatio = (typeof aspectRatios)[number];

/** A size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size with an aspect ratio and a longer side of `longSide`, in whole pixels. */
export function sizeForRatio({ width, height }: AspectRatio, longSide: number): Size {
  const scale = longSide / Math.max(width, height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** The presets of the size as multiples of the first image's size. */
export const imageFactors = [1, 2, 4] as const;

/**
 * `factor` times an image's size in whole pixels: as near to it as the engine's limits allow, with the image's aspect ratio. Only an image that is
 * too narrow for both limits loses its ratio.
 */
export function sizeOfImage(image: Size, factor: number, engine: Pick<EngineView, 'maxSide'>): Size {
  const { min, max } = sideRange(engine);
  const { width, height } = image;
  const enlarged = Math.max(factor, min / Math.min(width, height));
  const scale = Math.min(enlarged, max / Math.max(width, height));
  const side = (length: number) => Math.max(min, Math.min(max, Math.round(length * scale)));
  return { width: side(width), height: side(height) };
}

/** The width or height if it's a whole number that the engine accepts, otherwise undefined. */
export function validSide(side: number | string, engine: Pick<EngineView, 'maxSide'>): number | undefined {
  const { min, max } = sideRange(engine);
  return typeof side === 'number' && Number.isInteger(side) && side >= min && side <= max ? side : undefined;
}
