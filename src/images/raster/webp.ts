import { fourLetters } from '../latin1.ts';
import { cutOff } from './cutOff.ts';
import type { PreparedFile } from './preparedRaster.ts';

/** In bytes. Compressed pixels never end with that many zeros, but a copy that broke off may have them where data is missing. */
const maxZeros = 64;

/** A WebP whose pixels are all there, as far as zeros in their place tell. @throws MixFailure `unreadable-image/cut` */
export function prepareWebp(bytes: Uint8Array): PreparedFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const type = fourLetters(bytes, at);
    const start = at + 8;
    const length = view.getUint32(at + 4, true);
    const end = Math.min(start + length, bytes.length);
    if (type === 'VP8 ' || type === 'VP8L') {
      let last = end;
      while (last > start && bytes[last - 1] === 0) last--;
      if (end - last > maxZeros) throw cutOff(last / bytes.length);
      break; // only the first frame counts
    }
    // A frame is a chunk that holds others, after 16 bytes of its place.
    at = type === 'ANMF' ? start + 16 : start + length + (length % 2);
  }
  return { bytes, warnings: [] };
}

/** The part of a WebP's bytes that is in the file, from 0 to 1. Its header has its length. */
export function presentPartOfWebp(bytes: Uint8Array): number {
  if (bytes.length < 12) return 0;
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4, true) + 8;
  return Math.min(1, bytes.length / length);
}
