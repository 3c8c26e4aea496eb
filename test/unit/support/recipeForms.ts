import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const escapeText = (text: string) => text.replace(/[&<>"'\n\r\t]/g, (letter) => `&#${letter.charCodeAt(0)};`);
const cdata = (text: string) => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
const hexEntities = (text: string) => [...text].map((letter) => `&#x${letter.codePointAt(0)?.toString(16)};`).join('');
const packetOf = (content: string) =>
  '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0">\n' +
  ` <rdf:RDF xmlns:rdf="${rdf}">\n${content}\n </rdf:RDF>\n</x:xmpmeta>\n${' '.repeat(200)}\n<?xpacket end='w'?>`;
const described = (content: string) =>
  packetOf(`<rdf:Description rdf:about="" xmlns:m="urn:image-mixer:" xmlns:q="urn:q">${content}</rdf:Description>`);

/** The forms that a text has in XMP packets of other tools, by name. */
export const xmpForms: Readonly<Record<string, (text: string) => string>> = {
  'an element with entities': (text) => described(`<m:image-mixer>${escapeText(text)}</m:image-mixer>`),
  'an element with numbers for all characters': (text) =>
    described(`<m:image-mixer>${hexEntities(text)}</m:image-mixer>`),
  CDATA: (text) => described(`<m:image-mixer>\n${cdata(text)}\n</m:image-mixer>`),
  'an attribute': (text) =>
    packetOf(`<rdf:Description rdf:about='' xmlns:ns1='urn:image-mixer:'\n  ns1:image-mixer = '${escapeText(text)}'/>`),
  'an attribute among others': (text) =>
    packetOf(
      `<rdf:Description dc:format="a > m:image-mixer='b'" xmlns:dc="urn:dc" m:image-mixer="${escapeText(text)}" xmlns:m="urn:image-mixer:"></rdf:Description>`,
    ),
  'the default namespace': (text) =>
    packetOf(
      `<rdf:Description><image-mixer xmlns="urn:image-mixer:">${escapeText(text)}</image-mixer></rdf:Description>`,
    ),
  'a value with a qualifier': (text) =>
    described(
      `<m:image-mixer rdf:parseType="Resource"><q:by>me</q:by><rdf:value>${escapeText(text)}</rdf:value></m:image-mixer>`,
    ),
  'a value in a description': (text) =>
    described(
      `<m:image-mixer><rdf:Description><rdf:value>${escapeText(text)}</rdf:value><q:by>me</q:by></rdf:Description></m:image-mixer>`,
    ),
  'a value as an attribute': (text) => described(`<m:image-mixer q:by="me" rdf:value="${escapeText(text)}"/>`),
  'a text by language': (text) =>
    described(
      `<m:image-mixer><rdf:Alt><rdf:li xml:lang="x-default">${escapeText(text)}</rdf:li></rdf:Alt></m:image-mixer>`,
    ),
  'a typed node, and another prefix for RDF': (text) =>
    `<RDF xmlns="${rdf}"><n:Node xmlns:n="urn:n"><m:image-mixer xmlns:m="urn:image-mixer:">${escapeText(text)}</m:image-mixer></n:Node></RDF>`,
  'a document type with entities': (text) =>
    `<!DOCTYPE x:xmpmeta [<!ENTITY ours "urn:image-mixer:"><!ENTITY q '&#34;'>]>${packetOf(
      `<rdf:Description rdf:about="" xmlns:m="&ours;" m:image-mixer="${escapeText(text).replaceAll('&#34;', '&q;')}"/>`,
    ).replace(/^<\?.*\n/, '')}`,
  'text with comments in it': (text) => {
    const [first = '', ...rest] = text;
    return described(`<m:image-mixer>${escapeText(first)}<!-- - -->${escapeText(rest.join(''))}</m:image-mixer>`);
  },
};

/** The encodings that an XMP packet can have, by name. */
export const encodings: Readonly<Record<string, (packet: string) => Uint8Array>> = {
  'UTF-8': (packet) => Buffer.from(packet),
  'UTF-8 with a byte order mark': (packet) => Buffer.from(`\uFEFF${packet}`),
  'UTF-8 that ends with NUL': (packet) => Buffer.from(`${packet}\0`),
  'UTF-16LE': (packet) => Buffer.from(packet, 'utf16le'),
  'UTF-16LE with a byte order mark': (packet) => Buffer.from(`\uFEFF${packet}`, 'utf16le'),
  'UTF-16BE': (packet) => Buffer.from(packet, 'utf16le').swap16(),
  'UTF-16BE with a byte order mark': (packet) => Buffer.from(`\uFEFF${packet}`, 'utf16le').swap16(),
  'UTF-32LE': (packet) => utf32(packet),
  'UTF-32BE': (packet) => utf32(packet).swap32(),
};

function utf32(text: string): Buffer {
  const points = [...text].map((letter) => letter.codePointAt(0) ?? 0);
  return Buffer.from(new Uint32Array(points).buffer);
}

/** A PNG with one more chunk before its pixels. */
export function withPngChunk(png: Uint8Array, type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type), data]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, 33), size, body, sum, png.subarray(33)]); // after IHDR
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const iTxt = (keyword: string, flag: number, text: Uint8Array) =>
  Buffer.concat([latin1(keyword), Buffer.from([0, flag, 0]), latin1('de\0'), Buffer.from('Übersetzt\0'), text]);

