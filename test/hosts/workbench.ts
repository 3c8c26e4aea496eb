import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { format } from 'node:util';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { browserArguments, findBrowser } from './browser.ts';
import { installExtensions } from './extensionFolder.ts';
import { type Server, startServer } from './server.ts';

export type Settings = Readonly<Record<string, unknown>>;

export interface WindowOptions {
  /** Absolute path of the folder, or of the `.code-workspace` file, to open. */
  readonly folder?: string;
}

export interface WorkbenchOptions extends WindowOptions {
  /** The extension under development: the folder of its package.json. */
  readonly develop?: string;
  /** Unpacked extensions to install. */
  readonly install?: readonly string[];
  /** Module whose `run()` the extension host calls; `exited` tells how it went. */
  readonly tests?: string;
  /** Hears what window and extension host write to their consoles while `tests` run. */
  readonly onConsole?: (type: string, text: string) => void;
  /** User settings, over the quiet ones below. */
  readonly settings?: Settings;
  /** Settings of the remote machine, where those of scope `machine` belong. */
  readonly machineSettings?: Settings;
  readonly env?: Readonly<Record<string, string>>;
  /** True leaves workspace trust on; otherwise every folder is trusted. */
  readonly trust?: boolean;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** True opens a window that can be seen. */
  readonly headed?: boolean;
  /** Data and port of an earlier workbench, to go on with what it left; such a folder is not removed at the end. */
  readonly again?: { readonly dataDir: string; readonly port: number };
  /** True leaves the data folder behind at the end. */
  readonly keepData?: boolean;
  readonly serverArgs?: readonly string[];
  readonly log?: (line: string) => void;
}

/** A VS Code in a browser. */
export interface Workbench {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly serverPid: number;
  /** The exit code that `tests` ended with. */
  readonly exited: Promise<number>;
  /** Opens another window of the same VS Code. */
  openWindow(options?: WindowOptions): Promise<Page>;
  /** Changes settings of the machine, which stand above the user's; open windows follow. (They miss changes of the user's file.) */
  setSettings(settings: Settings): Promise<void>;
  close(): Promise<void>;
}

/** Nothing that asks, tips, updates or looks into the network. */
export const quietSettings: Settings = {
  'chat.disableAIFeatures': true,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** Starts VS Code with an own server, browser and data folder; resolves when its first window shows. */
export async function launchWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const { tests: _, ...withoutTests } = options;
  const executablePath = await findBrowser(options.log);
  // The real path: VS Code resolves links, and compares.
  const dataDir = options.again?.dataDir ?? (await realpath(await mkdtemp(join(tmpdir(), 'image-mixer-'))));
  const cleanUp: (() => Promise<unknown>)[] = [];
  if (!options.again && !options.keepData) {
    cleanUp.push(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  }
  const close = async () => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  };
  try {
    await writeSettings(dataDir, 'User', { ...quietSettings, ...options.settings });
    const machineSettings = { ...options.machineSettings };
    await writeSettings(dataDir, 'Machine', machineSettings);
    const extensionsDir = join(dataDir, 'extensions');
    await installExtensions(extensionsDir, options.install ?? []);
    const server = await startServer({
      dataDir,
      extensionsDir,
      port: options.again?.port ?? 0,
      trust: options.trust ?? false,
      env: options.env ?? {},
      args: options.serverArgs ?? [],
      ...(options.log && { log: options.log }),
    });
    cleanUp.push(() => server.close());
    const context = await chromium.launchPersistentContext(join(dataDir, 'browser'), {
      executablePath,
      args: browserArguments,
      headless: !options.headed,
      viewport: options.headed ? null : (options.viewport ?? { width: 1400, height: 900 }),
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    cleanUp.push(() => context.close());
    const exited = new Promise<number>((resolve) => {
      context.exposeFunction('codeAutomationLog', (type: string, parts: readonly unknown[]) =>
        options.onConsole?.(type, format(...parts)),
      );
      context.exposeFunction('codeAutomationExit', resolve);
    });
    const first = context.pages()[0] ?? (await context.newPage());
    const open = async (page: Page, folder: string | undefined) => {
      await page.goto(windowUrl(server, options, folder));
      await page.locator('.monaco-workbench .part.editor').waitFor({ timeout: 60_000 });
      return page;
    };
    await open(first, options.folder);
    return {
      page: first,
      context,
      url: windowUrl(server, withoutTests, options.folder),
      port: server.port,
      dataDir,
      serverPid: server.pid,
      exited,
      openWindow: async (window = options) => open(await context.newPage(), window.folder),
      setSettings: (settings) => {
        Object.assign(machineSettings, settings);
        return writeSettings(dataDir, 'Machine', machineSettings);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function writeSettings(dataDir: string, kind: 'User' | 'Machine', settings: Settings): Promise<void> {
  const file = join(dataDir, 'data', kind, 'settings.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(settings, undefined, 2));
}

/** The address of a window, with what VS Code takes from it: the folder, and the extension under development. */
function windowUrl(server: Server, { develop, tests }: WorkbenchOptions, folder: string | undefined): string {
  const url = new URL(server.origin);
  const remote = (path: string) => `vscode-remote://${url.host}${path}`;
  if (folder) url.searchParams.set(folder.endsWith('.code-workspace') ? 'workspace' : 'folder', folder);
  const payload = [['skipWelcome', 'true']];
  if (develop) payload.push(['extensionDevelopmentPath', remote(develop)]);
  if (tests) payload.push(['extensionTestsPath', remote(tests)]);
  url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}
