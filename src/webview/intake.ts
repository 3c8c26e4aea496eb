import type { LoosePicture } from './model/actions.ts';

/** What a drop or a paste brings: addresses, or pictures without one. */
export interface Intake {
  readonly uris: readonly string[];
  readonly pictures: readonly LoosePicture[];
  /** The names of files that are no pictures. */
  readonly others: readonly string[];
}

const address = /^(?:https?|file|vscode-remote):\/\/\S+$/i;

/** Reads a drop. VS Code's Explorer brings lists of addresses, the desktop brings files, a browser both. */
export function readDrop(data: DataTransfer): Intake {
  const uris = ['application/vnd.code.uri-list', 'text/uri-list'].map((type) => readUriList(data.getData(type)));
  const found = uris.find((list) => list.length > 0) ?? [];
  return found.length > 0 ? { uris: found, pictures: [], others: [] } : { uris: [], ...filesOf(data) };
}

/** Reads a paste: a picture, or text that is nothing but addresses. */
export function readPaste(data: DataTransfer): Intake {
  const files = filesOf(data);
  return { uris: files.pictures.length > 0 ? [] : readAddresses(data.getData('text/plain')), ...files };
}

/** The addresses of a `text/uri-list`: one a line, lines with # are comments. */
export function readUriList(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The addresses in a text that holds nothing else, else none. */
export function readAddresses(text: string): string[] {
  const words = text.trim().split(/\s+/);
  return words.every((word) => address.test(word)) ? words : [];
}

function filesOf(data: DataTransfer): Pick<Intake, 'pictures' | 'others'> {
  const mayBePicture = ({ type }: File) => type === '' || type.startsWith('image/');
  const files = [...data.files];
  return {
    pictures: files
      .filter(mayBePicture)
      .map((file) => ({ name: file.name, bytes: async () => new Uint8Array(await file.arrayBuffer()) })),
    others: files.filter((file) => !mayBePicture(file)).map(({ name }) => name),
  };
}
