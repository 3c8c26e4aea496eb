import { LRUCache } from 'lru-cache';
import {
  coverage,
  framings,
  type Look,
  look,
  mix,
  type Prepared,
  prepare,
  weighPrepared,
} from '../kernel/kernel.ts';
import type { Raster } from '../images/raster.ts';
import { type FrameRequest, isPreviewRequest, type PreviewReply } from './previewMessages.ts';
import { tint } from './tint.ts';

// The worker of the live preview: the kernel on the pictures it was sent, one frame for each request.

interface Picture {
  readonly raster: Raster;
  readonly look: Look;
  /** Tells a picture from an earlier one of the same id. */
  readonly version: number;
}

const maxPreparedBytes = 128 * 1024 * 1024;
const pictures = new Map<string, Picture>();
const prepared = new LRUCache<string, Prepared>({ maxSize: maxPreparedBytes, sizeCalculation: weighPrepared });
let versions = 0;
/** The pixels of the latest frame, used again by the next of its size: it is copied into a bitmap before that is asked for. */
let words = new Int32Array(0);

/** So many coarse mixes it takes until V8 has compiled the kernel for them; before, they take up to twice as long. */
const enough = 30;
let coarseMixes = 0;
let rehearsed: FrameRequest | undefined;
let nextRehearsal: ReturnType<typeof setTimeout> | undefined;

const reply = (message: PreviewReply, transfer: Transferable[] = []) => self.postMessage(message, { transfer });

self.onmessage = ({ data: message }: MessageEvent<unknown>) => {
  if (!isPreviewRequest(message)) return;
  if (message.kind === 'forget') {
    pictures.delete(message.id);
  } else if (message.kind === 'image') {
    const { id, width, height, data } = message;
    const raster = { width, height, data };
    pictures.set(id, { raster, look: look(raster), version: ++versions });
  } else {
    void show(message.frame);
  }
};

async function show(frame: FrameRequest): Promise<void> {
  clearTimeout(nextRehearsal);
  try {
    const start = performance.now();
    const raster = mixFrame(frame);
    const kernelMs = performance.now() - start;
    if (!raster) return reply({ kind: 'empty' });
    const pixels = new ImageData(raster.data, raster.width, raster.height);
    const bitmap = await createImageBitmap(pixels, { colorSpaceConversion: 'none' });
    reply({ kind: 'shown', bitmap, kernelMs }, [bitmap]);
    if (frame.coarse && frame.images.length > 1) {
      rehearsed = frame;
      coarseMixes++;
    }
    rehearse();
  } catch (error) {
    reply({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

/** Mixes the latest coarse frame for nobody while there is nothing else to do, so that the first drag is as smooth as the next. */
function rehearse(): void {
  const frame = rehearsed;
  if (!frame || coarseMixes >= enough) return;
  nextRehearsal = setTimeout(() => {
    coarseMixes++;
    mixFrame(frame);
    rehearse();
  });
}

/** The mix of the pictures that are here; undefined where none of them has a weight. */
function mixFrame({
  images,
  width,
  height,
  shape,
  coarse,
  seed,
  guidanceScale,
  sample,
  colours,
}: FrameRequest): Raster | undefined {
  const used = images.flatMap(({ id, weight }, at) => {
    const picture = pictures.get(id);
    return picture && weight > 0 ? [{ id, weight, picture, colour: colours?.[at] }] : [];
  });
  if (used.length === 0) return undefined;
  const chosen = framings(
    used.map(({ picture }) => picture.look),
    { ...shape, seed, sample },
  );
  const parts = used.map(({ id, picture }, i) => {
    const framing = chosen[i];
    const place = framing ? [framing.x, framing.y, framing.width, framing.flip].join() : '';
    const key = `${id} ${picture.version} ${width}x${height} ${coarse} ${place}`;
    const known = prepared.get(key);
    if (known) return known;
    const made = prepare(picture.raster, { width, height, coarse, ...(framing ? { framing } : {}) });
    prepared.set(key, made);
    return made;
  });
  const weights = used.map(({ weight }) => weight);
  if (words.length !== width * height) words = new Int32Array(width * height);
  const raster = mix(parts, weights, { seed, guidanceScale }, undefined, words);
  const tints = used.flatMap(({ colour }) => (colour ? [colour] : []));
  if (tints.length === used.length) tint(raster, coverage(parts, weights, { seed, guidanceScale }), tints);
  return raster;
}
