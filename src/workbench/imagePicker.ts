import { basename, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as vscode from 'vscode';
import type { Application } from '../app/application.ts';
import type { Background } from '../app/background.ts';
import { imageExtensions, imageGlob } from '../app/imageImporter.ts';
import type { ImageLoader } from '../app/imageLoader.ts';
import { fuzzyMatches, searchGlobs } from '../app/imageSearch.ts';
import type { Messages } from '../app/messages/messages.ts';
import { MixFailure } from '../mix/failure.ts';
import { StableSelection } from './stableSelection.ts';

interface ImageItem extends vscode.QuickPickItem {
  /** Absent on the last entry, which opens the file dialog. */
  readonly uri?: vscode.Uri;
  /** Whether its icon is a thumbnail, or a thumbnail couldn't be made. */
  hasThumbnail?: boolean;
}

/** The most images that one search lists. Typing finds more. */
const searchLimit = 500;
/** Side of the thumbnails in pixels: twice the size that VS Code shows. */
const iconSide = 32;
/** How many thumbnails are made before the list is sent again. Batches grow, since the whole list is sent each time. */
const batchSize = { first: 16, max: 64 };

/**
 * Lets the user choose images of the workspace. The last entry opens the file dialog.
 * @param many whether several may be chosen. @returns absolute paths, none if nothing is chosen.
 */
export async function pickImages(
  { messages, loader, background }: Pick<Application, 'messages' | 'loader' | 'background'>,
  many = true,
): Promise<string[]> {
  const browse: ImageItem = {
    label: messages.say('pick.browse'),
    iconPath: new vscode.ThemeIcon('folder-opened'),
    alwaysShow: true,
  };
  const picker = vscode.window.createQuickPick<ImageItem>();
  picker.title = messages.say(many ? 'pick.title' : 'pick.replaceTitle');
  picker.placeholder = messages.say(many ? 'pick.placeholder' : 'pick.placeholderOne');
  picker.canSelectMany = many;
  picker.matchOnDescription = true;
  picker.keepScrollPosition = true;
  picker.items = [browse];
  const found = new Map<string, ImageItem>();
  const searches = new vscode.CancellationTokenSource();

  /** Resolves with true if there may be more matches than were listed. */
  const search = async (glob: string) => {
    const before = found.size;
    picker.busy = true;
    const uris = await findFiles(glob, searches.token);
    for (const uri of uris) if (!found.has(uri.toString())) found.set(uri.toString(), itemOf(uri));
    picker.busy = false;
    if (searches.token.isCancellationRequested) return false;
    if (found.size > before) background(sendItems());
    background(makeThumbnails());
    return uris.length === searchLimit;
  };

  const selection = new StableSelection(picker);
  let hasNewText = false;
  const sendItems = () =>
    selection.send(() => {
      const active = hasNewText ? [] : picker.activeItems.filter((item) => item !== browse);
      hasNewText = false;
      // VS Code itself finds only names that have the text in one piece, and shows those first.
      for (const item of found.values()) item.alwaysShow = fuzzyMatches(item.label, picker.value);
      picker.items = [...found.values(), browse];
      if (active.length > 0) picker.activeItems = active; // otherwise the first one becomes active
    });

  let isMakingThumbnails = false;
  const makeThumbnails = async () => {
    if (isMakingThumbnails) return;
    isMakingThumbnails = true;
    for (let count = batchSize.first; !searches.token.isCancellationRequested; count *= 2) {
      const batch = nextBatch(found.values(), Math.min(count, batchSize.max));
      if (batch.length === 0) break;
      await Promise.all(batch.map((item) => setThumbnail(item, loader, background)));
      background(sendItems());
    }
    isMakingThumbnails = false;
  };

  const chosen = new Promise<readonly ImageItem[]>((resolve) => {
    picker.onDidAccept(() => {
      if (selection.items.length > 0) return resolve(selection.items);
      // In a multi-select quick pick, VS Code doesn't make an item active.
      const matches = [...found.values()].filter((item) => item.alwaysShow);
      if (picker.activeItems.length > 0 || matches.length === 0) resolve(picker.activeItems);
      else if (matches.length === 1) resolve(matches);
      else picker.activeItems = matches.slice(0, 1);
    });
    picker.onDidChangeSelection((items) => {
      if (items.includes(browse)) resolve([browse]);
    });
    picker.onDidHide(() => resolve([]));
  });
  picker.show();
  const firstSearch = search(imageGlob);
  background(firstSearch);
  const searchFor = async (typed: string) => {
    const [inOnePiece, byLetters] = searchGlobs(typed);
    if (!inOnePiece || !byLetters || !(await firstSearch) || picker.value !== typed) return;
    const mayHaveMore = await search(inOnePiece);
    if (!mayHaveMore && picker.value === typed) await search(byLetters);
  };
  picker.onDidChangeValue((typed) => {
    hasNewText = true;
    background(sendItems());
    background(searchFor(typed));
  });
  const items = await chosen;
  searches.cancel();
  searches.dispose();
  picker.dispose();
  const uris = items.includes(browse) ? await browseImages(messages, many) : items.flatMap(({ uri }) => uri ?? []);
  return uris.map(({ fsPath }) => fsPath);
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

/** The next `count` items without a thumbnail, those that match the typed text first. */
function nextBatch(items: Iterable<ImageItem>, count: number): ImageItem[] {
  const rest = [...items].filter(({ hasThumbnail }) => !hasThumbnail);
  return [...rest.filter((item) => item.alwaysShow), ...rest.filter((item) => !item.alwaysShow)].slice(0, count);
}

/** Makes a thumbnail the item's icon. An image that can't be read keeps its icon. */
async function setThumbnail(item: ImageItem, loader: ImageLoader, background: Background): Promise<void> {
  item.hasThumbnail = true;
  if (!item.uri) return;
  try {
    const { mime, bytes } = await loader.thumbnail(pathToFileURL(item.uri.fsPath).href, iconSide);
    item.iconPath = vscode.Uri.parse(`data:${mime};base64,${Buffer.from(bytes).toString('base64')}`);
  } catch (error) {
    if (!(error instanceof MixFailure)) background(Promise.reject(error)); // logged, and the others follow
  }
}

/** The files that match. None if the search was canceled, which VS Code may report by an error. */
async function findFiles(glob: string, token: vscode.CancellationToken): Promise<vscode.Uri[]> {
  try {
    return await vscode.workspace.findFiles(glob, '**/node_modules/**', searchLimit, token);
  } catch (error) {
    if (token.isCancellationRequested) return [];
    throw error;
  }
}

async function browseImages(messages: Messages, many: boolean): Promise<vscode.Uri[]> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectMany: many,
    filters: { [messages.say('pick.images')]: [...imageExtensions], [messages.say('pick.allFiles')]: ['*'] },
    title: messages.say(many ? 'pick.title' : 'pick.replaceTitle'),
    openLabel: messages.say(many ? 'pick.open' : 'pick.replace'),
  });
  return chosen ?? [];
}
