import { MixFailure } from '../../mix/failure.ts';
import { inflatePart } from '../inflate.ts';

const damaged = () => new MixFailure('unreadable-image/damaged');

/** The bytes of a strip or tile, at most `wanted`. Compressions other than none, LZW, Deflate and PackBits aren't known here. */
export function unpackBlock(compression: number, packed: Uint8Array, wanted: number): Uint8Array {
  switch (compression) {
    case 1:
      return packed;
    case 5:
      return unpackLzw(packed, wanted);
    case 32_773:
      return unpackBits(packed, wanted);
    case 8:
    case 32_946:
      return unpackDeflate(packed, wanted);
    default:
      throw new MixFailure('unsupported-image/tiff-compression', { args: { compression } });
  }
}

/** Some encoders fill the last block up. More than that is a bomb. */
const maxFill = 65_536;

function unpackDeflate(packed: Uint8Array, wanted: number): Uint8Array {
  const bytes = inflatePart(packed, wanted + maxFill);
  if (!bytes) throw damaged();
  return bytes;
}

function unpackBits(packed: Uint8Array, wanted: number): Uint8Array {
  const out = new Uint8Array(wanted);
  let to = 0;
  for (let at = 0; at < packed.length && to < wanted; ) {
    const control = packed[at++] ?? 128;
    if (control < 128) {
      const run = packed.subarray(at, at + Math.min(control + 1, wanted - to));
      out.set(run, to);
      to += run.length;
      at += control + 1;
    } else if (control > 128) {
      out.fill(packed[at++] ?? 0, to, to + 257 - control);
      to += 257 - control;
    }
  }
  return out.subarray(0, Math.min(to, wanted));
}

/** LZW with the highest bits first and codes that grow one code early (TIFF 6.0, section 13). */
function unpackLzw(packed: Uint8Array, wanted: number): Uint8Array {
  // Files from before TIFF 6.0 have the bits in the other order: they start with a clear code of 00 01.
  if (packed[0] === 0 && (packed[1] ?? 0) & 1)
    throw new MixFailure('unsupported-image/tiff-compression', { args: { compression: 5 } });
  const out = new Uint8Array(wanted);
  const starts = new Uint32Array(4097);
  const lengths = new Uint32Array(4097);
  let next = 258;
  let size = 9;
  let buffer = 0;
  let filled = 0;
  let to = 0;
  let previous: { start: number; length: number } | undefined;
  for (let at = 0; to < wanted; ) {
    while (filled < size && at < packed.length) {
      buffer = ((buffer << 8) | (packed[at++] ?? 0)) & 0xffffff;
      filled += 8;
    }
    if (filled < size) break;
    const code = (buffer >> (filled - size)) & ((1 << size) - 1);
    filled -= size;
    if (code === 257) break;
    if (code === 256) {
      next = 258;
      size = 9;
      previous = undefined;
      continue;
    }
    const start = to;
    if (code < 256) {
      out[to++] = code;
    } else if (code < next) {
      to = copy(out, starts[code] ?? 0, lengths[code] ?? 0, to);
    } else if (code === next && previous) {
      to = copy(out, previous.start, previous.length, to);
      if (to < wanted) out[to++] = out[previous.start] ?? 0;
    } else {
      throw damaged();
    }
    if (previous && next < 4096) {
      // The entry is the previous string and the byte after it, which are neighbors in the output.
      starts[next] = previous.start;
      lengths[next] = previous.length + 1;
      next++;
      if (next + 1 === 1 << size && size < 12) size++;
    }
    previous = { start, length: to - start };
  }
  return out.subarray(0, to);
}

function copy(out: Uint8Array, from: number, length: number, to: number): number {
  const end = Math.min(to + length, out.length);
  for (let at = 0; to + at < end; at++) out[to + at] = out[from + at] ?? 0;
  return end;
}
