import { readFile, stat } from 'node:fs/promises';
import { MixFailure } from '../mix/failure.ts';
import type { FailureKey } from '../mix/failureTable.ts';
import { type Connect, createNetwork } from '../network/connections.ts';
import { type DownloadOptions, download, shownUrl } from '../network/download.ts';
import { detectKind } from './imageFormat.ts';
import { maxSourceBytes, tooManyBytes } from './imageLimits.ts';

/** Where the bytes of a source image are: an absolute path on this machine, or an http(s) URL. */
export type SourceLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** Reads the bytes of a source, within the size limit and the address guard. */
export interface SourceReader {
  /** @throws MixFailure `unreadable-image`, `unsupported-image`, `image-too-large`, `blocked-address` or `network`. */
  read(location: SourceLocation, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** Which sources may be read, and how. */
export interface SourceReaderOptions {
  /** Whether URLs may lead to loopback, private and link-local addresses. Asked for each URL. */
  readonly allowPrivateAddresses: () => boolean;
  /** The origin of the configured service. Its own links are always allowed. */
  readonly ownOrigin: () => string | undefined;
  readonly maxBytes?: number;
  readonly times?: DownloadOptions['times'];
  /** How requests connect. By default, without a proxy. */
  readonly connect?: Connect;
}

/** Reads source images from files and http(s) URLs. */
export function createSourceReader({
  allowPrivateAddresses,
  ownOrigin,
  maxBytes = maxSourceBytes,
  times = { connect: 10_000, silence: 30_000, whole: 180_000 },
  connect = createNetwork(),
}: SourceReaderOptions): SourceReader {
  const mayBePrivate = (url: URL) => allowPrivateAddresses() || url.origin === ownOrigin();
  return {
    read: (location, signal) =>
      location.kind === 'file'
        ? readSourceFile(location.path, maxBytes, signal)
        : downloadImage(location.url, { accept, maxBytes, times, mayBePrivate, connect }, signal),
  };
}

/** The bytes of a file. Symbolic links are followed. @throws MixFailure `unreadable-image`, `image-too-large`. */
export async function readSourceFile(
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
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
    throw error instanceof MixFailure ? error : new MixFailure(fileFailureKey(error), { cause: error });
  }
}

function fileFailureKey(error: unknown) {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
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
      throw new MixFailure('unreadable-image/url-status', { args: { url: shownUrl(found.url), status: found.status } });
    case 'too-large':
      throw tooManyBytes(found.length, options.maxBytes);
    case 'bytes':
      if (found.bytes.length === 0) throw new MixFailure('unreadable-image/empty');
      if (!(await detectKind(found.bytes))?.isImage) {
        throw new MixFailure('unsupported-image/url-not-an-image', { args: { url: shownUrl(found.url) } });
      }
      return found.bytes;
  }
}
