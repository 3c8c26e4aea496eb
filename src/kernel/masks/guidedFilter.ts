import type { Size } from '../pyramid/laplacianPyramid.ts';

/** Box filter of side 2 · radius + 1. Near the borders the mean is over the part of the box inside the image. */
export function boxMean(plane: Float32Array, size: Size, radius: number): Float32Array {
  const { width, height } = size;
  const across = new Float32Array(width * height);
  const reach = Math.min(radius, width - 1);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let x = 0; x < reach; x++) sum += plane[row + x]!;
    for (let x = 0; x < width; x++) {
      const enters = x + reach;
      const leaves = x - reach - 1;
      if (enters < width) sum += plane[row + enters]!;
      if (leaves >= 0) sum -= plane[row + leaves]!;
      across[row + x] = sum / (Math.min(enters, width - 1) - Math.max(leaves, -1));
    }
  }
  const out = new Float32Array(width * height);
  const sums = new Float64Array(width);
  const tall = Math.min(radius, height - 1);
  for (let y = 0; y < tall; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) sums[x] = sums[x]! + across[row + x]!;
  }
  for (let y = 0; y < height; y++) {
    const enters = y + tall;
    const leaves = y - tall - 1;
    if (enters < height) {
      const row = enters * width;
      for (let x = 0; x < width; x++) sums[x] = sums[x]! + across[row + x]!;
    }
    if (leaves >= 0) {
      const row = leaves * width;
      for (let x = 0; x < width; x++) sums[x] = sums[x]! - across[row + x]!;
    }
    const scale = 1 / (Math.min(enters, height - 1) - Math.max(leaves, -1));
    const row = y * width;
    for (let x = 0; x < width; x++) out[row + x] = sums[x]! * scale;
  }
  return out;
}

/**
 * Guided filter (He, Sun and Tang, 2010): smooths a plane along the edges of `guide`. Where the guide's variance is
 * below `epsilon`, it blurs.
 */
export function guidedFilter(
  plane: Float32Array,
  guide: Float32Array,
  size: Size,
  radius: number,
  epsilon: number,
): Float32Array {
  const length = plane.length;
  const product = new Float32Array(length);
  for (let i = 0; i < length; i++) product[i] = plane[i]! * guide[i]!;
  const meanProduct = boxMean(product, size, radius);
  for (let i = 0; i < length; i++) product[i] = guide[i]! * guide[i]!;
  const meanSquare = boxMean(product, size, radius);
  const meanGuide = boxMean(guide, size, radius);
  const meanPlane = boxMean(plane, size, radius);
  const slope = meanProduct;
  const offset = meanPlane;
  for (let i = 0; i < length; i++) {
    const g = meanGuide[i]!;
    const variance = meanSquare[i]! - g * g;
    const steep = (meanProduct[i]! - g * meanPlane[i]!) / (Math.max(variance, 0) + epsilon);
    slope[i] = steep;
    offset[i] = meanPlane[i]! - steep * g;
  }
  const meanSlope = boxMean(slope, size, radius);
  const meanOffset = boxMean(offset, size, radius);
  for (let i = 0; i < length; i++) product[i] = meanSlope[i]! * guide[i]! + meanOffset[i]!;
  return product;
}
