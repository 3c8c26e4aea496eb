import { displayNames } from '../../mix/displayNames.ts';

/** What the images or results of a list are called: file names, told apart where they clash. Of a URL the query stays out. */
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
  } catch {
    return text; // a stray percent sign is part of the name
  }
}
