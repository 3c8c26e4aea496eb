import * as vscode from 'vscode';
import type { ImageLoader } from '../app/imageLoader.ts';
import type { PanelHost } from './panelHost.ts';

/** Tells a visible panel about changes to the files of images that it shows. */
export function watchImages(loader: ImageLoader, panel: PanelHost): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher('**'); // an image can have any extension
  const notify = ({ fsPath }: vscode.Uri) => {
    if (!panel.isVisible) return;
    for (const uri of loader.shownAs(fsPath)) panel.notify('imageChanged', { uri });
  };
  watcher.onDidChange(notify);
  watcher.onDidCreate(notify);
  watcher.onDidDelete(notify);
  return watcher;
}
