// XMP in JPEG: an APP1 segment that begins with this header (XMP specification, part 3, 1.1.3).
const xmpHeader = 'http://ns.adobe.com/xap/1.0/\0';
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
  return segment && new TextDecoder().decode(segment.data.subarray(xmpHeader.length));
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
