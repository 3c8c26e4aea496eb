import { blendWasm } from './blendWasm.ts';
import { Fields } from './field.ts';
import type { Size } from './pyramid.ts';
import { scratch } from './scratch.ts';

/** The pass takes the values of a node in groups of so many. */
const GROUP = 4;
/** Numbers of 32 bits that the pixel pass needs to work with. */
const WORKING = 32;
/** It writes up to three pixels too many. */
const BEYOND = 3;
const PAGE = 64 * 1024;

/** The pixel pass in WebAssembly. There is one in each thread; its memory takes the rows of one stretch at a time, not whole pictures. */
interface PixelPass {
  readonly memory: WebAssembly.Memory;
  readonly blend: (...parameters: number[]) => void;
}

let pixelPass: PixelPass | undefined;

function startPixelPass(): PixelPass {
  const bytes = Uint8Array.from(atob(blendWasm), (character) => character.charCodeAt(0));
  const { memory, blend } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof blend !== 'function') throw new TypeError('Not the pixel pass');
  return { memory, blend: (...parameters) => void Reflect.apply(blend, undefined, parameters) };
}

/** A picture's words, and how much of it is taken at each pixel of its base. */
export interface WeightedLayer {
  readonly words: Int32Array;
  readonly weights: Float32Array;
}

/** Adds up layers of pixels by `blend.wat`: Σ weight × pixel + correction. It serves one mix; a later one takes the memory over. */
export class Blender {
  readonly #fields: Fields;
  readonly #layers: readonly WeightedLayer[];
  readonly #width: number;
  readonly #pass: PixelPass;
  readonly #memory: Int32Array;
  /** Where things stand in the memory, and how long one layer's rows are, in numbers of 32 bits. */
  readonly #offsets = 0;
  readonly #ends: number;
  readonly #now: number;
  readonly #line: number;
  readonly #slope: number;
  readonly #pixels: number;
  readonly #plane: number;
  #row = 0;

  /** @param corrections of red, green and blue, at each pixel of the base. */
  constructor(layers: readonly WeightedLayer[], corrections: readonly Float32Array[], size: Size, base: Size) {
    const none = scratch.floats(base.width * base.height);
    const weights = layers.map((layer) => layer.weights);
    const padding = Array.from({ length: -weights.length & (GROUP - 1) }, () => none);
    const fields = new Fields(size, base, [...corrections, none, ...weights, ...padding]);
    const { line, across } = fields;
    this.#fields = fields;
    this.#layers = layers;
    this.#width = size.width;
    this.#plane = size.width * Math.ceil(size.height / base.height + 1) + BEYOND;
    this.#ends = this.#offsets + 2 * across.offsets.length;
    this.#now = this.#ends + across.ends.length;
    this.#line = this.#now + WORKING;
    this.#slope = this.#line + line.length;
    this.#pixels = this.#slope + line.length;
    pixelPass ??= startPixelPass();
    this.#pass = pixelPass;
    const { memory } = pixelPass;
    const missing = 4 * (this.#pixels + (layers.length + 1) * this.#plane) - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    this.#memory = new Int32Array(memory.buffer);
    new Float64Array(memory.buffer, 4 * this.#offsets, across.offsets.length).set(across.offsets);
    this.#memory.set(across.ends, this.#ends);
  }

  /** Writes the next few rows, from the top, into `out`; returns how many these are. */
  blend(out: Int32Array): number {
    const rows = this.#fields.nextStretch();
    const memory = this.#memory;
    const { line, slope, across } = this.#fields;
    memory.set(line, this.#line);
    memory.set(slope, this.#slope);
    const from = this.#row * this.#width;
    const to = from + rows * this.#width;
    let at = this.#pixels;
    for (const { words } of this.#layers) {
      memory.set(words.subarray(from, to), at);
      at += this.#plane;
    }
    this.#pass.blend(
      4 * this.#ends,
      4 * this.#offsets,
      across.part,
      4 * this.#line,
      4 * this.#slope,
      line.length / (across.ends.length + 1) / GROUP,
      4 * this.#pixels,
      this.#layers.length,
      4 * this.#plane,
      4 * at,
      4 * this.#now,
      this.#width,
      rows,
      this.#row,
    );
    out.set(memory.subarray(at, at + to - from), from);
    this.#row += rows;
    return rows;
  }
}
