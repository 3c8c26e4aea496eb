import { join } from 'node:path';
import * as vscode from 'vscode';
import { isOnlyInEditor, nameOfVersion, pathOfVersion, readImageVersion } from '../app/fileVersion.ts';
import type { ImageImporter, ImportedImages } from '../app/imageImporter.ts';
import type { Messages } from '../app/messages/messages.ts';
import { isWebUrl } from '../app/webUrl.ts';
import { MixFailure } from '../mix/failure.ts';

/** Imports images by their URIs: files by their paths, web images, and versions that only VS Code can read by their bytes. */
export async function importUris(
  uris: readonly vscode.Uri[],
  app: { readonly importer: ImageImporter; readonly messages: Messages },
): Promise<ImportedImages> {
  return importEach(
    uris,
    app,
    (uri) => (uri.scheme === 'file' || isWebUrl(uri.toString()) ? undefined : uri),
    (uri) =>
      uri.scheme === 'file' ? app.importer.importFiles([uri.fsPath]) : app.importer.import([uri.toString(true)]),
  );
}

/** The same by their addresses, which may also be on the web. */
export async function importAddresses(
  addresses: readonly string[],
  app: { readonly importer: ImageImporter; readonly messages: Messages },
): Promise<ImportedImages> {
  // A web address stays as it is, since parsing may change it.
  return importEach(
    addresses,
    app,
    (text) => (isOnlyInEditor(text) ? vscode.Uri.parse(text.trim()) : undefined),
    (text) => app.importer.import([text]),
  );
}

async function importEach<Item>(
  items: readonly Item[],
  { importer, messages }: { readonly importer: ImageImporter; readonly messages: Messages },
  versionOf: (item: Item) => vscode.Uri | undefined,
  importFile: (item: Item) => Promise<ImportedImages>,
): Promise<ImportedImages> {
  const all: ImportedImages = { images: [], problems: [] };
  for (const item of items) {
    const version = versionOf(item);
    if (version) {
      try {
        all.images.push(await importer.importBytes(nameOfVersion(version), await readVersion(version)));
      } catch (error) {
        all.problems.push(messages.problem(error));
      }
    } else {
      const { images, problems } = await importFile(item);
      all.images.push(...images);
      all.problems.push(...problems);
    }
  }
  return all;
}

/** The bytes of an image in a version that only VS Code can read. @throws MixFailure `unreadable-image`, `image-too-large`. */
export function readVersion(uri: vscode.Uri): Promise<Uint8Array> {
  const { fs } = vscode.workspace;
  return readImageVersion(nameOfVersion(uri), {
    size: async () => (await fs.stat(uri)).size,
    read: async () => fs.readFile(uri),
  });
}

/** The bytes of a document that only VS Code can read, with its unsaved changes. @throws MixFailure `invalid-recipe`. */
export async function readDocument(uri: vscode.Uri): Promise<Uint8Array> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  try {
    // An untitled document that isn't open would be created.
    if (!open && uri.scheme === 'untitled')
      throw new MixFailure('invalid-recipe/no-file', { args: { file: nameOf(uri) } });
    return Buffer.from((open ?? (await vscode.workspace.openTextDocument(uri))).getText());
  } catch (cause) {
    if (cause instanceof MixFailure || !(cause instanceof Error)) throw cause;
    const args = { file: nameOf(uri), detail: cause.message };
    throw new MixFailure('invalid-recipe/unreadable-file', { args, cause });
  }
}

function nameOf(uri: vscode.Uri): string {
  return vscode.workspace.asRelativePath(pathOf(uri));
}

/** The absolute path of a file, or of the one that a URI is a version of. An unsaved document without a folder is in `folder`. */
export function pathOf(uri: vscode.Uri, folder = '/'): string {
  if (uri.scheme === 'file') return uri.fsPath;
  const path = pathOfVersion(uri);
  return /^(?:[/\\]|[a-z]:)/i.test(path) ? vscode.Uri.file(path).fsPath : join(folder, path);
}
