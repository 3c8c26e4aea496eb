import { resolve } from 'node:path';
import { expect, type FrameLocator, type Locator, type Page } from '@playwright/test';
import type { Workbench } from '../hosts/workbench.ts';

const themes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  'high contrast dark': 'Default High Contrast',
  'high contrast light': 'Default High Contrast Light',
} as const;
export type Theme = keyof typeof themes;
export const themeNames = Object.keys(themes) as readonly Theme[]; // a constant object has exactly the keys of its type

const screenshots = resolve(import.meta.dirname, '../../.screenshots');

/** One window of VS Code as a user operates it: by role, name, mouse and keys. */
export class Editor {
  readonly workbench: Workbench;
  readonly page: Page;

  constructor(workbench: Workbench, page: Page) {
    this.workbench = workbench;
    this.page = page;
  }

  /** Resolves when the extensions are registered, some seconds after the window shows. */
  async ready(): Promise<void> {
    await this.findCommand('Image Mixer: Open');
    await this.page.keyboard.press('Escape');
  }

  /** Resolves when VS Code has saved state that matches. It saves every few seconds; in a browser, a reload loses later changes. */
  async kept(pattern: RegExp): Promise<void> {
    await expect.poll(() => this.page.evaluate(readStorage), { timeout: 60_000 }).toMatch(pattern);
  }

  /** Runs a command by its title in the Command Palette. */
  async runCommand(title: string): Promise<void> {
    await this.findCommand(title);
    await this.page.keyboard.press('Enter');
  }

  /** Selects a command in the Command Palette. The palette doesn't show commands registered while it's open, so it is reopened until the command appears. */
  async findCommand(title: string): Promise<void> {
    const input = this.page.getByRole('textbox', { name: 'Type the name of a command to run.' });
    await expect(async () => {
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('F1');
      await input.fill(`>${title}`, { timeout: 2000 });
      await expect(this.page.getByRole('option', { name: title }).first()).toBeVisible({ timeout: 2000 });
    }).toPass({ timeout: 120_000 });
  }

  /** The contents of the only open webview. */
  panel(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
  }

  /** A file or folder in the Explorer by its path in the project. Expands its parent folders. */
  async file(path: string): Promise<Locator> {
    const explorer = this.page.getByRole('tree', { name: 'Files Explorer' });
    const names = path.split('/');
    const itemAt = (depth: number) =>
      explorer.getByRole('treeitem', { name: names[depth] ?? '', exact: true, level: depth + 1 });
    for (const folder of names.slice(0, -1).map((_, depth) => itemAt(depth))) {
      await expect(folder).toBeVisible();
      if ((await folder.getAttribute('aria-expanded')) === 'false') await folder.click();
      await expect(folder).toHaveAttribute('aria-expanded', 'true');
    }
    const file = itemAt(names.length - 1);
    // On Linux, VS Code's file watcher can miss a file that is written right after its folder.
    const refresh = this.page.getByRole('button', { name: 'Refresh Explorer' });
    await expect(async () => {
      if (await becomesVisible(file, 5000)) return;
      await explorer.hover({ timeout: 2000 }); // shows the buttons above the Explorer
      await refresh.click({ timeout: 2000 });
      await expect(file).toBeVisible({ timeout: 5000 });
    }).toPass({ timeout: 60_000 });
    return file;
  }

  /** Opens an image of the project in VS Code's own preview, which may be ready a moment after its commands. */
  async openImage(path: string): Promise<void> {
    const file = await this.file(path);
    const tab = this.page.getByRole('tab', { name: path.split('/').at(-1) ?? path });
    await expect(async () => {
      if (await tab.isVisible()) await tab.getByRole('button', { name: /^Close/ }).click();
      await file.dblclick();
      await expect(this.panel().getByRole('img')).toBeVisible({ timeout: 5000 });
    }).toPass({ timeout: 120_000 });
  }

  /** Selects exactly these files in the Explorer, and chooses an entry of their context menu. */
  async chooseFromContextMenu(paths: readonly string[], entry: string): Promise<void> {
    await this.openContextMenu(paths, entry);
    await this.page.keyboard.press('Enter'); // VS Code's menus ignore clicks for a moment after they open
  }

