import { readFile, stat } from 'node:fs/promises';
import { MixFailure } from '../mix/failure.ts';
import type { FailureKey } from '../mix/failureTable.ts';
import { type Connect, createNetwork } from '../network/connections.ts';
import { type DownloadOptions, download, shownUrl } from '../network/download.ts';
import { findSpelling } from '../storage/spelling.ts';
import { systemCode } from '../storage/systemError.ts';
import { DownloadCache, type DownloadCacheOptions } from './downloadCache.ts';
import { detectKind } from './imageFormat.ts';
import { maxSourceBytes, tooManyBytes } from './imageLimits.ts';

/** Where the bytes of a source image are: an absolute path on this machine, or an http(s) URL. */
export type SourceLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** Reads the bytes of a source, within the size limit and the address guard. */
export interface SourceReader {
  /**
   * The bytes of a source, which belong to the caller. A URL is downloaded again only after some minutes.
   * @throws MixFailure `unreadable-image`, `unsupported-image`, `image-too-large`, `blocked-address` or `network`.
   */
  read(location: SourceLocation, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Downloads an image now, without the memory that `read` has. @throws MixFailure as `read` does.
   * @param origin one that is allowed even if it is on this machine or a private network.
   */
  download(url: string, signal?: AbortSignal, origin?: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** Which sources may be read, and how. */
export interface SourceReaderOptions {
  /** Whether URLs may lead to loopback, private and link-local addresses. Asked for each URL. */
  readonly allowPrivateAddresses: () => boolean;
  /** The origin of the configured service. Its own links are always allowed. */
  readonly ownOrigin: () => string | undefined;
  /** The address to download a URL from, which may have a user and password. By default, the URL itself. */
  readonly addressOf?: (url: string) => string;
  readonly maxBytes?: number;
  readonly times?: DownloadOptions['times'];
  /** How requests connect. By default, without a proxy. */
  readonly connect?: Connect;
  /** Changes whenever `connect` may connect differently. */
  readonly connectVersion?: () => number;
  readonly cache?: DownloadCacheOptions;
  readonly wait?: NonNullable<DownloadOptions['wait']>;
}

/** Reads source images from files and http(s) URLs. */
export function createSourceReader({
  allowPrivateAddresses,
  ownOrigin,
  addressOf = (url) => url,
  maxBytes = maxSourceBytes,
  times = { connect: 10_000, silence: 30_000, whole: 180_000 },
  connect = createNetwork(),
  connectVersion = () => 0,
  cache,
  wait,
}: SourceReaderOptions): SourceReader {
  const mayBePrivate = (url: URL) => allowPrivateAddresses() || url.origin === ownOrigin();
  const downloadNow = (address: string, signal?: AbortSignal, origin?: string) => {
    const isAllowed = (url: URL) => url.origin === origin || mayBePrivate(url);
    const rules = { accept, maxBytes, times, mayBePrivate: isAllowed, connect, ...(wait ? { wait } : {}) };
    return downloadImage(address, rules, signal);
  };
  const downloads = new DownloadCache(cache);
  // Everything that decides whether and how a URL is downloaded, so that it isn't read from memory when it's refused by now.
  const keyOf = (url: string) => JSON.stringify([allowPrivateAddresses(), ownOrigin() ?? null, connectVersion(), url]);
  return {
    read: async (location, signal) => {
      if (location.kind === 'file') return readSourceFile(location.path, maxBytes, signal);
      const address = addressOf(location.url);
      const key = keyOf(address);
      const download = (end: AbortSignal) => downloadNow(address, end);
      return downloads.read(key, { download, mayKeep: () => keyOf(address) === key }, signal);
    },
    download: downloadNow,
  };
}

/**
 * The bytes of a file, also if the disk has its name in another Unicode form. Symbolic links are followed.
 * @throws MixFailure `unreadable-image`, `image-too-large`.
 */
export async function readSourceFile(
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readExactly(path, maxBytes, signal);
  } catch (error) {
    if (!(error instanceof MixFailure && error.key === 'unreadable-image/missing')) throw error;
    const found = await findSpelling(path);
    if (!found || found.path === path) throw error; // a dangling link, for example
    if (found.isSame) return readExactly(found.path, maxBytes, signal);
    throw new MixFailure('unreadable-image/similar', { args: { similar: found.difference }, cause: error });
  }
}

async function readExactly(path: string, maxBytes: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw new MixFailure('unreadable-image/folder');
    if (!status.isFile()) throw new MixFailure('unreadable-image/no-file'); // reading a pipe or a device might never end
    if (status.size === 0) throw new MixFailure('unreadable-image/empty');
    if (status.size > maxBytes) throw tooManyBytes(status.size, maxBytes);
    const { buffer, byteOffset, byteLength } = await readFile(path, { signal });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof MixFailure) throw error;
    const key = fileFailureKey(error);
    throw key ? new MixFailure(key, { cause: error }) : error;
  }
}

/** The failure for a system error, or for a path that no file can have; undefined for any other error. */
function fileFailureKey(error: unknown) {
  const code = systemCode(error);
  switch (code) {
    case '':
      return isNulInPath(error) ? ('unreadable-image/missing' satisfies FailureKey) : undefined;
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return 'unreadable-image/missing' satisfies FailureKey;
    case 'EACCES':
    case 'EPERM':
      return 'unreadable-image/denied' satisfies FailureKey;
    default:
      return 'unreadable-image/read-error' satisfies FailureKey;
  }
}

function isNulInPath(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE';
}

const accept = 'image/avif,image/webp,image/png,image/jpeg,image/gif,image/tiff,image/svg+xml,image/*;q=0.5';

/** Downloads an image. Its bytes decide whether it is one, not its headers. */
async function downloadImage(
  address: string,
  options: DownloadOptions,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const found = await download(address, options, signal);
  switch (found.kind) {
    case 'refused':
      throw refusedFailure(shownUrl(found.url), found.status);
    case 'encoded': {
      const { encoding, bytes } = found;
      if ((await detectKind(bytes))?.isImage) return bytes;
      throw new MixFailure('unreadable-image/url-encoding', { args: { url: shownUrl(found.url), encoding } });
    }
    case 'too-large':
      throw tooManyBytes(found.length, options.maxBytes);
    case 'bytes':
      if (!(await detectKind(found.bytes))?.isImage) {
        throw new MixFailure('unsupported-image/url-not-an-image', { args: { url: shownUrl(found.url) } });
      }
      return found.bytes;
  }
}

function refusedFailure(url: string, status: number): MixFailure {
  switch (status) {
    case 401:
      return new MixFailure('unreadable-image/url-login', { args: { url } });
    case 403:
      return new MixFailure('unreadable-image/url-forbidden', { args: { url } });
    case 404:
      return new MixFailure('unreadable-image/url-missing', { args: { url } });
    case 410:
      return new MixFailure('unreadable-image/url-gone', { args: { url } });
    default:
      return new MixFailure('unreadable-image/url-status', { args: { url, status } });
  }
}
