import { constants, inflateRawSync, inflateSync } from 'node:zlib';

/** Unpacks zlib data. Undefined if it's damaged, or longer than `maxLength` bytes. */
export function inflate(packed: Uint8Array, maxLength: number): Uint8Array | undefined {
  return unlessDamaged(() => inflateSync(packed, { maxOutputLength: maxLength }));
}

/** The same, but what is there of data that ends early, and data whose checksum is wrong. */
export function inflatePart(packed: Uint8Array, maxLength: number): Uint8Array | undefined {
  const [method, flags] = packed;
  if (method === undefined || flags === undefined) return new Uint8Array();
  if ((method & 15) !== 8 || (method * 256 + flags) % 31 !== 0) return undefined;
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxLength };
  return unlessDamaged(() => inflateRawSync(packed.subarray(2), options));
}

function unlessDamaged(unpack: () => Uint8Array): Uint8Array | undefined {
  try {
    return unpack();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (/^Z_|^ERR_BUFFER_TOO_LARGE$/.test(code)) return undefined;
    throw error;
  }
}
