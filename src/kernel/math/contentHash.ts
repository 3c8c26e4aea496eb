/** Mixes the bits of a 32-bit number (the finalizer of MurmurHash3). */
export function scramble(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A 64-bit hash as two 32-bit halves. */
export interface ContentHash {
  readonly high: number;
  readonly low: number;
}

/** Hashes an image's size and pixels (RGBA words); equal images have equal hashes on every little-endian machine. */
export function contentHash(words: Int32Array, width: number, height: number): ContentHash {
  let high = scramble(width ^ 0x9e3779b9);
  let low = scramble(height ^ 0x7f4a7c15);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    high = Math.imul(high ^ word, 0x01000193);
    low = Math.imul(((low << 13) | (low >>> 19)) ^ word, 0x5bd1e995);
  }
  return { high: scramble(high ^ (low >>> 1)), low: scramble(low ^ high) };
}

/** Compares two hashes for sorting. The kernel processes images in this order, so the caller's order has no effect. */
export function compareHashes(one: ContentHash, other: ContentHash): number {
  return one.high - other.high || one.low - other.low;
}

/** A pseudorandom generator of numbers in [0, 1), seeded by the keys (SplitMix with MurmurHash3's finalizer). */
export function randomStream(...keys: readonly number[]): () => number {
  let state = 0x2545f491;
  for (const key of keys) state = scramble(state ^ key) + 0x6d2b79f5;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return (scramble(state) >>> 0) / 4294967296;
  };
}
