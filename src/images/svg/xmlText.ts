import { gunzipSync, constants as zlib } from 'node:zlib';
import { MixFailure } from '../../mix/failure.ts';
import { maxSvgBytes, tooManyBytes } from '../imageLimits.ts';

/** Bytes of an XML document that are first searched for its root, and searched in a compressed one. */
const headLength = 64 * 1024;

/**
 * Whether the first element of an XML document is `svg`, after byte order mark, prolog, comments and document type. A document may
 * be UTF-16 and gzip-compressed (`.svgz`).
 */
export function isSvg(bytes: Uint8Array): boolean {
  const head = isGzip(bytes) ? inflateHead(bytes) : bytes.subarray(0, maxSvgBytes);
  const start = rootName(decodeXml(head.subarray(0, headLength)));
  const name = start === 'unknown' && head.length > headLength ? rootName(decodeXml(head)) : start;
  return name === 'svg';
}

/**
 * The text of an SVG file. @throws MixFailure `image-too-large/bytes`, `unreadable-image` for a damaged `.svgz`,
 * `unreadable-image/svg-malformed` if it isn't in the encoding that it says.
 */
export function readXml(bytes: Uint8Array): string {
  const content = isGzip(bytes) ? inflate(bytes) : bytes;
  try {
    return new TextDecoder(encodingOf(content), { fatal: true }).decode(content);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const line = decodeXml(content).split('\uFFFD', 1)[0]?.split('\n').length ?? 1;
    throw new MixFailure('unreadable-image/svg-malformed', { cause, args: { line } });
  }
}

/** Decodes by byte order mark, else by the XML declaration, else as UTF-8. */
function decodeXml(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf(bytes: Uint8Array): string {
  const [first, second, third, fourth] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0x3c && second === 0 && third !== 0) return 'utf-16le';
  if (first === 0 && second === 0x3c && fourth !== 0) return 'utf-16be';
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  const label = /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1] ?? 'utf-8';
  // As in HTML, a declaration that can be read as ASCII isn't UTF-16, whatever it says.
  return isEncoding(label) && !/^utf-?16/i.test(label) ? label : 'utf-8';
}

function isEncoding(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The local name of the first element; `unknown` if the text ends before it, undefined if this isn't XML. */
function rootName(text: string): string | undefined {
  let at = 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at++;
    if (at >= text.length) return 'unknown';
    if (text[at] !== '<') return undefined;
    const end = text.startsWith('<!--', at)
      ? after(text, '-->', at + 4)
      : text.startsWith('<?', at)
        ? after(text, '?>', at + 2)
        : text.startsWith('<!DOCTYPE', at)
          ? doctypeEnd(text, at)
          : undefined;
    if (end === undefined) break;
    if (end < 0) return 'unknown';
    at = end;
  }
  const name = /^<(?:[\p{L}_][\p{L}\p{N}_.-]*:)?([\p{L}_][\p{L}\p{N}_.-]*)(?=[\s/>])/u.exec(text.slice(at, at + 200));
  return name?.[1];
}

/** Where the next `mark` ends, or -1. */
export function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? -1 : at + mark.length;
}

/** Where the document type that starts at `start` ends, or -1. Its internal subset has literals and comments. */
export function doctypeEnd(text: string, start: number): number {
  const token = /<!--|<\?|["'[\]>]/g;
  token.lastIndex = start + '<!DOCTYPE'.length;
  let isInside = false;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [mark] = match;
    if (mark === '[') isInside = true;
    else if (mark === ']') isInside = false;
    else if (mark !== '>') {
      const end = after(text, closing[mark] ?? mark, token.lastIndex);
      if (end < 0) return -1;
      token.lastIndex = end;
    } else if (!isInside) return token.lastIndex;
  }
  return -1;
}

const closing: Readonly<Record<string, string>> = { '<!--': '-->', '<?': '?>' };

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** What can be read from the start of a compressed file. Nothing if it isn't one. */
function inflateHead(bytes: Uint8Array): Uint8Array {
  try {
    const part = bytes.subarray(0, headLength);
    return gunzipSync(part, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: 2 * maxSvgBytes });
  } catch (error) {
    if (isZlibError(error)) return new Uint8Array();
    throw error;
  }
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxSvgBytes });
  } catch (error) {
    if (!isZlibError(error)) throw error;
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw tooManyBytes(maxSvgBytes + 1, maxSvgBytes);
    const key = error.code === 'Z_BUF_ERROR' ? 'unreadable-image/truncated' : 'unreadable-image/damaged';
    throw new MixFailure(key, { cause: error });
  }
}

function isZlibError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && /^(?:Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code));
}
