import { readXmpProperty } from './xmp.ts';
import { decodePacket } from './xmpPacket.ts';

// XMP in JPEG: an APP1 segment that begins with this header (XMP specification, part 3, 1.1.3). A second packet can be as large as the
// file: it is cut into segments with a header of their own, followed by its digest, its length and the offset of the part.
const xmpHeader = 'http://ns.adobe.com/xap/1.0/\0';
const extensionHeader = 'http://ns.adobe.com/xmp/extension/\0';
const digestLength = 32;
const exifHeader = 'Exif\0';
const maxPacket = 65_535 - 2 - xmpHeader.length;

interface Segment {
  readonly marker: number;
  readonly data: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Whether bytes begin with a JPEG signature. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** The XMP packet of a JPEG, as XML. */
export function readJpegXmp(jpeg: Uint8Array): string | undefined {
  const segment = segmentsOf(jpeg).find(isXmp);
  return segment && decodePacket(segment.data.subarray(xmpHeader.length));
}

/** The second packet of a JPEG, which its first one names; undefined if there is none, or if parts of it are missing. */
export function readExtendedJpegXmp(jpeg: Uint8Array, packet: string): string | undefined {
  const digest = readXmpProperty(packet, 'http://ns.adobe.com/xmp/note/', 'HasExtendedXMP')?.trim().toUpperCase();
  if (!digest) return undefined;
  const parts = segmentsOf(jpeg)
    .filter((segment) => startsWith(segment, extensionHeader))
    .flatMap(({ data }) => extensionPart(data.subarray(extensionHeader.length), digest) ?? [])
    .toSorted((one, other) => one.offset - other.offset);
  const joined: Uint8Array[] = [];
  let end = 0;
  for (const { offset, bytes } of parts) {
    if (offset !== end) continue; // a part that is there twice; after one that is missing, the end isn't reached
    joined.push(bytes);
    end += bytes.length;
  }
  return parts[0] && end === parts[0].length ? decodePacket(Buffer.concat(joined)) : undefined;
}

function extensionPart(data: Uint8Array, digest: string) {
  const start = digestLength + 8;
  if (data.length < start) return undefined;
  if (Buffer.from(data.subarray(0, digestLength)).toString('latin1').toUpperCase() !== digest) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return {
    length: view.getUint32(digestLength),
    offset: view.getUint32(digestLength + 4),
    bytes: data.subarray(start),
  };
}

/** Replaces the XMP packet of a JPEG. Returns it unchanged if the packet doesn't fit a segment. */
export function writeJpegXmp(jpeg: Uint8Array<ArrayBuffer>, packet: string): Uint8Array<ArrayBuffer> {
  const body = Buffer.from(xmpHeader + packet);
  const segments = segmentsOf(jpeg);
  const last = segments.at(-1);
  if (body.length - xmpHeader.length > maxPacket || !last) return jpeg;
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(2 + body.length, 2);
  const kept = segments.filter((segment) => !isXmp(segment));
  // After the JFIF and EXIF segments, which readers expect first.
  const leading = kept.findIndex((segment) => segment.marker !== 0xe0 && !isExif(segment));
  const parts = kept.map(({ start, end }) => jpeg.subarray(start, end));
  parts.splice(leading < 0 ? parts.length : leading, 0, head, body);
  return new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), ...parts, jpeg.subarray(last.end)]));
}

/** The segments before the image data. Fill bytes belong to the segment after them. */
function segmentsOf(jpeg: Uint8Array): Segment[] {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  const segments: Segment[] = [];
  for (let start = 2; ; ) {
    let at = start;
    while (jpeg[at] === 0xff && jpeg[at + 1] === 0xff) at++;
    const marker = jpeg[at + 1];
    if (jpeg[at] !== 0xff || marker === undefined || marker < 0xc0 || marker === 0xda || at + 4 > jpeg.length) break;
    const end = at + 2 + view.getUint16(at + 2);
    if (end > jpeg.length) break;
    segments.push({ marker, data: jpeg.subarray(at + 4, end), start, end });
    start = end;
  }
  return segments;
}

function startsWith({ marker, data }: Segment, header: string): boolean {
  return marker === 0xe1 && Buffer.from(data.subarray(0, header.length)).toString('latin1') === header;
}

const isXmp = (segment: Segment): boolean => startsWith(segment, xmpHeader);
const isExif = (segment: Segment): boolean => startsWith(segment, exifHeader);
