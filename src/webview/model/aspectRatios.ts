import { limits } from '../../mix/limits.ts';

/** The presets of the size, width to height. */
export const aspectRatios = [
  { name: '1:1', width: 1, height: 1 },
  { name: '4:3', width: 4, height: 3 },
  { name: '3:4', width: 3, height: 4 },
  { name: '16:9', width: 16, height: 9 },
  { name: '9:16', width: 9, height: 16 },
] as const;
export type AspectRatio = (typeof aspectRatios)[number];

/** The size with an aspect ratio and a longer side of `longSide`, in whole pixels. */
export function sizeForRatio({ width, height }: AspectRatio, longSide: number): { width: number; height: number } {
  const scale = longSide / Math.max(width, height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** The width or height if it's a whole number in range, otherwise undefined. */
export function validSide(side: number | string): number | undefined {
  const { min, max } = limits.side;
  return typeof side === 'number' && Number.isInteger(side) && side >= min && side <= max ? side : undefined;
}
