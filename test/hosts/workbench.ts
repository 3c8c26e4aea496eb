import { join } from 'node:path';
import { format } from 'node:util';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { browserArguments, findBrowser } from './browser.ts';
import { type Settings, startWorkbenchServer, type WorkbenchServerOptions } from './workbenchServer.ts';

export interface WorkbenchOptions extends WorkbenchServerOptions {
  /** Absolute path of the folder or `.code-workspace` file to open. */
  readonly folder?: string;
  /** Receives what the window and the extension host write to their consoles while `tests` run. */
  readonly onConsole?: (type: string, text: string) => void;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** If true, the browser shows its window. */
  readonly headed?: boolean;
}

/** A VS Code in a browser. */
export interface Workbench {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly serverPid: number;
  /** Resolves to the exit code of `tests`. */
  readonly exited: Promise<number>;
  /** Opens another window of the same VS Code, by default on the same folder. */
  openWindow(folder?: string): Promise<Page>;
  /** Changes machine settings, which override the user's. Open windows apply them. */
  setSettings(settings: Settings): Promise<void>;
  close(): Promise<void>;
}

/** Starts VS Code with its own server, browser, and data folder. Resolves when the first window shows. */
export async function launchWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const executablePath = await findBrowser(options.log);
  // If this process is killed, the extension hosts wait this many seconds for a browser, and then the server ends too.
  const patience = ['--reconnection-grace-time', '120'];
  const server = await startWorkbenchServer({ ...options, serverArgs: [...patience, ...(options.serverArgs ?? [])] });
  // A persistent context, because VS Code keeps part of its state in the browser and tests start it again.
  const context = await chromium
    .launchPersistentContext(join(server.dataDir, 'browser'), {
      executablePath,
      // Machines without a screen often have no graphics card. Drawing without a GPU is faster than with an emulated one.
      args: options.headed ? browserArguments : [...browserArguments, '--disable-gpu'],
      headless: !options.headed,
      viewport: options.headed ? null : (options.viewport ?? { width: 1400, height: 900 }),
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    .catch(async (error: unknown) => {
      await server.close();
      throw error;
    });
  const close = async () => {
    await context.close();
    await server.close();
  };
  try {
    const exited = Promise.withResolvers<number>();
    await context.exposeFunction('codeAutomationExit', exited.resolve);
    await context.exposeFunction('codeAutomationLog', (type: string, parts: readonly unknown[]) =>
      options.onConsole?.(type, format(...parts)),
    );
    await context.addInitScript(keepSecrets);
    const page = context.pages()[0] ?? (await context.newPage());
    await show(page, server.url(options.folder, true));
    return {
      page,
      context,
      url: server.url(options.folder),
      port: server.port,
      dataDir: server.dataDir,
      serverPid: server.pid,
      exited: exited.promise,
      openWindow: async (folder = options.folder) => show(await context.newPage(), server.url(folder)),
      setSettings: server.setSettings,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a window's address and resolves when the workbench shows. */
async function show(page: Page, url: string): Promise<Page> {
  await page.goto(url);
  await page.locator('.monaco-workbench .part.editor').waitFor({ timeout: 120_000 });
  return page;
}

/**
 * Runs in every page. In a browser, VS Code keeps secrets across reloads only if the server supplies half of the key, which this
 * server doesn't.
 */
function keepSecrets(): void {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) =>
    input === '/mint-key' ? new Response(new Uint8Array(32)) : fetch(input, init);
}
