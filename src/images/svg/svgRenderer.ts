import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initWasm, Resvg, type ResvgRenderOptions } from '@resvg/resvg-wasm';
import { MixFailure } from '../../mix/failure.ts';
import type { Drawing } from './svgDrawing.ts';

/** Pixels with premultiplied alpha. */
export interface Rendered {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

let loading: Promise<void> | undefined;

/** Loads the renderer, once. @param folder of `resvg.wasm`. */
async function load(folder: string): Promise<void> {
  loading ??= readFile(join(folder, 'resvg.wasm')).then((bytes) => initWasm(bytes));
  await loading;
}

/**
 * Renders a drawing at a size in pixels. @throws MixFailure `unreadable-image/svg-too-complex`, `unreadable-image/damaged`. Any
 * other error means that the renderer is broken, and so is the thread that it runs in.
 */
export async function renderDrawing(
  drawing: Drawing,
  width: number,
  height: number,
  folder: string,
): Promise<Rendered> {
  await load(folder);
  const resvg = attempt(() => new Resvg(drawing.write(width, height), optionsOf(drawing)));
  try {
    const image = resvg.render();
    try {
      return { width: image.width, height: image.height, data: new Uint8Array(image.pixels) };
    } finally {
      image.free();
    }
  } finally {
    resvg.free();
  }
}

function optionsOf({ document, fonts }: Drawing): ResvgRenderOptions {
  const options: ResvgRenderOptions = { languages: ['en'], textRendering: 2, shapeRendering: 2 };
  if (document.background !== undefined) options.background = document.background;
  const defaultFontSize = 16; // lengths in em depend on it, even if there's no text
  if (!fonts) return { ...options, font: { fontBuffers: [], defaultFontSize } };
  const { serif } = fonts.generic;
  return {
    ...options,
    font: { fontBuffers: [...fonts.fonts], defaultFontSize, defaultFontFamily: serif, serifFamily: serif },
  };
}

function attempt<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!isParseError(cause)) throw cause;
    const isTooMuch = /limit/.test(cause.message);
    throw new MixFailure(isTooMuch ? 'unreadable-image/svg-too-complex' : 'unreadable-image/damaged', { cause });
  }
}

/** What is wrong with a document comes as a plain error. A renderer that broke throws a RuntimeError. */
function isParseError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Error';
}
