/**
 * The local mix: decoded images in, one raster out, with the same bytes on every machine. Needs neither Node nor a browser.
 *
 * `saliencyMap` and `chooseFramings` choose the part of each image to use, `prepare` does everything that doesn't depend on the
 * weights, and `mix` does the rest. README.md explains the method.
 */
export { type MixSettings, mix, mixRasters, type RasterMixSettings } from './imageMix.ts';
export { type Coverage, coverage } from './masks/coverage.ts';
export {
  type Checkpoint,
  type PreparedImage,
  type PrepareOptions,
  prepare,
  preparedImageBytes,
} from './preparedImage.ts';
export {
  chooseFramings,
  type Framing,
  type FramingRequest,
  type SaliencyMap,
  saliencyMap,
} from './sampling/framing.ts';
export type { Raster } from './sampling/pixelWords.ts';
