import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { imageFilter, imageGlob } from './imageFiles.ts';
import type { Pictures } from '../app/imageLoader.ts';
import { SteadyChecks } from './steadyChecks.ts';
import type { Words } from '../app/messages/messages.ts';

interface ImageItem extends vscode.QuickPickItem {
  /** Absent on the last entry, which opens the file dialog. */
  readonly uri?: vscode.Uri;
  /** Whether its icon is the picture itself, or could not be made of it. */
  isDrawn?: boolean;
}

/** How many images one search lists; more are found as the name is typed. */
const searchLimit = 500;
/** Side in pixels of the pictures that serve as icons: twice what VS Code gives them. */
const iconSide = 32;
/** So many icons are drawn before the list is shown anew: few at first, more later, since all of the list is sent each time. */
const iconBatch = { first: 16, most: 64 };

/**
 * Lets people choose images of the workspace; the last entry opens the file dialog. Nothing chosen gives an empty list.
 * @param many whether they may choose more than one.
 */
export async function pickImages(words: Words, pictures: Pictures, many = true): Promise<vscode.Uri[]> {
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
  picker.keepScrollPosition = true;
  picker.items = [browse];
  const found = new Map<string, ImageItem>();
  const searches = new vscode.CancellationTokenSource();

  const search = async (glob: string) => {
    const before = found.size;
    picker.busy = true;
    const uris = await vscode.workspace.findFiles(glob, '**/node_modules/**', searchLimit, searches.token);
    for (const uri of uris) if (!found.has(uri.toString())) found.set(uri.toString(), itemOf(uri));
    picker.busy = false;
    if (searches.token.isCancellationRequested) return false;
    if (found.size > before) void list();
    void drawIcons();
    return uris.length === searchLimit;
  };

  const checks = new SteadyChecks(picker);
  let isNewlyTyped = false;
  const list = () =>
    checks.send(() => {
      const active = isNewlyTyped ? [] : picker.activeItems.filter((item) => item !== browse);
      isNewlyTyped = false;
      // VS Code itself shows, and puts first, names with what was typed in one piece.
      for (const item of found.values()) item.alwaysShow = hasLetters(item.label, picker.value);
      picker.items = [...found.values(), browse];
      if (active.length > 0) picker.activeItems = active; // else the first becomes active
    });

  let isDrawing = false;
  const drawIcons = async () => {
    if (isDrawing) return;
    isDrawing = true;
    for (let count = iconBatch.first; !searches.token.isCancellationRequested; count *= 2) {
      const batch = nextToDraw(found.values(), Math.min(count, iconBatch.most));
      if (batch.length === 0) break;
      await Promise.all(batch.map((item) => drawIcon(item, pictures)));
      void list();
    }
    isDrawing = false;
  };

  const chosen = new Promise<readonly ImageItem[]>((resolve) => {
    picker.onDidAccept(() => {
      if (checks.checked.length > 0) return resolve(checks.checked);
      // Where several may be chosen VS Code makes none active by itself.
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
  const more = search(imageGlob);
  picker.onDidChangeValue(async (typed) => {
    isNewlyTyped = true;
    void list();
    const letters = [...typed.trim()].map(globOf);
    if (letters.length < 2 || !(await more) || picker.value !== typed) return;
    const isFull = await search(globWith(letters.join('')));
    if (!isFull && picker.value === typed) await search(globWith(letters.join('*')));
  });
  const items = await chosen;
  searches.cancel();
  searches.dispose();
  picker.dispose();
  if (items.includes(browse)) return browseImages(words, many);
  return items.flatMap((item) => (item.uri ? [item.uri] : []));
}

/** Whether a name has these letters in their order, be there others between them. */
function hasLetters(name: string, letters: string): boolean {
  let rest = letters.toLowerCase().replace(/\s/g, '');
  if (rest === '') return false;
  for (const letter of name.toLowerCase()) if (rest.startsWith(letter)) rest = rest.slice(letter.length);
  return rest === '';
}

function globWith(name: string): string {
  return imageGlob.replace('*.{', `*${name}*.{`);
}

/** A letter, small or capital, as VS Code compares names; any letter in place of those that mean something in a glob. */
function globOf(letter: string): string {
  const [small, capital] = [letter.toLowerCase(), letter.toUpperCase()];
  if ('*?{}[],!\\'.includes(letter)) return '?';
  return small === capital ? letter : `[${small}${capital}]`;
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

/** The next `count` items that want an icon, those first whose names have what was typed. */
function nextToDraw(items: Iterable<ImageItem>, count: number): ImageItem[] {
  const rest = [...items].filter(({ isDrawn }) => !isDrawn);
  return [...rest.filter((item) => item.alwaysShow), ...rest.filter((item) => !item.alwaysShow)].slice(0, count);
}

/** Makes the picture itself the item's icon; one that can't be read keeps the icon it has. */
async function drawIcon(item: ImageItem, pictures: Pictures): Promise<void> {
  item.isDrawn = true;
  if (!item.uri) return;
  const picture = await pictures.thumbnail(item.uri.toString(), iconSide).catch(() => undefined);
  if (!picture) return;
  item.iconPath = vscode.Uri.parse(`data:${picture.mime};base64,${Buffer.from(picture.bytes).toString('base64')}`);
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
