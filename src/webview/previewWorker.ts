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
import { type FrameRequest, isPreviewRequest, type PreviewReply } from './previewMessages.ts';

// The worker of the live preview. It keeps the rasters it was sent and mixes them into one frame per request.

interface LoadedImage {
  readonly raster: Raster;
  readonly saliency: SaliencyMap;
  /** Distinguishes a raster from an earlier one with the same id. */
  readonly version: number;
}

const maxPreparedBytes = 128 * 1024 * 1024;
const loadedImages = new Map<string, LoadedImage>();
const prepared = new LRUCache<string, PreparedImage>({
  maxSize: maxPreparedBytes,
  sizeCalculation: preparedImageBytes,
});
let lastVersion = 0;
/** The output buffer, reused by frames of the same size. Each frame is copied into a bitmap before the next one is requested. */
let output = new Int32Array(0);

/** The number of coarse mixes after which V8 has optimized the kernel. Before, a mix takes up to twice as long. */
const warmUpMixes = 30;
let coarseMixes = 0;
let warmUpFrame: FrameRequest | undefined;
let warmUpTimer: ReturnType<typeof setTimeout> | undefined;

const reply = (message: PreviewReply, transfer: Transferable[] = []) => self.postMessage(message, { transfer });

self.onmessage = ({ data: message }: MessageEvent<unknown>) => {
  if (!isPreviewRequest(message)) return;
  if (message.kind === 'removeImage') {
    loadedImages.delete(message.id);
  } else if (message.kind === 'setImage') {
    const { id, width, height, data } = message;
    const raster = { width, height, data };
    loadedImages.set(id, { raster, saliency: saliencyMap(raster), version: ++lastVersion });
  } else {
    void renderFrame(message.frame);
  }
};

async function renderFrame(frame: FrameRequest): Promise<void> {
  clearTimeout(warmUpTimer);
  try {
    const start = performance.now();
    const raster = mixFrame(frame);
    const kernelMs = performance.now() - start;
    if (!raster) return reply({ kind: 'empty' });
    const pixels = new ImageData(raster.data, raster.width, raster.height);
    const bitmap = await createImageBitmap(pixels, { colorSpaceConversion: 'none' });
    reply({ kind: 'frame', bitmap, kernelMs }, [bitmap]);
    if (frame.coarse && frame.images.length > 1) {
      warmUpFrame = frame;
      coarseMixes++;
    }
    warmUp();
  } catch (error) {
    reply({ kind: 'error', message: error instanceof Error ? error.message : String(error) });
  }
}

/** Mixes the latest coarse frame again while the worker is idle, so that the first drag is as smooth as later ones. */
function warmUp(): void {
  const frame = warmUpFrame;
  if (!frame || coarseMixes >= warmUpMixes) return;
  warmUpTimer = setTimeout(() => {
    coarseMixes++;
    mixFrame(frame);
    warmUp();
  });
}

/** The mix of the loaded images; undefined if none of them has a weight. */
function mixFrame({
  images,
  width,
  height,
  shape,
  coarse,
  seed,
  guidanceScale,
  sample,
  coverageColors,
}: FrameRequest): Raster | undefined {
  const used = images.flatMap(({ id, weight }, at) => {
    const loaded = loadedImages.get(id);
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
    const known = prepared.get(key);
    if (known) return known;
    const part = prepare(loaded.raster, { width, height, coarse, ...(framing ? { framing } : {}) });
    prepared.set(key, part);
    return part;
  });
  const weights = used.map(({ weight }) => weight);
  if (output.length !== width * height) output = new Int32Array(width * height);
  const raster = mix(parts, weights, { seed, guidanceScale }, undefined, output);
  const colors = used.flatMap(({ color }) => (color ? [color] : []));
  if (colors.length === used.length) overlayCoverage(raster, coverage(parts, weights, { seed, guidanceScale }), colors);
  return raster;
}
