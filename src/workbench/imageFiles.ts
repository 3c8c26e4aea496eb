import { randomUUID } from 'node:crypto';
import { basename, extname } from 'node:path';
import * as vscode from 'vscode';
import { keepCopy } from '../images/keptCopies.ts';
import type { SourceReader } from '../images/source.ts';
import { isInside } from '../app/jobRequest.ts';
import type { DraftImage } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import type { Problem } from '../protocol/contract.ts';
import { isWebAddress } from './urlInput.ts';
import type { Words } from '../app/messages/messages.ts';

/** Files that can be source images, by the end of their name. */
const imageExtensions = ['png', 'jpg', 'jpeg', 'jfif', 'webp', 'gif', 'avif', 'tif', 'tiff', 'svg'] as const;

/** A glob over the image files of a folder, whatever the case of their names. */
export const imageGlob = `**/*.{${imageExtensions.flatMap((end) => [end, end.toUpperCase()]).join(',')}}`;

/** Filters of an open dialog. */
export const imageFilter = { Images: [...imageExtensions] };

/** Whether a name ends like an image's. */
export function looksLikeImage(path: string): boolean {
  return (imageExtensions as readonly string[]).includes(extname(path).slice(1).toLowerCase());
}

/** Images put into a mix, and what could not be, with the reason. */
export interface Added {
  images: DraftImage[];
  problems: Problem[];
}

/** Makes addresses and bytes into images of a draft. Files from outside the workspace are copied into `storage`, since they may go. */
export class ImageIntake {
  readonly #storage: string;
  readonly #used: () => readonly string[];
  readonly #reader: SourceReader;
  readonly #words: Words;

  /** @param used the files of the images that are in the mix. */
  constructor(storage: string, reader: SourceReader, words: Words, used: () => readonly string[]) {
    this.#used = used;
    this.#storage = storage;
    this.#reader = reader;
    this.#words = words;
  }

  /** Addresses (`file:`, `vscode-remote:`, http and https) as images; what is no image is skipped and named. */
  async add(addresses: readonly string[]): Promise<Added> {
    const added: Added = { images: [], problems: [] };
    for (const address of addresses) {
      try {
        // An http address stays letter for letter: parsing would re-encode its query, and signatures would break.
        added.images.push(isWebAddress(address) ? this.#image(address, address) : await this.#addFile(address));
      } catch (error) {
        added.problems.push(this.#words.problem(error));
      }
    }
    return added;
  }

  /** A picture without an address, kept in storage under its content's hash. */
  async addBytes(name: string, bytes: Uint8Array): Promise<DraftImage> {
    const safe = basename(name.replaceAll('\\', '/')) || 'image.png';
    const path = await this.#keep(safe, bytes);
    return this.#image(vscode.Uri.file(path).toString(), safe);
  }

  async #addFile(address: string): Promise<DraftImage> {
    // On a remote, the Explorer drags `vscode-remote:` addresses of files that are local to this side.
    const file = vscode.Uri.file(vscode.Uri.parse(address).fsPath);
    const name = basename(file.fsPath);
    if (!looksLikeImage(name)) {
      throw new MixFailure('unsupported-image/not-an-image-file', { args: { image: name } });
    }
    if (vscode.workspace.getWorkspaceFolder(file)) {
      return this.#image(file.toString(), vscode.workspace.asRelativePath(file));
    }
    if (isInside(file.fsPath, this.#storage)) return this.#image(file.toString(), name);
    const bytes = await this.#reader.read({ kind: 'file', path: file.fsPath });
    return this.#image(vscode.Uri.file(await this.#keep(name, bytes)).toString(), name);
  }

  #image(uri: string, path: string): DraftImage {
    return { id: randomUUID(), uri, path, weight: 0.5, enabled: true };
  }

  #keep(name: string, bytes: Uint8Array): Promise<string> {
    const used = this.#used();
    return keepCopy(this.#storage, name, bytes, (kept) => used.some((path) => isInside(path, kept)));
  }
}
