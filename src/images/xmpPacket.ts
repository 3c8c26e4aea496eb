/**
 * The text of an XMP packet in any encoding of Unicode, which its first characters show: each packet starts with `<`, perhaps after
 * white space or a byte order mark.
 */
export function decodePacket(bytes: Uint8Array): string {
  const text = decode(bytes);
  let end = text.length; // some tools end a packet with NUL
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end);
}

function decode(bytes: Uint8Array): string {
  const [first, second, third, fourth] = bytes;
  if (first === 0 && second === 0 && fourth !== 0) return decodeUtf32(bytes, false);
  if (second === 0 && third === 0 && fourth === 0) return decodeUtf32(bytes, true);
  if (first === 0xff && second === 0xfe)
    return third === 0 && fourth === 0 ? decodeUtf32(bytes, true) : utf16(bytes, 'le');
  if (first === 0xfe && second === 0xff) return utf16(bytes, 'be');
  if (first !== 0 && second === 0) return utf16(bytes, 'le');
  if (first === 0 && second !== 0) return utf16(bytes, 'be');
  return new TextDecoder().decode(bytes);
}

function utf16(bytes: Uint8Array, order: 'le' | 'be'): string {
  return new TextDecoder(`utf-16${order}`).decode(bytes);
}

/** Byte by byte into UTF-16, since `TextDecoder` doesn't know UTF-32. */
function decodeUtf32(bytes: Uint8Array, isLittleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = view.getUint32(at, isLittleEndian);
    if (point !== 0xfeff || at > 0) text += point <= 0x10ffff ? String.fromCodePoint(point) : '\uFFFD';
  }
  return text;
}
