import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { imageFilter, imageGlob } from './imageFiles.ts';
import type { Words } from './words.ts';

interface ImageItem extends vscode.QuickPickItem {
  /** Absent on the last entry, which opens the file dialog. */
  readonly uri?: vscode.Uri;
}

/** How many images one search lists; more are found as the name is typed. */
const searchLimit = 500;

/**
 * Lets people choose images of the workspace; the last entry opens the file dialog. Nothing chosen gives an empty list.
 * @param many whether they may choose more than one.
 */
export async function pickImages(words: Words, many = true): Promise<vscode.Uri[]> {
  const browse: ImageItem = {
    label: words.say('pick.browse'),
    iconPath: new vscode.ThemeIcon('folder-opened'),
    alwaysShow: true,
  };
  const picker = vscode.window.createQuickPick<ImageItem>();
  picker.title = words.say(many ? 'pick.title' : 'pick.replaceTitle');
  picker.placeholder = words.say(many ? 'pick.placeholder' : 'pick.placeholderOne');
  picker.canSelectMany = many;
  picker.matchOnDescription = true;
  picker.items = [browse];
  const found = new Map<string, ImageItem>();
  const searches = new vscode.CancellationTokenSource();

  const search = async (glob: string) => {
    const before = found.size;
    picker.busy = true;
    const uris = await vscode.workspace.findFiles(glob, '**/node_modules/**', searchLimit, searches.token);
    for (const uri of uris) if (!found.has(uri.toString())) found.set(uri.toString(), itemOf(uri));
    picker.busy = false;
    if (found.size > before && !searches.token.isCancellationRequested) {
      const chosen = picker.selectedItems;
      picker.items = [...found.values(), browse];
      picker.selectedItems = chosen;
    }
    return uris.length === searchLimit;
  };

  const chosen = new Promise<readonly ImageItem[]>((resolve) => {
    picker.onDidAccept(() => resolve(picker.selectedItems.length > 0 ? picker.selectedItems : picker.activeItems));
    picker.onDidChangeSelection((items) => {
      if (items.includes(browse)) resolve([browse]);
    });
    picker.onDidHide(() => resolve([]));
  });
  picker.show();
  const more = search(imageGlob);
  picker.onDidChangeValue(async (typed) => {
    const name = typed.trim().replace(/[*?{}[\],!\\]/g, '?');
    if (name.length >= 2 && (await more)) await search(imageGlob.replace('*.{', `*${name}*.{`));
  });
  const items = await chosen;
  searches.cancel();
  searches.dispose();
  picker.dispose();
  if (items.includes(browse)) return browseImages(words, many);
  return items.flatMap((item) => (item.uri ? [item.uri] : []));
}

function itemOf(uri: vscode.Uri): ImageItem {
  const folder = dirname(vscode.workspace.asRelativePath(uri));
  return {
    uri,
    label: basename(uri.path),
    description: folder === '.' ? '' : folder,
    iconPath: new vscode.ThemeIcon('file-media'),
  };
}

async function browseImages(words: Words, many: boolean): Promise<vscode.Uri[]> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectMany: many,
    filters: imageFilter,
    title: words.say(many ? 'pick.title' : 'pick.replaceTitle'),
    openLabel: words.say(many ? 'pick.open' : 'pick.replace'),
  });
  return chosen ?? [];
}
