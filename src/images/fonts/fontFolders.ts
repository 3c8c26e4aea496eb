import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ignore } from '../../storage/systemError.ts';

/** The folders in which this system keeps fonts. Some may not exist. */
export async function systemFontFolders(): Promise<string[]> {
  const { env } = process;
  const home = homedir();
  switch (process.platform) {
    case 'win32':
      return [
        join(env.WINDIR ?? 'C:\\Windows', 'Fonts'),
        join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Microsoft', 'Windows', 'Fonts'),
      ];
    case 'darwin':
      return [join(home, 'Library/Fonts'), '/Library/Fonts', '/System/Library/Fonts', '/Network/Library/Fonts'];
    default: {
      const data = [env.XDG_DATA_HOME ?? join(home, '.local/share'), ...(env.XDG_DATA_DIRS ?? '').split(':')];
      const folders = [
        ...data.filter((folder) => folder.startsWith('/')).map((folder) => join(folder, 'fonts')),
        join(home, '.fonts'),
        '/usr/local/share/fonts',
        '/usr/share/fonts',
        '/usr/X11R6/lib/X11/fonts',
        '/run/current-system/sw/share/X11/fonts',
        '/run/host/fonts',
        ...(await fontconfigFolders(home)),
      ];
      return [...new Set(folders)];
    }
  }
}

/** The folders of fontconfig's main file and of the user's own. */
async function fontconfigFolders(home: string): Promise<string[]> {
  const config = process.env.XDG_CONFIG_HOME ?? join(home, '.config');
  const files = [process.env.FONTCONFIG_FILE, '/etc/fonts/fonts.conf', join(config, 'fontconfig/fonts.conf')];
  const texts = await Promise.all(
    files
      .filter((file) => file?.startsWith('/'))
      .map((file) => readFile(file ?? '', 'utf8').catch(ignore('ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR'))),
  );
  return texts.flatMap((text) =>
    [...(text ?? '').matchAll(/<dir(?![^>]*prefix)[^>]*>\s*([^<]+?)\s*<\/dir>/g)]
      .map(([, folder = '']) => (folder.startsWith('~/') ? join(home, folder.slice(2)) : folder))
      .filter((folder) => folder.startsWith('/')),
  );
}
