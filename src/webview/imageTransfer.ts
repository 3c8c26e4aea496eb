import type { ImageFile } from './model/panelActions.ts';

/** The images in a drop or a paste: URIs, or files without one. */
export interface ImageTransfer {
  readonly uris: readonly string[];
  readonly files: readonly ImageFile[];
  /** The names of the files that aren't images. */
  readonly unsupportedNames: readonly string[];
}

const uriPattern = /^(?:https?|file|vscode-remote):\/\/\S+$/i;

/** Reads a drop. VS Code's Explorer transfers URI lists, the desktop transfers files, and a browser both; URIs win. */
export function readDrop(data: DataTransfer): ImageTransfer {
  const lists = ['application/vnd.code.uri-list', 'text/uri-list'].map((type) => readUriList(data.getData(type)));
  const uris = lists.find((list) => list.length > 0) ?? [];
  return uris.length > 0 ? { uris, files: [], unsupportedNames: [] } : { uris: [], ...readFiles(data) };
}

/** Reads a paste: image files, or a text of URIs. */
export function readPaste(data: DataTransfer): ImageTransfer {
  const transferred = readFiles(data);
  return { uris: transferred.files.length > 0 ? [] : readUris(data.getData('text/plain')), ...transferred };
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
  const words = text.trim().split(/\s+/);
  return words.every((word) => uriPattern.test(word)) ? words : [];
}

function readFiles(data: DataTransfer): Pick<ImageTransfer, 'files' | 'unsupportedNames'> {
  const mayBeImage = ({ type }: File) => type === '' || type.startsWith('image/');
  const files = [...data.files];
  return {
    files: files
      .filter(mayBeImage)
      .map((file) => ({ name: file.name, bytes: async () => new Uint8Array(await file.arrayBuffer()) })),
    unsupportedNames: files.filter((file) => !mayBeImage(file)).map(({ name }) => name),
  };
}
