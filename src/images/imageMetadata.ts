import type { Provenance } from '../mix/provenance.ts';
import { parseJson } from '../storage/json.ts';
import { isJpeg, readExtendedJpegXmp, readJpegXmp, writeJpegXmp } from './jpegXmp.ts';
import { readPngText, writePngTexts } from './pngText.ts';
import { readPngXmp } from './pngXmp.ts';
import { isPng } from './raster/pngChunks.ts';
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

/**
 * The recipe embedded in an image, as parsed but unvalidated JSON, or undefined. Other tools may have saved the image since, and
 * carried the recipe over in another form.
 */
export function readProvenance(bytes: Uint8Array): unknown {
  for (const text of textsOf(bytes)) {
    const json = text === undefined ? undefined : parseJson(text); // text that isn't JSON is not ours, or damaged
    if (json !== undefined) return json;
  }
  return undefined;
}

/** Where the recipe may be, the most likely place first. */
function* textsOf(bytes: Uint8Array): Generator<string | undefined> {
  if (isPng(bytes)) yield readPngText(bytes, recipeName);
  for (const packet of packetsOf(bytes)) if (packet !== undefined) yield readXmp(packet, recipeName);
}

function* packetsOf(bytes: Uint8Array): Generator<string | undefined> {
  if (isPng(bytes)) yield readPngXmp(bytes);
  else if (isJpeg(bytes)) {
    const packet = readJpegXmp(bytes);
    yield packet;
    if (packet !== undefined) yield readExtendedJpegXmp(bytes, packet);
  } else yield readWebpXmp(bytes);
}
