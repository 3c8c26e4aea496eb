import type { Size } from '../pyramid/laplacianPyramid.ts';
import { type Segments, segmentsAlong } from '../sampling/bilinearUpsampler.ts';
import { blendWasm } from './blendWasm.ts';

/** SIMD lanes. */
const LANES = 4;
const PAGE = 64 * 1024;

/** Room for `length` words and for what `blend.wat` reads and writes past them, in whole groups of lanes. */
const padded = (length: number) => (length + 2 * LANES - 1) & -LANES;

/**
 * An instance of `blend.wat`. Each thread has one, whose memory holds the low-res planes and the rows of one segment at a time, not
 * whole images.
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
  readonly #layers: readonly WeightedLayer[];
  readonly #width: number;
  readonly #lowRes: Size;
  readonly #across: Segments;
  readonly #down: Segments;
  readonly #pass: PixelPass;
  readonly #memory: Int32Array;
  /** Addresses in the memory, and lengths, in 32-bit words. */
  readonly #tables = 0;
  readonly #table: number;
  readonly #nodes: number;
  readonly #nodePlane: number;
  readonly #values: number;
  readonly #valueRow: number;
  readonly #pixels: number;
  readonly #pixelPlane: number;
  #row = 0;
  #segment = 0;

  /** @param corrections planes of red, green and blue, at low-res size. */
  constructor(layers: readonly WeightedLayer[], corrections: readonly Float32Array[], size: Size, lowRes: Size) {
    const planes = [...corrections, ...layers.map((layer) => layer.weights)];
    this.#layers = layers;
    this.#width = size.width;
    this.#lowRes = lowRes;
    this.#across = segmentsAlong(size.width, lowRes.width);
    this.#down = segmentsAlong(size.height, lowRes.height);
    this.#table = padded(lowRes.width + 2);
    this.#nodes = this.#tables + 6 * this.#table;
    this.#nodePlane = padded(lowRes.width * lowRes.height);
    this.#values = this.#nodes + planes.length * this.#nodePlane;
    this.#valueRow = padded(size.width);
    this.#pixels = this.#values + 2 * planes.length * this.#valueRow;
    this.#pixelPlane = padded(size.width * Math.ceil(size.height / lowRes.height + 1));
    pixelPass ??= startPixelPass();
    this.#pass = pixelPass;
    const { memory } = pixelPass;
    const shortfall = 4 * (this.#pixels + (layers.length + 1) * this.#pixelPlane) - memory.buffer.byteLength;
    if (shortfall > 0) memory.grow(Math.ceil(shortfall / PAGE));
    this.#memory = new Int32Array(memory.buffer);
    this.#memory.set(this.#across.ends, this.#tables + this.#table);
    const floats = new Float32Array(memory.buffer);
    floats.set(this.#across.offsets, this.#tables);
    for (const [i, plane] of planes.entries()) floats.set(plane, this.#nodes + i * this.#nodePlane);
  }

  /** Writes the next rows, from the top, into `out`; returns how many. */
  blend(out: Int32Array): number {
    const { ends, offsets, nodesPerPixel } = this.#down;
    while (ends[this.#segment]! <= this.#row) this.#segment++;
    const rows = ends[this.#segment]! - this.#row;
    const memory = this.#memory;
    const from = this.#row * this.#width;
    const to = from + rows * this.#width;
    let at = this.#pixels;
    for (const { pixels } of this.#layers) {
      memory.set(pixels.subarray(from, to), at);
      at += this.#pixelPlane;
    }
    const { width, height } = this.#lowRes;
    this.#pass.blend(
      4 * (this.#nodes + Math.max(0, this.#segment - 1) * width),
      4 * (this.#nodes + Math.min(this.#segment, height - 1) * width),
      width,
      4 * this.#nodePlane,
      nodesPerPixel,
      offsets[this.#segment]!,
      4 * this.#tables,
      4 * this.#table,
      this.#across.nodesPerPixel,
      4 * this.#values,
      4 * this.#valueRow,
      4 * this.#pixels,
      this.#layers.length,
      4 * this.#pixelPlane,
      4 * at,
      this.#width,
      rows,
      this.#row,
    );
    out.set(memory.subarray(at, at + to - from), from);
    this.#row += rows;
    return rows;
  }
}
