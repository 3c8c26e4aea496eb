import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installExtensions } from './extensionFolder.ts';
import { installVsix, startServer } from './server.ts';
import type { Release } from './serverInstall.ts';

export type Settings = Readonly<Record<string, unknown>>;

export interface WorkbenchServerOptions {
  /** Which VS Code; absent: the newest. */
  readonly release?: Release;
  /** The extension under development: the folder of its package.json. */
  readonly develop?: string;
  /** Unpacked extensions to install. */
  readonly install?: readonly string[];
  /** A packaged extension to install. */
  readonly vsix?: string;
  /** Module whose `run()` the extension host calls. */
  readonly tests?: string;
  /** User settings, in addition to the quiet ones below. */
  readonly settings?: Settings;
  /** Settings of the remote machine, including those of scope `machine`. */
  readonly machineSettings?: Settings;
  readonly env?: Readonly<Record<string, string>>;
  /** If true, workspace trust stays on. Otherwise every folder is trusted. */
  readonly trust?: boolean;
  /** Data folder and port of an earlier server to continue with. This folder isn't removed at the end. */
  readonly again?: { readonly dataDir: string; readonly port: number };
  /** If true, the data folder isn't removed at the end. */
  readonly keepData?: boolean;
  readonly serverArgs?: readonly string[];
  readonly log?: (line: string) => void;
}

/** A VS Code server with its own data folder and no window yet. */
export interface WorkbenchServer {
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  readonly ended: Promise<void>;
  /** Returns the address of a window on a folder or `.code-workspace` file. Only the first window should run the tests. */
  url(folder?: string, withTests?: boolean): string;
  /** Changes machine settings, which override the user's. Open windows apply them. (They miss changes to the user's file.) */
  setSettings(settings: Settings): Promise<void>;
  close(): Promise<void>;
}

/** Turns off prompts, tips, updates, and network access. */
const quietSettings: Settings = {
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

/** Starts a VS Code server with its own settings and extensions. */
export async function startWorkbenchServer(options: WorkbenchServerOptions): Promise<WorkbenchServer> {
  // The real path, because VS Code resolves links before it compares paths.
  const dataDir = options.again?.dataDir ?? (await realpath(await mkdtemp(join(tmpdir(), 'image-mixer-'))));
  const removeData = async () => {
    if (!options.again && !options.keepData) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const machineSettings = { ...options.machineSettings };
    await writeSettings(dataDir, 'User', { ...quietSettings, ...options.settings });
    await writeSettings(dataDir, 'Machine', machineSettings);
    const extensionsDir = join(dataDir, 'extensions');
    const dirs = {
      release: options.release ?? 'newest',
      dataDir,
      extensionsDir,
      ...(options.log && { log: options.log }),
    };
    await installExtensions(extensionsDir, options.install ?? []);
    if (options.vsix) await installVsix(options.vsix, dirs);
    const server = await startServer({
      ...dirs,
      port: options.again?.port ?? 0,
      trust: options.trust ?? false,
      env: options.env ?? {},
      args: options.serverArgs ?? [],
    });
    return {
      port: server.port,
      pid: server.pid,
      dataDir,
      ended: server.ended,
      url: (folder, withTests = false) =>
        windowUrl(server.origin, folder, {
          ...(options.develop && { extensionDevelopmentPath: options.develop }),
          ...(withTests && options.tests && { extensionTestsPath: options.tests }),
        }),
      setSettings: (settings) => writeSettings(dataDir, 'Machine', Object.assign(machineSettings, settings)),
      close: async () => {
        await server.close();
        await removeData();
      },
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}

async function writeSettings(dataDir: string, kind: 'User' | 'Machine', settings: Settings): Promise<void> {
  const file = join(dataDir, 'data', kind, 'settings.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(settings, undefined, 2));
}

/** The workbench reads extensions under development from its address, as paths on the server. */
function windowUrl(origin: string, folder: string | undefined, development: Record<string, string>): string {
  const url = new URL(origin);
  if (folder) url.searchParams.set(folder.endsWith('.code-workspace') ? 'workspace' : 'folder', folder);
  const payload = Object.entries(development).map(([name, path]) => [name, `vscode-remote://${url.host}${path}`]);
  if (payload.length > 0) url.searchParams.set('payload', JSON.stringify([...payload, ['skipWelcome', 'true']]));
  return url.href;
}
