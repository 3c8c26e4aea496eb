import type { Size } from '../pyramid/laplacianPyramid.ts';

/**
 * Fills fully transparent pixels with the mean color of visible pixels nearby, so that hidden colors never leak into a mix. Alpha doesn't
 * change. This is the pull–push algorithm of Gortler et al. (The Lumigraph, 1996).
 */
export function fillTransparent(words: Int32Array, size: Size): Int32Array<ArrayBuffer> {
  const levels = [finestLevel(words, size)];
  for (let top = levels[0]!; top.size.width > 1 || top.size.height > 1; top = levels[levels.length - 1]!) {
    levels.push(pull(top));
  }
  for (let level = levels.length - 2; level >= 0; level--) push(levels[level]!, levels[level + 1]!);
  const { r, g, b } = levels[0]!;
  const out = new Int32Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    out[i] = word >>> 24 ? word : Math.floor(r[i]!) | (Math.floor(g[i]!) << 8) | (Math.floor(b[i]!) << 16);
  }
  return out;
}

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

function finestLevel(words: Int32Array, size: Size): ColorLevel {
  const level = emptyLevel(size);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    level.r[i] = word & 255;
    level.g[i] = (word >> 8) & 255;
    level.b[i] = (word >> 16) & 255;
    level.weight[i] = word >>> 24;
  }
  return level;
}

/** Weighted means of 2 × 2 pixels. */
function pull(from: ColorLevel): ColorLevel {
  const { width, height } = from.size;
  const to = emptyLevel({ width: (width + 1) >> 1, height: (height + 1) >> 1 });
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
