import { fileTypeFromBuffer } from 'file-type';
import { MixFailure } from '../mix/failure.ts';
import { type ReadableFormat, readableFormats } from './codec.ts';
import { detectOther, nameOfFormat } from './otherFormats.ts';
import { isSvg } from './svg/xmlText.ts';

/** The kind of a file, detected from its first bytes. */
export interface FileKind {
  /** Lower case: one of `readableFormats`, or the usual extension of another format (`heic`, `bmp`, `pdf`). */
  readonly name: string;
  readonly isImage: boolean;
}

/** Detects the kind of a file from its bytes. Undefined for text and unknown formats. */
export async function detectKind(bytes: Uint8Array): Promise<FileKind | undefined> {
  if (isSvg(bytes)) return { name: 'svg', isImage: true };
  const type = await fileTypeFromBuffer(bytes);
  if (!type) {
    const name = isTiff(bytes) ? 'tiff' : detectOther(bytes);
    return name === undefined ? undefined : { name, isImage: true };
  }
  return { name: nameOf(type.ext, bytes), isImage: type.mime.startsWith('image/') };
}

/**
 * The format of an image, if the codec can decode it.
 * @throws MixFailure `unreadable-image/empty`, `unsupported-image` or `unsupported-image/not-an-image`.
 */
export async function requireReadable(bytes: Uint8Array): Promise<ReadableFormat> {
  if (bytes.length === 0) throw new MixFailure('unreadable-image/empty');
  const kind = await detectKind(bytes);
  if (!kind) throw new MixFailure('unsupported-image/not-an-image');
  const format = readableFormats.find((name) => name === kind.name);
  if (!format) throw new MixFailure('unsupported-image', { args: { format: nameOfFormat(kind.name) } });
  return format;
}

function nameOf(extension: string, bytes: Uint8Array): string {
  switch (extension) {
    case 'jpg':
      return 'jpeg';
    case 'tif':
      return 'tiff';
    case 'apng':
      return 'png';
    case 'heic':
    case 'heif':
      return hasAvifBrand(bytes) ? 'avif' : extension;
    default:
      return extension;
  }
}

/** Some AVIF files have the general HEIF brand first, and `avif` only among the compatible brands (ISO/IEC 14496-12, `ftyp`). */
function hasAvifBrand(bytes: Uint8Array): boolean {
  const boxLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const brands = new TextDecoder('latin1').decode(bytes.subarray(16, Math.min(boxLength, 256)));
  return brands.match(/.{4}/gs)?.includes('avif') ?? false;
}

/** Only the first four bytes count: a TIFF's directory is often at its end, which a truncated file lacks. */
function isTiff(bytes: Uint8Array): boolean {
  return ['II*\0', 'MM\0*'].includes(new TextDecoder('latin1').decode(bytes.subarray(0, 4)));
}
