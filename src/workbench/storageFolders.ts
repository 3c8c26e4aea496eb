import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import * as z from 'zod';
import type { HostEnvironment } from '../app/application.ts';

const windowKey = 'imageMixer.window';

/** Absolute paths of the storage of all windows, of the workspace, and of what this window is editing. */
export function storageFolders(
  { globalStorageUri, storageUri, workspaceState }: vscode.ExtensionContext,
  onError: (error: unknown) => void,
): Pick<HostEnvironment, 'globalStorage' | 'storage' | 'windowStorage'> {
  const globalStorage = globalStorageUri.fsPath;
  if (storageUri) return { globalStorage, storage: storageUri.fsPath, windowStorage: storageUri.fsPath };
  return {
    globalStorage,
    storage: globalStorage,
    windowStorage: join(globalStorage, 'windows', windowId(workspaceState, onError)),
  };
}

/** A random id of a window without a folder. VS Code restores it with the window. */
function windowId(state: vscode.Memento, onError: (error: unknown) => void): string {
  const saved = z.uuid().safeParse(state.get(windowKey));
  if (saved.success) return saved.data;
  const id = randomUUID();
  state.update(windowKey, id).then(undefined, onError);
  return id;
}
