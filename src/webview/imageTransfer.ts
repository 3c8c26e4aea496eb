import type { ImageFile } from './model/panelActions.ts';

/** The images in a drop or a paste: URIs, or files without one. */
export interface ImageTransfer {
  readonly uris: readonly string[];
  readonly files: readonly ImageFile[];
  /** The names of the files that aren't images. */
  readonly unsupportedNames: readonly string[];
}

const uriPattern = /^(?:(?:https?|file|vscode-remote):\/\/|data:image\/)\S+$/i;

/** The largest file, in bytes, that is read although its name isn't that of an image. */
const maxOddBytes = 64 * 2 ** 20;

/** The addresses of the images in a piece of HTML, as written there. */
export type ReadHtml = (html: string) => readonly string[];

/**
 * Reads a drop. VS Code's Explorer transfers URI lists, the desktop transfers files. A browser transfers an image in many forms, of
 * which the URI list may have the address of a link around it: so its HTML comes first.
 */
export function readDrop(data: DataTransfer, readHtml: ReadHtml = readImageElements): ImageTransfer {
  const uris =
    [
      () => readUriList(data.getData('application/vnd.code.uri-list')),
      () => webImages(readHtml(data.getData('text/html'))),
      () => readDownloadUrl(data.getData('DownloadURL')),
    ]
      .map((read) => read())
      .find((list) => list.length > 0) ?? [];
  if (uris.length > 0) return { uris, files: [], unsupportedNames: [] };
  const list = readUriList(data.getData('text/uri-list'));
  const transferred = readFiles(data);
  // The list of a browser names a page if the image itself has no address that can be used: then its bytes count.
  if (list.length > 0 && !(transferred.files.length > 0 && data.getData('text/html') !== '')) {
    return { uris: list, files: [], unsupportedNames: [] };
  }
  return { uris: [], ...transferred };
}

/** Reads a paste: image files, a text of URIs, or the images of copied HTML. */
export function readPaste(data: DataTransfer, readHtml: ReadHtml = readImageElements): ImageTransfer {
  const transferred = readFiles(data);
  if (transferred.files.length > 0) return { uris: [], ...transferred };
  const uris = readUris(data.getData('text/plain'));
  return { uris: uris.length > 0 ? uris : webImages(readHtml(data.getData('text/html'))), ...transferred };
}

/** Nothing is loaded and no script runs in a document that is only parsed. */
const readImageElements: ReadHtml = (html) => {
  if (html === '') return [];
  const images = new DOMParser().parseFromString(html, 'text/html').querySelectorAll('img');
  return [...images].map((image) => image.getAttribute('src') ?? '');
};

/** The addresses that lead to an image from here, each once. */
function webImages(addresses: readonly string[]): string[] {
  const found = addresses
    .map((address) => address.trim().replace(/^\/\//, 'https://')) // Chromium writes whole addresses, other browsers as in the page
    .filter((address) => /^(?:https?:\/\/|data:image\/)/i.test(address));
  return [...new Set(found)];
}

/** The address in Chromium's `DownloadURL`, which is `MIME:NAME:URL`, if it is that of an image. */
export function readDownloadUrl(text: string): string[] {
  const [, url] = /^image\/[^:]*:.*?:(https?:\/\/\S+|data:image\/\S+)$/i.exec(text.trim()) ?? [];
  return url === undefined ? [] : [url];
}

/** The URIs in a `text/uri-list`: one per line. Lines that start with # are comments. */
export function readUriList(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The URIs in a text that contains nothing else; otherwise none. */
export function readUris(text: string): string[] {
  if (/^\s*data:image\//i.test(text)) return [text.trim()]; // an SVG in it may have spaces
  const words = text.trim().split(/\s+/);
  return words.every((word) => uriPattern.test(word)) ? words : [];
}

/** A type only tells the extension of a name. The extension checks the content, so only large files are left out by their type. */
function readFiles(data: DataTransfer): Pick<ImageTransfer, 'files' | 'unsupportedNames'> {
  const mayBeImage = ({ type, size }: File) => type === '' || type.startsWith('image/') || size <= maxOddBytes;
  const files = [...data.files];
  return {
    files: files
      .filter(mayBeImage)
      .map((file) => ({ name: file.name, bytes: async () => new Uint8Array(await file.arrayBuffer()) })),
    unsupportedNames: files.filter((file) => !mayBeImage(file)).map(({ name }) => name),
  };
}
