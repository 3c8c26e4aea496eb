import { arena } from '../math/arena.ts';
import type { Size } from '../pyramid/laplacianPyramid.ts';
import { BilinearUpsampler } from '../sampling/bilinearUpsampler.ts';
import { blendWasm } from './blendWasm.ts';

/** SIMD lanes: values of a node are padded to a multiple of this. */
const LANES = 4;
/** 32-bit words of working memory that `blend.wat` needs. */
const WORKSPACE = 32;
/** `blend.wat` writes up to this many pixels past the end. */
const OVERRUN = 3;
const PAGE = 64 * 1024;

/**
 * An instance of `blend.wat`. Each thread has one, whose memory holds the rows of one segment at a time, not whole
 * images.
 */
interface PixelPass {
  readonly memory: WebAssembly.Memory;
  readonly blend: (...parameters: number[]) => void;
}

let pixelPass: PixelPass | undefined;

function startPixelPass(): PixelPass {
  const bytes = Uint8Array.from(atob(blendWasm), (character) => character.charCodeAt(0));
  const { memory, blend } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof blend !== 'function')
    throw new TypeError('blend.wat has unexpected exports');
  return { memory, blend: (...parameters) => void Reflect.apply(blend, undefined, parameters) };
}

/** An image's RGBA words, and its weight at each low-res pixel. */
export interface WeightedLayer {
  readonly pixels: Int32Array;
  readonly weights: Float32Array;
}

/** Blends layers with `blend.wat`: Σ weight × pixel + correction. Valid for one mix: the next one reuses its memory. */
export class Blender {
  readonly #upsampler: BilinearUpsampler;
  readonly #layers: readonly WeightedLayer[];
  readonly #width: number;
  readonly #pass: PixelPass;
  readonly #memory: Int32Array;
  /** Addresses in the memory, and the size of one layer's rows (`#plane`), in 32-bit words. */
  readonly #offsets = 0;
  readonly #ends: number;
  readonly #workspace: number;
  readonly #line: number;
  readonly #slope: number;
  readonly #pixels: number;
  readonly #plane: number;
  #row = 0;

  /** @param corrections planes of red, green and blue, at low-res size. */
  constructor(layers: readonly WeightedLayer[], corrections: readonly Float32Array[], size: Size, lowRes: Size) {
    const zeros = arena.floats(lowRes.width * lowRes.height);
    const weights = layers.map((layer) => layer.weights);
    const padding = Array.from({ length: -weights.length & (LANES - 1) }, () => zeros);
    const upsampler = new BilinearUpsampler(size, lowRes, [...corrections, zeros, ...weights, ...padding]);
    const { line, across } = upsampler;
    this.#upsampler = upsampler;
    this.#layers = layers;
    this.#width = size.width;
    this.#plane = size.width * Math.ceil(size.height / lowRes.height + 1) + OVERRUN;
    this.#ends = this.#offsets + 2 * across.offsets.length;
    this.#workspace = this.#ends + across.ends.length;
    this.#line = this.#workspace + WORKSPACE;
    this.#slope = this.#line + line.length;
    this.#pixels = this.#slope + line.length;
    pixelPass ??= startPixelPass();
    this.#pass = pixelPass;
    const { memory } = pixelPass;
    const shortfall = 4 * (this.#pixels + (layers.length + 1) * this.#plane) - memory.buffer.byteLength;
    if (shortfall > 0) memory.grow(Math.ceil(shortfall / PAGE));
    this.#memory = new Int32Array(memory.buffer);
    new Float64Array(memory.buffer, 4 * this.#offsets, across.offsets.length).set(across.offsets);
    this.#memory.set(across.ends, this.#ends);
  }

  /** Writes the next rows, from the top, into `out`; returns how many. */
  blend(out: Int32Array): number {
    const rows = this.#upsampler.nextSegment();
    const memory = this.#memory;
    const { line, slope, across } = this.#upsampler;
    memory.set(line, this.#line);
    memory.set(slope, this.#slope);
    const from = this.#row * this.#width;
    const to = from + rows * this.#width;
    let at = this.#pixels;
    for (const { pixels } of this.#layers) {
      memory.set(pixels.subarray(from, to), at);
      at += this.#plane;
    }
    this.#pass.blend(
      4 * this.#ends,
      4 * this.#offsets,
      across.nodesPerPixel,
      4 * this.#line,
      4 * this.#slope,
      line.length / (across.ends.length + 1) / LANES,
      4 * this.#pixels,
      this.#layers.length,
      4 * this.#plane,
      4 * at,
      4 * this.#workspace,
      this.#width,
      rows,
      this.#row,
    );
    out.set(memory.subarray(at, at + to - from), from);
    this.#row += rows;
    return rows;
  }
}
