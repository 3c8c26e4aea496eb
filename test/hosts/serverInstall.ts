import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cachePath, exists, makeOnce } from './cache.ts';
import { npm } from './npm.ts';

const recipe = join(import.meta.dirname, 'server');
const manifestSchema = z.object({ dependencies: z.object({ 'code-server': z.string() }) });

/** What of the server is native and needed at its start, and the plain JavaScript that takes its place. */
const standIns = { spdlog: 'spdlog.cjs', 'native-watchdog': 'native-watchdog.cjs' };

/** Installs the VS Code server into the cache unless it is there (once about half a minute); returns its start script. */
export async function installServer(log: (line: string) => void = () => {}): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', ...Object.values(standIns)]) hash.update(await readFile(join(recipe, file)));
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(recipe, 'package.json'), 'utf8')));
  const version = manifest.dependencies['code-server'];
  const folder = cachePath(`server-${version}-${hash.digest('hex').slice(0, 8)}`);
  if (!(await exists(folder))) log(`Installing a VS Code server into ${folder} (once, about half a minute) …`);
  await makeOnce(folder, install);
  return join(folder, 'node_modules/code-server/lib/vscode/out/server-main.js');
}

async function install(folder: string): Promise<void> {
  for (const file of ['package.json', 'package-lock.json']) await copyFile(join(recipe, file), join(folder, file));
  // Install scripts would look for another version of Node and for a compiler.
  await npm(['ci', '--omit=dev', '--ignore-scripts'], folder);
  const code = join(folder, 'node_modules/code-server/lib/vscode');
  await npm(['install', '--omit=dev', '--ignore-scripts', '--no-save'], code);
  for (const [name, file] of Object.entries(standIns)) {
    const target = join(code, 'node_modules/@vscode', name);
    await rm(target, { recursive: true });
    await mkdir(target);
    await copyFile(join(recipe, file), join(target, 'index.cjs'));
    await writeFile(join(target, 'package.json'), JSON.stringify({ name: `@vscode/${name}`, main: 'index.cjs' }));
  }
}
