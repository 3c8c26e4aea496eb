import type { Provenance } from '../mix/provenance.ts';
import { isJpeg, readJpegXmp, writeJpegXmp } from './jpegXmp.ts';
import { isPng, readPngText, writePngTexts } from './pngText.ts';
import { isWebp, readWebpXmp, writeWebpXmp } from './webpXmp.ts';
import { readXmp, writeXmp } from './xmp.ts';

const recipeName = 'image-mixer';

/**
 * The picture with its recipe inside: in PNG as text chunks, in JPEG and WebP as XMP. Pixels and other metadata stay as
 * they are, what an earlier call wrote is replaced. Bytes of another format or of a broken structure come back unchanged.
 */
export function embedProvenance(
  bytes: Uint8Array<ArrayBuffer>,
  { recipe, parameters }: Provenance,
): Uint8Array<ArrayBuffer> {
  const texts = { [recipeName]: JSON.stringify(recipe), parameters };
  if (isPng(bytes)) return writePngTexts(bytes, texts);
  if (isJpeg(bytes)) return writeJpegXmp(bytes, writeXmp(readJpegXmp(bytes), texts));
  if (isWebp(bytes)) return writeWebpXmp(bytes, writeXmp(readWebpXmp(bytes), texts));
  return bytes;
}

/** The recipe that a picture carries, as parsed JSON, unchecked; undefined where there is none. */
export function readProvenance(bytes: Uint8Array): unknown {
  const text = isPng(bytes) ? readPngText(bytes, recipeName) : fromXmp(bytes);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // somebody else's, or damaged
  }
}

function fromXmp(bytes: Uint8Array): string | undefined {
  const packet = isJpeg(bytes) ? readJpegXmp(bytes) : readWebpXmp(bytes);
  return packet === undefined ? undefined : readXmp(packet, recipeName);
}
