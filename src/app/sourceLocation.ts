import { posix, win32 } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SourceLocation } from '../images/sourceReader.ts';
import { MixFailure } from '../mix/failure.ts';
import { schemeOf } from './addressScheme.ts';
import { imageUrlOf } from './imagePages.ts';
import { isWebUrl, shownAddress, withoutCredentials } from './webUrl.ts';

const isWindows = process.platform === 'win32';

/** What a source is. Every rule about that is in `readSource`. */
type ReadSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'path' }
  | { readonly kind: 'invalid'; readonly reason: 'bad-source' | 'bad-file-uri' | 'data-source' }
  | { readonly kind: 'invalid'; readonly reason: 'file-host'; readonly host: string };

/** A web address in quotes or brackets isn't a path. */
const isOtherAddress = (source: string) => schemeOf(source) !== undefined || /https?:\/\//i.test(source);

function readSource(source: string, windows: boolean): ReadSource {
  if (isWebUrl(source)) return { kind: 'url', url: imageUrlOf(withoutCredentials(source.trim())) };
  if (source.includes('\0')) return { kind: 'invalid', reason: 'bad-source' };
  if (/^data:/i.test(source)) return { kind: 'invalid', reason: 'data-source' };
  if (/^file:/i.test(source)) return readFileUri(source, windows);
  return isOtherAddress(source) ? { kind: 'invalid', reason: 'bad-source' } : { kind: 'path' };
}

/** On Windows, a host stands for a UNC path. Elsewhere, it is usually a relative path after two slashes instead of none. */
function readFileUri(uri: string, windows: boolean): ReadSource {
  const invalid = { kind: 'invalid', reason: 'bad-file-uri' } as const;
  if (!/^file:[/\\]/i.test(uri) || !URL.canParse(uri)) return invalid;
  const url = new URL(uri);
  if (url.search || url.hash) return invalid; // the path would silently end there
  if (url.hostname && !windows) return { kind: 'invalid', reason: 'file-host', host: url.hostname };
  try {
    const path = fileURLToPath(url, { windows });
    return path.includes('\0') ? invalid : { kind: 'file', path };
  } catch (error) {
    // An escaped slash, no drive on Windows, or an escape that isn't UTF-8.
    if (error instanceof TypeError || error instanceof URIError) return invalid;
    throw error;
  }
}

/**
 * The location that a recipe's source refers to: a path, a `file:` URI or an http(s) URL, without user and password, which
 * `WebCredentials` keeps. `portableSource` is its inverse.
 * @param base absolute path of the folder that relative paths start from. @param index the image's position in the recipe.
 * @throws MixFailure `invalid-recipe` for any other address, naming the image.
 */
export function locateSource(source: string, base: string, index: number, windows = isWindows): SourceLocation {
  const found = readSource(source, windows);
  switch (found.kind) {
    case 'url':
      return { kind: 'url', url: found.url };
    case 'file':
      return found;
    case 'path':
      return { kind: 'file', path: (windows ? win32 : posix).resolve(base, source) };
    case 'invalid':
      throw invalidSource(found, source, index);
  }
}

function invalidSource(found: ReadSource & { kind: 'invalid' }, source: string, index: number): MixFailure {
  const value = shownAddress(source);
  const details = { field: `images.${index}`, image: index };
  if (found.reason === 'data-source') return new MixFailure('invalid-recipe/data-source', details);
  const name = value.split(/[/\\]/).findLast((part) => part !== '' && !part.endsWith(':')) ?? value;
  const named = name === value ? details : { ...details, imageName: name };
  if (found.reason === 'file-host') {
    return new MixFailure('invalid-recipe/file-host', { ...named, args: { value, host: found.host } });
  }
  return new MixFailure(`invalid-recipe/${found.reason}`, { ...named, args: { value } });
}

/**
 * A location as a source of a recipe in the folder `root` (absolute path): a path with slashes, relative unless it is on another
 * drive, or the URL. `locateSource` finds the same image by it.
 */
export function portableSource(location: SourceLocation, root: string, windows = isWindows): string {
  if (location.kind === 'url') return location.url;
  const { relative, isAbsolute, sep } = windows ? win32 : posix;
  const way = relative(root, location.path);
  const path = way.split(sep).join('/') || '.';
  const isMistakable = !isAbsolute(way) && (readSource(path, windows).kind !== 'path' || /^(?:[a-z]:|\\)/i.test(path));
  return isMistakable ? `./${path}` : path;
}

/** The address of a location: a `file:` URI or an http(s) URL. */
export function uriOf(location: SourceLocation): string {
  return location.kind === 'url' ? location.url : pathToFileURL(location.path).href;
}

/** The location of a draft's image, by its `file:` URI or http(s) URL. @throws MixFailure `unsupported-image/no-address`. */
export function locationOf(uri: string): SourceLocation {
  const found = readSource(uri, isWindows);
  if (found.kind === 'url') return { kind: 'url', url: found.url };
  if (found.kind === 'file') return found;
  throw new MixFailure('unsupported-image/no-address', { imageName: shownAddress(uri) });
}
