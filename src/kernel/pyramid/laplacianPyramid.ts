/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The coarsest level is the first whose longest side is at most this. */
const COARSEST_SIDE = 64;

/** Sizes of the pyramid levels, finest first, each half of the previous one (rounded up). */
export function levelSizes(size: Size): Size[] {
  const sizes = [size];
  let { width, height } = size;
  while (Math.max(width, height) > COARSEST_SIDE) {
    width = (width + 1) >> 1;
    height = (height + 1) >> 1;
    sizes.push({ width, height });
  }
  return sizes;
}

/**
 * The next coarser level (Burt and Adelson's REDUCE): a 1-4-6-4-1 filter in both directions, then every second pixel.
 * Borders repeat.
 */
export function reduce(plane: Float32Array, size: Size): Float32Array {
  const { width, height } = size;
  const halfWidth = (width + 1) >> 1;
  const halfHeight = (height + 1) >> 1;
  const out = new Float32Array(halfWidth * halfHeight);
  const row = new Float64Array(width + 4);
  for (let y = 0; y < halfHeight; y++) {
    const center = 2 * y;
    const r0 = Math.max(center - 2, 0) * width;
    const r1 = Math.max(center - 1, 0) * width;
    const r2 = center * width;
    const r3 = Math.min(center + 1, height - 1) * width;
    const r4 = Math.min(center + 2, height - 1) * width;
    for (let x = 0; x < width; x++) {
      row[x + 2] = plane[r0 + x]! + plane[r4 + x]! + 4 * (plane[r1 + x]! + plane[r3 + x]!) + 6 * plane[r2 + x]!;
    }
    row[0] = row[1] = row[2]!;
    row[width + 2] = row[width + 3] = row[width + 1]!;
    const to = y * halfWidth;
    for (let x = 0; x < halfWidth; x++) {
      const at = 2 * x;
      out[to + x] = (row[at]! + row[at + 4]! + 4 * (row[at + 1]! + row[at + 3]!) + 6 * row[at + 2]!) * (1 / 256);
    }
  }
  return out;
}

/**
 * Adds `sign` × the upsampled coarser level (EXPAND: 1-6-1 on even, 4-4 on odd pixels; borders repeat) to a plane, in place.
 * −1 turns a Gaussian level into its band, 1 reconstructs the level.
 */
export function addExpanded(plane: Float32Array, size: Size, coarse: Float32Array, sign: 1 | -1): void {
  const { width, height } = size;
  const halfWidth = (width + 1) >> 1;
  const halfHeight = (height + 1) >> 1;
  const row = new Float64Array(halfWidth + 2);
  const scale = sign / 64;
  for (let y = 0; y < height; y++) {
    const center = (y >> 1) * halfWidth;
    const below = Math.min((y >> 1) + 1, halfHeight - 1) * halfWidth;
    if (y & 1) {
      for (let x = 0; x < halfWidth; x++) row[x + 1] = 4 * (coarse[center + x]! + coarse[below + x]!);
    } else {
      const above = Math.max((y >> 1) - 1, 0) * halfWidth;
      for (let x = 0; x < halfWidth; x++) {
        row[x + 1] = coarse[above + x]! + coarse[below + x]! + 6 * coarse[center + x]!;
      }
    }
    row[0] = row[1]!;
    row[halfWidth + 1] = row[halfWidth]!;
    const to = y * width;
    const pairs = width >> 1;
    for (let k = 0; k < pairs; k++) {
      const current = row[k + 1]!;
      const right = row[k + 2]!;
      plane[to + 2 * k] = plane[to + 2 * k]! + (row[k]! + 6 * current + right) * scale;
      plane[to + 2 * k + 1] = plane[to + 2 * k + 1]! + (current + right) * 4 * scale;
    }
    if (width & 1) {
      const last = to + width - 1;
      plane[last] = plane[last]! + (row[pairs]! + 6 * row[pairs + 1]! + row[pairs + 2]!) * scale;
    }
  }
}

/** Gaussian pyramid, finest first; level 0 is the plane itself, not a copy. */
export function gaussianPyramid(plane: Float32Array, sizes: readonly Size[]): Float32Array[] {
  const levels = [plane];
  for (let level = 1; level < sizes.length; level++) levels.push(reduce(levels[level - 1]!, sizes[level - 1]!));
  return levels;
}

/** Laplacian pyramid (Burt and Adelson, 1983), finest band first; the last level is the low-pass residual. */
export function laplacianPyramid(plane: Float32Array, sizes: readonly Size[]): Float32Array[] {
  const levels = gaussianPyramid(plane.slice(), sizes);
  for (let level = 0; level + 1 < levels.length; level++) {
    addExpanded(levels[level]!, sizes[level]!, levels[level + 1]!, -1);
  }
  return levels;
}

/** Collapses a Laplacian pyramid in place; afterwards level 0 is the reconstructed plane. */
export function collapse(levels: readonly Float32Array[], sizes: readonly Size[]): void {
  for (let level = levels.length - 2; level >= 0; level--) {
    addExpanded(levels[level]!, sizes[level]!, levels[level + 1]!, 1);
  }
}
