/** The content and media type of a `data:` address. What can't be decoded becomes nothing. */
export function decodeDataUri(address: string): { bytes: Uint8Array; type: string } {
  const comma = address.indexOf(',');
  const head = address.slice('data:'.length, comma < 0 ? undefined : comma);
  const body = comma < 0 ? '' : address.slice(comma + 1);
  const [type = ''] = head.split(';', 1);
  const isBase64 = /;\s*base64\s*$/i.test(head);
  const plain = percentDecoded(body);
  const bytes = isBase64 ? Buffer.from(new TextDecoder('latin1').decode(plain), 'base64') : plain;
  return { bytes: new Uint8Array(bytes), type: type.trim() || 'data:' };
}

function percentDecoded(text: string): Uint8Array {
  if (!text.includes('%')) return new TextEncoder().encode(text);
  const bytes: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for (const part of text.split(/((?:%[\da-f]{2})+)/i)) {
    bytes.push(/^(?:%[\da-f]{2})+$/i.test(part) ? Buffer.from(part.replaceAll('%', ''), 'hex') : encoder.encode(part));
  }
  return Buffer.concat(bytes);
}