/** The forms that a text under a keyword has in PNG, by name. Their parameters: the PNG, the keyword, and the text, encoded. */
export const pngForms: Readonly<Record<string, (png: Uint8Array, keyword: string, text: Uint8Array) => Uint8Array>> = {
  tEXt: (png, keyword, text) => withPngChunk(png, 'tEXt', Buffer.concat([latin1(`${keyword}\0`), text])),
  zTXt: (png, keyword, text) => withPngChunk(png, 'zTXt', Buffer.concat([latin1(`${keyword}\0\0`), deflateSync(text)])),
  iTXt: (png, keyword, text) => withPngChunk(png, 'iTXt', iTxt(keyword, 0, text)),
  'compressed iTXt': (png, keyword, text) => withPngChunk(png, 'iTXt', iTxt(keyword, 1, deflateSync(text))),
};

/** The keyword that ImageMagick gives XMP in PNG, and the text. */
export function rawProfile(packet: Uint8Array): readonly [keyword: string, text: Uint8Array] {
  const lines =
    Buffer.from(packet)
      .toString('hex')
      .match(/.{1,72}/g) ?? [];
  return ['Raw profile type xmp', latin1(`\nxmp\n${String(packet.length).padStart(8)}\n${lines.join('\n')}\n`)];
}

function segment(content: Uint8Array): Buffer {
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

/** A JPEG with an XMP packet. */
export function withJpegXmp(jpeg: Uint8Array, packet: Uint8Array): Uint8Array {
  const content = Buffer.concat([latin1('http://ns.adobe.com/xap/1.0/\0'), packet]);
  return Buffer.concat([jpeg.subarray(0, 2), segment(content), jpeg.subarray(2)]);
}

/** A JPEG with an extended XMP packet in parts. `arrange` may change their order. */
export function withExtendedXmp(
  jpeg: Uint8Array,
  packet: Uint8Array,
  partLength: number,
  arrange: (parts: readonly Uint8Array[]) => readonly Uint8Array[] = (parts) => parts,
): Uint8Array {
  const digest = createHash('md5').update(packet).digest('hex').toUpperCase();
  const parts: Buffer[] = [];
  for (let at = 0; at < packet.length; at += partLength) {
    const numbers = Buffer.alloc(8);
    numbers.writeUInt32BE(packet.length);
    numbers.writeUInt32BE(at, 4);
    const header = latin1(`http://ns.adobe.com/xmp/extension/\0${digest}`);
    parts.push(segment(Buffer.concat([header, numbers, packet.subarray(at, at + partLength)])));
  }
  const main = packetOf(
    `<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="${digest}"/>`,
  );
  return withJpegXmp(Buffer.concat([jpeg.subarray(0, 2), ...arrange(parts), jpeg.subarray(2)]), Buffer.from(main));
}

/** A WebP with an XMP chunk at its end. */
export function withWebpXmp(webp: Uint8Array, packet: Uint8Array): Uint8Array {
  const head = Buffer.from('XMP \0\0\0\0');
  head.writeUInt32LE(packet.length, 4);
  const file = Buffer.concat([webp, head, packet, Buffer.alloc(packet.length % 2)]);
  file.writeUInt32LE(file.length - 8, 4);
  return file;
}
