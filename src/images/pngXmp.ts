import { readPngText, readPngTextBytes } from './pngText.ts';
import { decodePacket } from './xmpPacket.ts';

/** The XMP packet of a PNG, as XML: under the keyword of the standard, or under the one that ImageMagick gave it earlier. */
export function readPngXmp(png: Uint8Array): string | undefined {
  const bytes = readPngTextBytes(png, 'XML:com.adobe.xmp') ?? readRawProfile(png);
  return bytes && decodePacket(bytes);
}

/** ImageMagick's form: an empty line, the kind, the length in bytes, and the bytes in lines of hexadecimal digits. */
function readRawProfile(png: Uint8Array): Uint8Array | undefined {
  const profile = readPngText(png, 'Raw profile type xmp');
  const digits = profile && /^\s*xmp\s+\d+\s([\da-f\s]*)$/i.exec(profile)?.[1];
  return digits === undefined ? undefined : Buffer.from(digits.replace(/\s+/g, ''), 'hex');
}
