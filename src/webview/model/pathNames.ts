import { displayNames } from '../../mix/displayNames.ts';

/** The names of the images or results in a list: unique file names. The query of a URL is left out. */
export function namesFromPaths(paths: readonly string[]): string[] {
  return displayNames(paths.map(withoutQuery));
}

function withoutQuery(path: string): string {
  if (!/^https?:\/\//i.test(path) || !URL.canParse(path)) return path;
  const { host, pathname } = new URL(path);
  return pathname === '/' ? host : `${host}${safeDecode(pathname)}`;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text; // the percent sign doesn't start an escape
    throw error;
  }
}
