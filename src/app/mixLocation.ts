import { join } from 'node:path';
import { type Destination, outputFolder } from '../output/outputFolder.ts';
import type { Workspace } from './ports.ts';
import type { Settings } from './settings.ts';

/** Where a mix belongs. */
export interface MixLocation {
  /** Absolute path of the folder that sources are relative to: a workspace folder, or storage if none is open. */
  readonly root: string;
  /** The workspace folder whose settings apply; undefined without one. */
  readonly folder: string | undefined;
  readonly destination: Destination;
}

/**
 * The location of a mix: the first workspace folder that one of its files is in, else the first workspace folder, else storage.
 * @param options.files absolute paths of the files that the mix is about.
 * @param options.storage absolute path of the workspace's storage.
 * @param options.outputFolder absolute path of a folder that the caller names, which overrides the setting.
 * @throws MixFailure `save-failed` if the setting leads outside the folder.
 */
export function locateMix(options: {
  workspace: Workspace;
  settings: Settings;
  storage: string;
  files: readonly string[];
  outputFolder?: string | undefined;
}): MixLocation {
  const { workspace, settings, storage, files } = options;
  const folders = files.map((file) => workspace.folderOf(file));
  const folder = folders.find((found) => found !== undefined) ?? workspace.firstFolder();
  const root = folder ?? join(storage, 'untitled');
  return {
    root,
    folder,
    destination: {
      folder: options.outputFolder ?? outputFolder(root, settings.get('output.folder', folder)),
      root: options.outputFolder ?? root,
      fileName: settings.get('output.fileName', folder),
      embedRecipe: settings.get('output.embedRecipe', folder),
      format: settings.get('output.format', folder),
    },
  };
}
