import type { Size } from '../pyramid/laplacianPyramid.ts';

/** At the largest size, this many rows take some 50 ms. */
const rowsPerTick = 256;

/**
 * Fills fully transparent pixels with the mean color of visible pixels nearby, so that hidden colors never leak into a mix. Alpha doesn't
 * change. This is the pull–push algorithm of Gortler et al. (The Lumigraph, 1996).
 *
 * @param tick called every `rowsPerTick` rows.
 */
export function fillTransparent(words: Int32Array, size: Size, tick: () => void = () => {}): Int32Array<ArrayBuffer> {
  const { width, height } = size;
  const out = new Int32Array(words);
  if (width === 1 && height === 1) return out;
  const levels = [pullWords(words, size, tick)];
  for (let top = levels[0]!; top.size.width > 1 || top.size.height > 1; top = levels[levels.length - 1]!) {
    tick();
    levels.push(pull(top));
  }
  for (let level = levels.length - 2; level >= 0; level--) {
    push(levels[level]!, levels[level + 1]!);
    tick();
  }
  const { r, g, b, size: half } = levels[0]!;
  for (let y = 0; y < height; y++) {
    if (y % rowsPerTick === 0) tick();
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (words[at]! >>> 24) continue;
      const from = (y >> 1) * half.width + (x >> 1);
      out[at] = Math.floor(r[from]!) | (Math.floor(g[from]!) << 8) | (Math.floor(b[from]!) << 16);
    }
  }
  return out;
}

/** The means of the pixels of a block, and the fraction of it that is visible, 0 to 255. */
interface ColorLevel {
  readonly size: Size;
  readonly r: Float32Array;
  readonly g: Float32Array;
  readonly b: Float32Array;
  readonly weight: Float32Array;
}

function emptyLevel(size: Size): ColorLevel {
  const make = () => new Float32Array(size.width * size.height);
  return { size, r: make(), g: make(), b: make(), weight: make() };
}

function emptyHalf({ width, height }: Size): ColorLevel {
  return emptyLevel({ width: (width + 1) >> 1, height: (height + 1) >> 1 });
}

/** Like `pull`, from the pixels themselves: planes of all of them would take four times the memory of the image. */
function pullWords(words: Int32Array, size: Size, tick: () => void): ColorLevel {
  const { width, height } = size;
  const to = emptyHalf(size);
  for (let y = 0; y < height; y++) {
    if (y % rowsPerTick === 0) tick();
    for (let x = 0; x < width; x++) {
      const word = words[y * width + x]!;
      const into = (y >> 1) * to.size.width + (x >> 1);
      const weight = word >>> 24;
      to.r[into] = to.r[into]! + (word & 255) * weight;
      to.g[into] = to.g[into]! + ((word >> 8) & 255) * weight;
      to.b[into] = to.b[into]! + ((word >> 16) & 255) * weight;
      to.weight[into] = to.weight[into]! + weight;
    }
  }
  return averaged(to);
}

/** Weighted means of 2 × 2 pixels. */
function pull(from: ColorLevel): ColorLevel {
  const { width, height } = from.size;
  const to = emptyHalf(from.size);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const into = (y >> 1) * to.size.width + (x >> 1);
      const weight = from.weight[at]!;
      to.r[into] = to.r[into]! + from.r[at]! * weight;
      to.g[into] = to.g[into]! + from.g[at]! * weight;
      to.b[into] = to.b[into]! + from.b[at]! * weight;
      to.weight[into] = to.weight[into]! + weight;
    }
  }
  return averaged(to);
}

/** Turns sums of 2 × 2 pixels into means. */
function averaged(to: ColorLevel): ColorLevel {
  for (let i = 0; i < to.weight.length; i++) {
    const weight = to.weight[i]!;
    if (weight <= 0) continue;
    to.r[i] = to.r[i]! / weight;
    to.g[i] = to.g[i]! / weight;
    to.b[i] = to.b[i]! / weight;
    to.weight[i] = weight / 4;
  }
  return to;
}

/** Gives pixels without weight the color of the coarser level. */
function push(fine: ColorLevel, coarse: ColorLevel): void {
  const { width, height } = fine.size;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (fine.weight[at]! > 0) continue;
      const from = (y >> 1) * coarse.size.width + (x >> 1);
      fine.r[at] = coarse.r[from]!;
      fine.g[at] = coarse.g[from]!;
      fine.b[at] = coarse.b[from]!;
    }
  }
}
