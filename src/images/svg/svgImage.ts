import { limits, maxReframingScale } from '../../mix/limits.ts';
import type { ImageInfo, Raster } from '../codec.ts';
import { FontLibrary } from '../fonts/fontLibrary.ts';
import { type Drawing, type DrawingTools, openDrawing, warningsOf } from './svgDrawing.ts';
import { renderDrawing } from './svgRenderer.ts';

/**
 * The most pixels that an SVG is rendered with: a square one covers the largest result, reframed. One that is much longer than wide
 * is coarser then, because the renderer may need several layers of this size at once.
 */
const maxPixels = Math.ceil(limits.side.max * maxReframingScale) ** 2;
/** In pixels. */
const maxSide = 30_000;
/** In pixels. The longest side of an SVG with text inside another one. */
const embeddedSide = 2048;

/** What SVG images need besides their bytes. */
export interface SvgAssets {
  /** Absolute path of the folder of `resvg.wasm` and the bundled fonts. */
  readonly folder: string;
  /** Absolute paths of folders with fonts. By default, the system's. */
  readonly fontFolders?: readonly string[] | undefined;
}

/** Converts images inside an SVG to PNG. */
export interface PngConverter {
  /** Undefined if the file can't be read. */
  fromFile(bytes: Uint8Array): Promise<Uint8Array | undefined>;
  fromRaster(raster: Raster): Promise<Uint8Array>;
}

/** Reads and renders SVG images. */
export class SvgImages {
  readonly #folder: string;
  readonly #tools: DrawingTools;

  constructor({ folder, fontFolders }: SvgAssets, png: PngConverter) {
    this.#folder = folder;
    this.#tools = {
      folder,
      library: new FontLibrary(fontFolders),
      toPng: (bytes) => png.fromFile(bytes),
      rasterize: async (drawing) => {
        const { width, height } = drawing.document.size;
        return png.fromRaster(await this.render(drawing, embeddedSide / Math.max(width, height)));
      },
    };
  }

  /** Reads a document with its fonts and images. @throws MixFailure `unreadable-image`, `image-too-large`. */
  open(bytes: Uint8Array): Promise<Drawing> {
    return openDrawing(bytes, this.#tools);
  }

  /** The drawing with straight alpha, `scale` times its own size, but within the limits. @throws MixFailure */
  async render(drawing: Drawing, scale: number): Promise<Raster> {
    const { width, height } = drawing.document.size;
    const bounded = Math.min(scale, Math.sqrt(maxPixels / (width * height)), maxSide / Math.max(width, height));
    const pixels = (side: number) => Math.max(1, Math.round(side * bounded));
    const rendered = await renderDrawing(drawing, pixels(width), pixels(height), this.#folder);
    return { width: rendered.width, height: rendered.height, data: unpremultiplied(rendered.data) };
  }
}

/** The size of a drawing, in whole pixels. */
export function infoOf(drawing: Drawing): ImageInfo {
  const { size } = drawing.document;
  const whole = (side: number) => Math.max(1, Math.round(side));
  return {
    format: 'svg',
    width: whole(size.width),
    height: whole(size.height),
    hasAlpha: true,
    warnings: warningsOf(drawing),
  };
}

function unpremultiplied(data: Uint8Array<ArrayBuffer>): Uint8ClampedArray<ArrayBuffer> {
  const straight = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < straight.length; at += 4) {
    const alpha = straight[at + 3] ?? 0;
    if (alpha === 0 || alpha === 255) continue;
    for (let channel = at; channel < at + 3; channel++) straight[channel] = ((straight[channel] ?? 0) * 255) / alpha;
  }
  return straight;
}
