import { execFile } from 'node:child_process';
import { access, constants, mkdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from '@playwright/test';
import { cachePath } from './cache.ts';

const run = promisify(execFile);
const names = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome', 'microsoft-edge'];
const elsewhere = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];
const advice = `No Chromium was found, and none could be installed. Do one of these and try again:
  - install Google Chrome or Chromium with the system's package manager
  - npx playwright install --with-deps chromium
  - set CHROME_PATH to the executable of a Chrome, Chromium or Edge`;

/** Switches that keep the browser from using the network on its own. */
export const browserArguments = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Finds the executable of a Chromium that starts: CHROME_PATH, one on the PATH, or Playwright's own. If there is none, installs
 * Debian's package (as root) or unpacks the one from npm. @throws Error that says what to do.
 */
export async function findBrowser(log: (line: string) => void = () => {}): Promise<string> {
  const named = process.env.CHROME_PATH;
  if (named) {
    if (await starts(named)) return named;
    throw new Error(`CHROME_PATH is ${named}, which isn't a browser that starts.`);
  }
  const present = await firstThatStarts([...onPath(), ...elsewhere, chromium.executablePath()]);
  if (present) return present;
  if (await isDebianRoot()) {
    log('Installing Chromium with apt-get (once) …');
    await installDebianPackage().catch((error: Error) => log(`That failed: ${error.message}`));
    const installed = await firstThatStarts(onPath());
    if (installed) return installed;
  }
  const packaged = await packagedBrowser();
  if (packaged) return packaged;
  throw new Error(advice);
}

function onPath(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

async function firstThatStarts(candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) if (await starts(candidate)) return candidate;
  return undefined;
}

/** It isn't enough that the file exists: Ubuntu's `chromium-browser` is a script that only refers to a snap. */
async function starts(executable: string): Promise<boolean> {
  try {
    await access(executable, constants.X_OK);
    if (process.platform === 'win32') return true; // on Windows, --version opens a window
    const { stdout } = await run(executable, ['--version'], { timeout: 20_000 });
    return /chrom|edge/i.test(stdout);
  } catch {
    return false;
  }
}

async function isDebianRoot(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID=debian$/m.test(release);
}

async function installDebianPackage(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env });
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { env, maxBuffer: 1 << 26 });
}

/** Unpacks the browser of an npm package into the cache. It needs the usual system libraries. */
async function packagedBrowser(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const folder = cachePath('browser');
  await mkdir(folder, { recursive: true });
  const { default: packaged } = await import('@sparticuz/chromium');
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder; // it trusts what it finds there, so others must not be able to write to the folder
  const executable = await packaged.executablePath();
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  return (await starts(executable)) ? executable : undefined;
}
