// `npm start`: a real VS Code on a copy of examples/, the panel open with two images in it.
// `npm start -- --once --out DIR`: mixes without any input and saves the result and a screenshot in DIR.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findDesktop, hasScreen } from './desktop.ts';
import { mixOnce } from './once.ts';
import { launchWorkbench } from './workbench.ts';
import { startWorkbenchServer } from './workbenchServer.ts';

const root = resolve(import.meta.dirname, '../..');
const examples = join(root, 'examples');
const extensions = [root, join(import.meta.dirname, 'starter')];
const { values } = parseArgs({ options: { once: { type: 'boolean' }, out: { type: 'string' } } });

try {
  if (values.once) {
    if (!values.out) throw new Error('--once needs --out DIR, the folder for the result and the screenshot.');
    const files = await mixOnce(examples, values.out, { install: extensions, log: console.log });
    for (const file of files) console.log(file);
  } else {
    await start();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Opens VS Code and waits until it is closed or Ctrl+C is pressed. */
async function start(): Promise<void> {
  const project = join(root, '.start');
  await cp(examples, project, { recursive: true, force: false }); // earlier changes and results are kept
  const desktop = await findDesktop(console.log);
  await (desktop ? startDesktop(desktop, project) : startServer(project));
}

async function startDesktop(executable: string, project: string): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'image-mixer-'));
  const develop = extensions.map((folder) => `--extensionDevelopmentPath=${folder}`);
  const dirs = [`--user-data-dir=${join(profile, 'data')}`, `--extensions-dir=${join(profile, 'extensions')}`];
  const quiet = ['--disable-workspace-trust', '--skip-welcome', '--skip-release-notes', '--disable-updates'];
  const child = spawn(executable, [project, ...develop, ...dirs, ...quiet], { stdio: 'ignore' });
  console.log('VS Code is starting. Close its window, or press Ctrl+C here, to stop it.');
  await Promise.race([interrupted(), new Promise((ended) => child.once('exit', ended))]);
  child.kill();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}

async function startServer(folder: string): Promise<void> {
  const options = { install: extensions, log: console.log };
  const stop = interrupted();
  if (hasScreen()) {
    const workbench = await launchWorkbench({ ...options, folder, headed: true });
    console.log(`VS Code is open at ${workbench.url}\nClose its window, or press Ctrl+C here, to stop it.`);
    await Promise.race([stop, new Promise((closed) => workbench.context.once('close', closed))]);
    await workbench.close();
  } else {
    const server = await startWorkbenchServer(options);
    console.log(`Open this address in a browser on this machine:\n\n  ${server.url(folder)}\n\nCtrl+C stops VS Code.`);
    await Promise.race([stop, server.ended]);
    await server.close();
  }
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
