import { constants, inflateSync } from 'node:zlib';

/**
 * Unpacks zlib data. Undefined if it's damaged, or longer than `maxLength` bytes.
 * @param mayBeCut whether data that ends early gives what is there of it.
 */
export function inflate(packed: Uint8Array, maxLength: number, mayBeCut = false): Uint8Array | undefined {
  const finishFlush = mayBeCut ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
  try {
    return inflateSync(packed, { finishFlush, maxOutputLength: maxLength });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (/^Z_|^ERR_BUFFER_TOO_LARGE$/.test(code)) return undefined;
    throw error;
  }
}
