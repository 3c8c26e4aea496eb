/** The part of a WebP's bytes that is in the file, from 0 to 1. Its header has its length. */
export function presentPartOfWebp(bytes: Uint8Array): number {
  if (bytes.length < 12) return 0;
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4, true) + 8;
  return Math.min(1, bytes.length / length);
}
