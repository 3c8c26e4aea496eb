/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The longest side at which a pyramid ends. */
const COARSEST = 64;

/** Sizes of a pyramid's levels, the finest first, each half of the one before (rounded up), down to about 64 pixels. */
export function levelSizes(size: Size): Size[] {
  const sizes = [size];
  let { width, height } = size;
  while (Math.max(width, height) > COARSEST) {
    width = (width + 1) >> 1;
    height = (height + 1) >> 1;
    sizes.push({ width, height });
  }
  return sizes;
}

/** The next coarser level of a plane: filtered by 1-4-6-4-1 in both directions, every second pixel kept, borders repeated. */
export function reduce(plane: Float32Array, size: Size): Float32Array {
  const { width, height } = size;
  const halfWidth = (width + 1) >> 1;
  const halfHeight = (height + 1) >> 1;
  const out = new Float32Array(halfWidth * halfHeight);
  const row = new Float64Array(width + 4);
  for (let y = 0; y < halfHeight; y++) {
    const middle = 2 * y;
    const r0 = Math.max(middle - 2, 0) * width;
    const r1 = Math.max(middle - 1, 0) * width;
    const r2 = middle * width;
    const r3 = Math.min(middle + 1, height - 1) * width;
    const r4 = Math.min(middle + 2, height - 1) * width;
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
 * Adds `sign` times the next coarser level, brought up to this one's size (1-6-1 and 4-4, borders repeated), to the plane.
 * With −1 it leaves the band, what the coarser level lacks; with 1 it puts the level together again.
 */
export function addExpanded(plane: Float32Array, size: Size, coarse: Float32Array, sign: 1 | -1): void {
  const { width, height } = size;
  const halfWidth = (width + 1) >> 1;
  const halfHeight = (height + 1) >> 1;
  const row = new Float64Array(halfWidth + 2);
  const scale = sign / 64;
  for (let y = 0; y < height; y++) {
    const middle = (y >> 1) * halfWidth;
    const below = Math.min((y >> 1) + 1, halfHeight - 1) * halfWidth;
    if (y & 1) {
      for (let x = 0; x < halfWidth; x++) row[x + 1] = 4 * (coarse[middle + x]! + coarse[below + x]!);
    } else {
      const above = Math.max((y >> 1) - 1, 0) * halfWidth;
      for (let x = 0; x < halfWidth; x++) {
        row[x + 1] = coarse[above + x]! + coarse[below + x]! + 6 * coarse[middle + x]!;
      }
    }
    row[0] = row[1]!;
    row[halfWidth + 1] = row[halfWidth]!;
    const to = y * width;
    const pairs = width >> 1;
    for (let k = 0; k < pairs; k++) {
      const centre = row[k + 1]!;
      const right = row[k + 2]!;
      plane[to + 2 * k] = plane[to + 2 * k]! + (row[k]! + 6 * centre + right) * scale;
      plane[to + 2 * k + 1] = plane[to + 2 * k + 1]! + (centre + right) * 4 * scale;
    }
    if (width & 1) {
      const last = to + width - 1;
      plane[last] = plane[last]! + (row[pairs]! + 6 * row[pairs + 1]! + row[pairs + 2]!) * scale;
    }
  }
}

/** The levels of a plane, each filtered from the one before; the plane itself comes first. */
export function gaussianPyramid(plane: Float32Array, sizes: readonly Size[]): Float32Array[] {
  const levels = [plane];
  for (let level = 1; level < sizes.length; level++) levels.push(reduce(levels[level - 1]!, sizes[level - 1]!));
  return levels;
}

/** The bands of a plane (Burt and Adelson's Laplacian pyramid), the finest first; the last is what remains. */
export function bands(plane: Float32Array, sizes: readonly Size[]): Float32Array[] {
  const levels = gaussianPyramid(plane.slice(), sizes);
  for (let level = 0; level + 1 < levels.length; level++) {
    addExpanded(levels[level]!, sizes[level]!, levels[level + 1]!, -1);
  }
  return levels;
}

/** Puts bands together in place; afterwards the first is the whole plane. */
export function collapse(levels: readonly Float32Array[], sizes: readonly Size[]): void {
  for (let level = levels.length - 2; level >= 0; level--) {
    addExpanded(levels[level]!, sizes[level]!, levels[level + 1]!, 1);
  }
}
