import { LRUCache } from 'lru-cache';
import {
  chooseFramings,
  coverage,
  mix,
  type PreparedImage,
  prepare,
  preparedImageBytes,
  type Raster,
  type SaliencyMap,
  saliencyMap,
} from '../kernel/kernel.ts';
import { overlayCoverage } from './coverageOverlay.ts';
import type { FrameRequest } from './previewMessages.ts';

interface LoadedImage {
  readonly raster: Raster;
  readonly saliency: SaliencyMap;
  /** Distinguishes a raster from an earlier one with the same id. */
  readonly version: number;
}

/** A frame and how many images are mixed in it. The raster is valid until the next frame. */
export interface MixedFrame {
  readonly raster: Raster;
  readonly images: number;
}

const maxPreparedBytes = 128 * 1024 * 1024;

/** Keeps the rasters of the preview's images, and mixes them. */
export class PreviewMixer {
  readonly #loadedImages = new Map<string, LoadedImage>();
  readonly #prepared = new LRUCache<string, PreparedImage>({
    maxSize: maxPreparedBytes,
    sizeCalculation: preparedImageBytes,
  });
  #lastVersion = 0;
  /** The output buffer, reused by frames of the same size. */
  #output = new Int32Array(0);

  /** Keeps a raster, in place of an earlier one of the same id. */
  setImage(id: string, raster: Raster): void {
    this.#loadedImages.set(id, { raster, saliency: saliencyMap(raster), version: ++this.#lastVersion });
  }

  removeImage(id: string): void {
    this.#loadedImages.delete(id);
  }

  /** The mix of those images that are loaded; undefined if none of them has a weight. */
  mix(frame: FrameRequest): MixedFrame | undefined {
    const { images, width, height, shape, coarse, seed, guidanceScale, sample, coverageColors } = frame;
    const used = images.flatMap(({ id, weight }, at) => {
      const loaded = this.#loadedImages.get(id);
      return loaded && weight > 0 ? [{ id, weight, loaded, color: coverageColors?.[at] }] : [];
    });
    if (used.length === 0) return undefined;
    const chosenFramings = chooseFramings(
      used.map(({ loaded }) => loaded.saliency),
      { ...shape, seed, sample },
    );
    const parts = used.map(({ id, loaded }, i) => {
      const framing = chosenFramings[i];
      const crop = framing ? [framing.x, framing.y, framing.width, framing.flip].join() : '';
      const key = `${id} ${loaded.version} ${width}x${height} ${coarse} ${crop}`;
      const known = this.#prepared.get(key);
      if (known) return known;
      const part = prepare(loaded.raster, { width, height, coarse, ...(framing ? { framing } : {}) });
      this.#prepared.set(key, part);
      return part;
    });
    const weights = used.map(({ weight }) => weight);
    if (this.#output.length !== width * height) this.#output = new Int32Array(width * height);
    const raster = mix(parts, weights, { seed, guidanceScale }, undefined, this.#output);
    const colors = used.flatMap(({ color }) => (color ? [color] : []));
    if (colors.length === used.length)
      overlayCoverage(raster, coverage(parts, weights, { seed, guidanceScale }), colors);
    return { raster, images: used.length };
  }
}
