import { downloadAndUnzipVSCode } from '@vscode/test-electron';
import { cachePath, exists } from './cache.ts';

/**
 * Finds the executable of a desktop VS Code: the one that IMAGE_MIXER_VSCODE names (`server` means none), or, if there is a
 * screen, the one in the cache, downloaded if necessary. Returns undefined if the server build must be used.
 */
export async function findDesktop(log: (line: string) => void = () => {}): Promise<string | undefined> {
  const named = process.env.IMAGE_MIXER_VSCODE;
  if (named === 'server') return undefined;
  if (named) {
    if (await exists(named)) return named;
    throw new Error(`IMAGE_MIXER_VSCODE is ${named}, which doesn't exist.`);
  }
  if (!hasScreen()) return undefined;
  const folder = cachePath('desktop');
  if (!(await exists(folder)) && !(await canDownload())) return undefined;
  try {
    return await downloadAndUnzipVSCode({ version: 'stable', cachePath: folder, timeout: 30_000 });
  } catch (error) {
    log(`No desktop VS Code is available (${error instanceof Error ? error.message : error}). Using the server build.`);
    return undefined;
  }
}

/** Tells whether a window can be shown. */
export function hasScreen(): boolean {
  return process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

async function canDownload(): Promise<boolean> {
  return fetch('https://update.code.visualstudio.com/api/releases/stable', { signal: AbortSignal.timeout(5000) }).then(
    (response) => response.ok,
    () => false,
  );
}
