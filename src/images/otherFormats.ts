// Image formats that can't be decoded, so that a message can name them.

/** What people call a format, by its usual extension. The rest are called by their extension. */
const names: Readonly<Record<string, string>> = {
  j2c: 'JPEG 2000',
  jp2: 'JPEG 2000',
  jpm: 'JPEG 2000',
  jpx: 'JPEG 2000',
  mj2: 'JPEG 2000',
  jxl: 'JPEG XL',
  jxr: 'JPEG XR',
  heic: 'HEIC',
  heif: 'HEIC',
  psd: 'Photoshop (PSD)',
  xcf: 'GIMP (XCF)',
  ps: 'PostScript',
  exr: 'OpenEXR',
  hdr: 'Radiance HDR',
  djvu: 'DjVu',
  sgi: 'SGI',
  ras: 'Sun raster',
};

const cameraRaw = new Set(['3fr', 'arw', 'cr2', 'cr3', 'dng', 'nef', 'orf', 'pef', 'raf', 'raw', 'rw2', 'srw']);

/** What people call a format. */
export function nameOfFormat(extension: string): string {
  if (cameraRaw.has(extension)) return `RAW (${extension.toUpperCase()})`;
  return names[extension] ?? extension.toUpperCase();
}

/** First bytes, as Latin-1, of image formats that the library doesn't detect. */
const signatures: readonly (readonly [string, string])[] = [
  ['IIRO', 'orf'],
  ['IIRS', 'orf'],
  ['MMOR', 'orf'],
  ['qoif', 'qoi'],
  ['v/1\u0001', 'exr'],
  ['#?RADIANCE', 'hdr'],
  ['#?RGBE', 'hdr'],
  ['DDS ', 'dds'],
  ['\u008aMNG', 'mng'],
  ['\u008bJNG', 'jng'],
  ['BLP1', 'blp'],
  ['BLP2', 'blp'],
  ['farbfeld', 'farbfeld'],
  ['\u0001\u00da\0\u0001', 'sgi'],
  ['\u0001\u00da\u0001\u0001', 'sgi'],
  ['\u0059\u00a6\u006a\u0095', 'ras'],
  ['/* XPM */', 'xpm'],
  ['AT&TFORM', 'djvu'],
  ['\u00d7\u00cd\u00c6\u009a', 'wmf'],
  ['SIMPLE  =', 'fits'],
];

/** The usual extension of a format that the library doesn't detect. */
export function detectOther(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 48));
  const found = signatures.find(([start]) => headStartsWith(bytes, start));
  if (found) return found[1];
  if (isPcx(bytes)) return 'pcx';
  if (/^#define \w+_width \d/.test(head)) return 'xbm';
  if (/^P[Ff]\s/.test(head)) return 'pfm';
  const netpbm = /^P([1-7])\s/.exec(head);
  if (netpbm) return { 1: 'pbm', 2: 'pgm', 3: 'ppm', 4: 'pbm', 5: 'pgm', 6: 'ppm', 7: 'pam' }[netpbm[1] ?? ''];
  return head.slice(0, 4) === '\u0001\0\0\0' && head.slice(40, 44) === ' EMF' ? 'emf' : undefined;
}

/** A version, a compression and the number of bits. */
function isPcx([first, version = -1, compression = -1, bits = -1]: Uint8Array): boolean {
  return (
    first === 10 && [0, 2, 3, 4, 5].includes(version) && [0, 1].includes(compression) && [1, 2, 4, 8].includes(bits)
  );
}

/** TextDecoder reads Latin-1 as Windows-1252, so the bytes are compared. */
function headStartsWith(bytes: Uint8Array, start: string): boolean {
  return [...start].every((character, at) => bytes[at] === character.charCodeAt(0));
}
