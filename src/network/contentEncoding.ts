import { promisify } from 'node:util';
import { brotliDecompress, gunzip, type InputType, inflate, inflateRaw, type ZlibOptions } from 'node:zlib';

type Decode = (data: InputType, options: ZlibOptions) => Promise<Buffer>;

const unzip: Decode = promisify(gunzip);
const unwrap: Decode = promisify(inflate);
const unwrapRaw: Decode = promisify(inflateRaw);
const unbrotli: Decode = promisify(brotliDecompress);

/** More encodings than any server applies. */
const maxEncodings = 3;

/** A decoded body, that it is too large, or which encoding is unknown or damaged, with the bytes that have it. */
export type DecodedBody =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'too-large'; readonly length: number }
  | { readonly kind: 'encoded'; readonly encoding: string; readonly bytes: Uint8Array<ArrayBuffer> };

/**
 * Undoes the encodings of a body.
 * @param encodings the value of `Content-Encoding`, in the order in which they were applied.
 * @param maxBytes the limit for the output of each step, which ends there.
 */
export async function decodeBody(
  body: Uint8Array<ArrayBuffer>,
  encodings: string,
  maxBytes: number,
): Promise<DecodedBody> {
  const names = encodings
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
    .reverse();
  let bytes = body;
  if (names.length > maxEncodings) return { kind: 'encoded', encoding: shown(encodings), bytes };
  for (const name of names) {
    const decode = decoderOf(name, bytes);
    if (!decode) return { kind: 'encoded', encoding: shown(name), bytes };
    if (bytes.length === 0) continue;
    try {
      const decoded = await decode(bytes, { maxOutputLength: maxBytes });
      bytes = new Uint8Array(decoded); // a copy, because a small buffer is part of a shared one
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'too-large', length: maxBytes + 1 };
      // What zlib and Brotli call errors in the data.
      if (!/^(?:Z_|ERR__|ERR_BROTLI_)/.test(code)) throw error;
      return { kind: 'encoded', encoding: shown(name), bytes };
    }
  }
  return { kind: 'bytes', bytes };
}

function decoderOf(name: string, [first = 0]: Uint8Array): Decode | undefined {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return unzip;
    case 'deflate':
      return (first & 0x0f) === 8 ? unwrap : unwrapRaw; // some servers leave out the zlib header (RFC 9110, 8.4.1.2)
    case 'br':
      return unbrotli;
    default:
      return undefined;
  }
}

/** The server chooses this text. */
function shown(encoding: string): string {
  return encoding.replace(/[^\w, .-]/g, '').slice(0, 40);
}
