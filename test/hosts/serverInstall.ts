import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cachePath, exists, makeOnce } from './cache.ts';
import { npm } from './npm.ts';

/** The newest VS Code that the tests know, or the oldest that the manifest claims. */
export type Release = 'newest' | 'oldest';

/** An installed VS Code server. */
export interface InstalledServer {
  /** The executable of the Node that the server needs. */
  readonly node: string;
  readonly script: string;
  /** Part of the line that the server prints when it takes connections. */
  readonly readyLine: string;
}

interface ReleaseTraits {
  /** True if the server doesn't run on the project's Node and brings its own. */
  readonly ownNode: boolean;
  readonly readyLine: string;
  /** The native modules without which the server doesn't start, and the plain JavaScript to use instead. */
  readonly standIns: Readonly<Record<string, string>>;
}

const releases: Readonly<Record<Release, ReleaseTraits>> = {
  newest: {
    ownNode: false,
    readyLine: 'Extension host agent started',
    standIns: { '@vscode/spdlog': 'spdlog.cjs', '@vscode/native-watchdog': 'native-watchdog.cjs' },
  },
  oldest: {
    ownNode: true,
    readyLine: 'Extension host agent listening on',
    standIns: { '@vscode/spdlog': 'spdlog.cjs', 'native-watchdog': 'native-watchdog.cjs' },
  },
};

const here = join(import.meta.dirname, 'server');
const dependenciesSchema = z.looseObject({ dependencies: z.record(z.string(), z.string()) });
const shrinkwrapSchema = z.looseObject({ packages: z.record(z.string(), z.looseObject({})) });

/** Installs a VS Code server into the cache if it isn't there yet, which takes about half a minute. */
export async function installServer(
  release: Release,
  log: (line: string) => void = () => {},
): Promise<InstalledServer> {
  const { ownNode, readyLine, standIns } = releases[release];
  const hash = createHash('sha256');
  const files = Object.values(standIns).map((file) => join(here, file));
  for (const file of [import.meta.filename, join(here, release, 'package-lock.json'), ...files]) {
    hash.update(await readFile(file));
  }
  const { dependencies } = await readJson(join(here, release, 'package.json'), dependenciesSchema);
  const folder = cachePath(`server-${dependencies['code-server']}-${hash.digest('hex').slice(0, 8)}`);
  if (!(await exists(folder))) log(`Installing a VS Code server into ${folder} (once, about half a minute) …`);
  await makeOnce(folder, (temporary) => install(temporary, release));
  return {
    node: ownNode ? join(folder, 'node_modules/node/bin', executable('node')) : process.execPath,
    script: join(folder, 'node_modules/code-server/lib/vscode/out/server-main.js'),
    readyLine,
  };
}

async function install(folder: string, release: Release): Promise<void> {
  const { ownNode, standIns } = releases[release];
  for (const file of ['package.json', 'package-lock.json']) {
    await copyFile(join(here, release, file), join(folder, file));
  }
  // Install scripts would look for another version of Node and for a compiler.
  await npm(['ci', '--omit=dev', '--ignore-scripts'], folder);
  if (ownNode) await npm(['rebuild', 'node'], folder); // its script fetches the executable
  const code = join(folder, 'node_modules/code-server/lib/vscode');
  if (release === 'oldest') await takeWatcherFromRegistry(code);
  await npm(['install', '--omit=dev', '--ignore-scripts', '--no-save'], code);
  if (release === 'oldest') await addRipgrep(folder, code);
  for (const [name, file] of Object.entries(standIns)) {
    const target = join(code, 'node_modules', name);
    await rm(target, { recursive: true });
    await mkdir(target);
    await copyFile(join(here, file), join(target, 'index.cjs'));
    await writeJson(join(target, 'package.json'), { name, main: 'index.cjs' });
  }
}

/** VS Code 1.106 takes one module from a Git host. The same version is in the registry, with prebuilt binaries. */
async function takeWatcherFromRegistry(code: string): Promise<void> {
  const name = '@parcel/watcher';
  const manifestFile = join(code, 'package.json');
  const manifest = await readJson(manifestFile, dependenciesSchema);
  manifest.dependencies[name] = '2.5.1';
  await writeJson(manifestFile, manifest);

  const lockFile = join(code, 'npm-shrinkwrap.json');
  const lock = await readJson(lockFile, shrinkwrapSchema);
  lock.packages[''] = { ...lock.packages[''], dependencies: manifest.dependencies };
  delete lock.packages[`node_modules/${name}`];
  await writeJson(lockFile, lock);
}

/** The ripgrep of VS Code 1.106 is downloaded by an install script; a newer one comes with its binaries. */
async function addRipgrep(folder: string, code: string): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  const binary = join(folder, 'node_modules/@vscode/ripgrep-universal/bin', platform, executable('rg'));
  const target = join(code, 'node_modules/@vscode/ripgrep/bin', executable('rg'));
  await mkdir(dirname(target), { recursive: true });
  await copyFile(binary, target);
}

function executable(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(JSON.parse(await readFile(file, 'utf8')));
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, JSON.stringify(value, undefined, 2));
}
