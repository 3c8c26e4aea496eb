import type { Provenance } from '../mix/provenance.ts';
import { parseJson } from '../storage/json.ts';
import { isJpeg, readJpegXmp, writeJpegXmp } from './jpegXmp.ts';
import { isPng, readPngText, writePngTexts } from './pngText.ts';
import { isWebp, readWebpXmp, writeWebpXmp } from './webpXmp.ts';
import { readXmp, writeXmp } from './xmp.ts';

const recipeName = 'image-mixer';

/**
 * Embeds a recipe in an image: as text chunks in PNG, as XMP in JPEG and WebP. Replaces what an earlier call wrote and keeps
 * pixels and other metadata. Returns bytes of another format or with a broken structure unchanged.
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

/** The recipe embedded in an image, as parsed but unvalidated JSON, or undefined. */
export function readProvenance(bytes: Uint8Array): unknown {
  const text = isPng(bytes) ? readPngText(bytes, recipeName) : fromXmp(bytes);
  return text === undefined ? undefined : parseJson(text); // text that isn't JSON is not ours, or damaged
}

function fromXmp(bytes: Uint8Array): string | undefined {
  const packet = isJpeg(bytes) ? readJpegXmp(bytes) : readWebpXmp(bytes);
  return packet === undefined ? undefined : readXmp(packet, recipeName);
}