  /** Selects exactly these files in the Explorer, opens their context menu, and points at an entry. */
  async openContextMenu(paths: readonly string[], entry: string): Promise<void> {
    const files: Locator[] = [];
    for (const path of paths) files.push(await this.file(path));
    const names = paths.map((path) => path.split('/').at(-1));
    const selected = this.page.getByRole('tree', { name: 'Files Explorer' }).getByRole('treeitem', { selected: true });
    const item = this.page.getByRole('menuitem', { name: entry });
    await expect(async () => {
      await this.page.keyboard.press('Escape'); // a menu from an earlier attempt
      for (const other of await selected.all()) {
        if (!names.includes((await other.getAttribute('aria-label')) ?? '')) await toggle(other);
      }
      // A click with Ctrl selects a file without opening it. Its editor would change the selection again.
      for (const file of files) if ((await file.getAttribute('aria-selected')) !== 'true') await toggle(file);
      await expect(selected).toHaveCount(files.length, { timeout: 2000 });
      await files.at(-1)?.click({ button: 'right' });
      await item.hover({ timeout: 2000 }); // a menu closes if something else takes the focus
    }).toPass({ timeout: 120_000 });
  }

  /** A notification with this text. */
  notification(text: string | RegExp): Locator {
    return this.page.getByRole('dialog').filter({ hasText: text }).first();
  }

  /** Resizes the window so that the webview is `width` CSS pixels wide. */
  async setPanelWidth(width: number, height = 900): Promise<void> {
    const webview = this.page.locator('iframe.webview.ready');
    const measured = async () => (await webview.boundingBox())?.width ?? 0;
    await expect(async () => {
      const window = this.page.viewportSize()?.width ?? 1400;
      await this.page.setViewportSize({ width: Math.round(window + width - (await measured())), height });
      await expect.poll(measured, { timeout: 2000 }).toBe(width);
    }).toPass();
  }

  /** Shows each CSS pixel as `factor` × `factor` screen pixels, like the browser's zoom, until the window is resized. */
  async setZoom(factor: number): Promise<void> {
    const size = this.page.viewportSize() ?? { width: 1400, height: 900 };
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: factor, mobile: false });
    await expect.poll(() => this.page.evaluate(() => devicePixelRatio)).toBe(factor);
    await session.detach();
  }

  /** Sets the color theme. Resolves when the window uses it. */
  async setTheme(theme: Theme): Promise<void> {
    await this.workbench.setSettings({ 'workbench.colorTheme': themes[theme], 'window.autoDetectColorScheme': false });
    const kind = { dark: 'vs-dark', light: 'vs', 'high contrast dark': 'hc-black', 'high contrast light': 'hc-light' };
    await expect(this.page.locator(`.monaco-workbench.${kind[theme]}`)).toBeVisible();
  }

  /** Saves a screenshot of the window, or of a part of it, in the ignored folder `.screenshots`. Returns its path. */
  async screenshot(name: string, part: Page | Locator = this.page): Promise<string> {
    const path = resolve(screenshots, `${name}.png`);
    await part.screenshot({ path });
    return path;
  }
}

async function becomesVisible(item: Locator, timeout: number): Promise<boolean> {
  return item.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}

async function toggle(item: Locator): Promise<void> {
  await item.click({ modifiers: ['ControlOrMeta'] });
}

/** Runs in the window. Everything that VS Code keeps for its workspaces in the browser's databases. */
async function readStorage(): Promise<string> {
  const texts = (await indexedDB.databases()).map(async ({ name = '' }) => {
    if (!name.startsWith('vscode-web-state-db-')) return '';
    const opening = indexedDB.open(name);
    await new Promise((resolve) => opening.addEventListener('success', resolve));
    const reading = opening.result.transaction('ItemTable').objectStore('ItemTable').getAll();
    await new Promise((resolve) => reading.addEventListener('success', resolve));
    opening.result.close();
    return JSON.stringify(reading.result);
  });
  return (await Promise.all(texts)).join();
}
