import type { Raster } from '../images/raster.ts';
import { framings, look } from './framing.ts';
import { type MixSettings, mix } from './mix.ts';
import { prepare } from './prepare.ts';

/** A mix from beginning to end; `sample` counts from 0. */
export interface WholeMix extends MixSettings {
  readonly width: number;
  readonly height: number;
  readonly sample?: number;
}

/** Frames, prepares and mixes decoded pictures in one go, for those who mix once. */
export function mixRasters(rasters: readonly Raster[], weights: readonly number[], settings: WholeMix): Raster {
  const { width, height, seed, sample = 0 } = settings;
  const frames = framings(rasters.map(look), { width, height, seed, sample });
  const pictures = rasters.map((raster, i) => {
    const framing = frames[i];
    return prepare(raster, { width, height, ...(framing ? { framing } : {}) });
  });
  return mix(pictures, weights, settings);
}
