/** Schemes after which no slash needs to follow. */
const known = 'file|https?|data|blob|about|javascript|mailto|git|untitled|vscode[a-z-]*';

/** `cap-10:15.png` is the name of a file, and one letter is a drive. */
const pattern = new RegExp(`^(?:(${known}):|([a-z][a-z0-9+.-]+):/)`, 'i');

/** The scheme of an address, in lower case. Undefined if it's a path. */
export function schemeOf(address: string): string | undefined {
  const [, plain, withSlash] = pattern.exec(address.trim()) ?? [];
  return (plain ?? withSlash)?.toLowerCase();
}
