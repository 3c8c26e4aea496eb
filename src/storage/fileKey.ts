/**
 * The same text for every spelling of a file's absolute path: composed and decomposed Unicode (macOS lists the second) and, where
 * names don't depend on it, case. On Windows also dots and spaces at the end of a name, slashes, and the prefix of long paths.
 * Two files can have the same key only on a disk that tells such names apart, so a match isn't proof.
 */
export function fileKey(path: string, platform: NodeJS.Platform = process.platform): string {
  const composed = path.normalize('NFC');
  switch (platform) {
    case 'win32':
      return windowsKey(composed);
    case 'darwin':
      return foldCase(composed);
    default:
      return composed;
  }
}

function windowsKey(path: string): string {
  const plain = path
    .replaceAll('/', '\\')
    .replace(/^\\\\[?.]\\(?:UNC\\|(?=[a-z]:))/i, (prefix) => (prefix.length > 4 ? '\\\\' : ''));
  const names = plain.split('\\').map((name) => (name === '.' || name === '..' ? name : name.replace(/[. ]+$/, '')));
  return foldCase(names.join('\\'));
}

/** The same text for names that differ only in case or Unicode form. Upper case first, since file systems compare that: ſ is s to them. */
export function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase().normalize('NFC');
}
