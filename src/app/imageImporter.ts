import { randomUUID } from 'node:crypto';
import { basename, extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { requireReadable } from '../images/imageFormat.ts';
import { saveImportedCopy } from '../images/importedCopies.ts';
import type { SourceReader } from '../images/sourceReader.ts';
import { decodeDataUri } from '../images/svg/dataUri.ts';
import type { DraftImage } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import { safeFileName } from '../output/fileNames.ts';
import { isInside } from '../output/outputFolder.ts';
import type { Problem } from '../protocol/contract.ts';
import { systemCode } from '../storage/systemError.ts';
import { named } from './failureName.ts';
import type { Messages } from './messages/messages.ts';
import type { Workspace } from './ports.ts';
import type { WebCredentials } from './webCredentials.ts';
import { isDataUri, isWebUrl, shownAddress } from './webUrl.ts';

/** The usual extensions of source images, in lower case. A file with another one, or none, is one too if its content is. */
export const imageExtensions: readonly string[] = [
  'png',
  'apng',
  'jpg',
  'jpeg',
  'jpe',
  'jif',
  'jfif',
  'pjpeg',
  'pjp',
  'webp',
  'gif',
  'avif',
  'tif',
  'tiff',
  'svg',
  'svgz',
];

/** A glob for the image files of a folder, by their extensions in any case. */
export const imageGlob = `**/*.{${imageExtensions.map(inAnyCase).join(',')}}`;

function inAnyCase(extension: string): string {
  return extension.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

/** The imported images, and the reasons why the others weren't imported. */
export interface ImportedImages {
  images: DraftImage[];
  problems: Problem[];
}

export interface ImageImporterOptions {
  /** Absolute path of the folder for copies. */
  readonly storage: string;
  readonly reader: SourceReader;
  readonly messages: Messages;
  readonly workspace: Workspace;
  readonly credentials: WebCredentials;
  /** Absolute paths of the files in the current draft and its undo history: their copies are kept. */
  readonly usedFiles: () => Promise<readonly string[]>;
}

/** Turns addresses and bytes into images of a draft. Files from outside the workspace are copied, since they may disappear. */
export class ImageImporter {
  readonly #options: ImageImporterOptions;

  constructor(options: ImageImporterOptions) {
    this.#options = options;
  }

  /** Imports `file:`, `vscode-remote:`, `data:`, http and https addresses. Anything that isn't an image is skipped and reported in `problems`. */
  import(addresses: readonly string[]): Promise<ImportedImages> {
    // A URL is kept verbatim, because parsing would re-encode its query, which breaks signatures.
    return this.#importAll(addresses, async (address) => {
      if (isWebUrl(address)) {
        const url = this.#options.credentials.take(address).trim();
        return newImage(url, url);
      }
      return isDataUri(address) ? this.importDataUri(address) : this.#importFile(pathOf(address));
    });
  }

  /** Imports files by their absolute paths. */
  importFiles(paths: readonly string[]): Promise<ImportedImages> {
    return this.#importAll(paths, (path) => this.#importFile(path));
  }

  /**
   * Imports an image that has no address. It is kept in storage under the hash of its content.
   * @throws MixFailure `save-failed`, or `unsupported-image` if neither the name nor the content is that of an image.
   */
  async importBytes(name: string, bytes: Uint8Array): Promise<DraftImage> {
    const fileName = basename(name.replaceAll('\\', '/')) || 'image.png';
    if (!hasImageExtension(fileName)) await requireImage(fileName, bytes);
    return fileImage(await this.#keep(fileName, bytes), fileName);
  }

  async #importAll(
    items: readonly string[],
    importOne: (item: string) => Promise<DraftImage>,
  ): Promise<ImportedImages> {
    const imported: ImportedImages = { images: [], problems: [] };
    for (const item of items) {
      try {
        imported.images.push(await importOne(item));
      } catch (error) {
        imported.problems.push(this.#options.messages.problem(error));
      }
    }
    return imported;
  }

  async #importFile(path: string): Promise<DraftImage> {
    const { workspace, storage, reader } = this.#options;
    const name = basename(path);
    const isInWorkspace = workspace.folderOf(path) !== undefined;
    const stays = isInWorkspace || isInside(path, storage);
    if (stays && hasImageExtension(name)) return fileImage(path, isInWorkspace ? workspace.displayPath(path) : name);
    const bytes = await named(name, () => reader.read({ kind: 'file', path }));
    if (!hasImageExtension(name)) await requireImage(name, bytes);
    if (stays) return fileImage(path, isInWorkspace ? workspace.displayPath(path) : name);
    return fileImage(await this.#keep(name, bytes), name);
  }

  /** Imports the image inside a `data:` address like a pasted one. @throws MixFailure `save-failed`, or `unsupported-image`. */
  async importDataUri(address: string): Promise<DraftImage> {
    const { bytes, type } = decodeDataUri(address.trim());
    const subtype = /^image\/([a-z0-9]+)/i.exec(type)?.[1]?.toLowerCase() ?? 'png';
    const name = `image.${subtype === 'jpeg' ? 'jpg' : subtype}`;
    await requireImage(name, bytes);
    return this.importBytes(name, bytes);
  }

  async #keep(name: string, bytes: Uint8Array): Promise<string> {
    const used = await this.#options.usedFiles();
    const isUsed = (copy: string) => used.some((path) => isInside(path, copy));
    try {
      // The storage may be on another kind of drive than the file, or than a browser has in mind.
      return await saveImportedCopy(this.#options.storage, safeFileName(name), bytes, isUsed);
    } catch (cause) {
      if (!(cause instanceof Error) || systemCode(cause) === '') throw cause;
      throw new MixFailure('save-failed/copy', { args: { detail: cause.message }, imageName: name, cause });
    }
  }
}

/** Checks the content. @throws MixFailure `unsupported-image`, `unreadable-image/empty`. */
function requireImage(name: string, bytes: Uint8Array): Promise<unknown> {
  return named(name, () => requireReadable(bytes));
}

function hasImageExtension(name: string): boolean {
  return imageExtensions.includes(extname(name).slice(1).toLowerCase());
}

/**
 * The absolute path of a file by its address. On a remote, the Explorer drags `vscode-remote:` addresses of files that are local to
 * the extension host. @throws MixFailure `unsupported-image` for any other address.
 */
function pathOf(address: string): string {
  if (!/^(?:file|vscode-remote):/i.test(address)) throw noAddress(address); // the path of any other address means another file
  try {
    const url = new URL(address);
    return fileURLToPath(url.protocol === 'file:' ? url : `file://${url.pathname}`);
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof URIError)) throw cause;
    throw noAddress(address, cause); // not a URL, or one without a path
  }
}

function noAddress(address: string, cause?: unknown): MixFailure {
  return new MixFailure('unsupported-image/no-address', { imageName: shownAddress(address), cause });
}

function fileImage(path: string, displayPath: string): DraftImage {
  return newImage(pathToFileURL(path).href, displayPath);
}

function newImage(uri: string, path: string): DraftImage {
  return { id: randomUUID(), uri, path, weight: 0.5, enabled: true };
}
