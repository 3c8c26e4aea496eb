import { type DownloadOptions, downloadPicture } from '../network/download.ts';
import { readSourceFile } from './fileReader.ts';
import { type Connect, createNetwork } from '../network/connections.ts';
import type { SourceReader } from './source.ts';
import { maxSourceBytes } from './sourceLimits.ts';

/** What sources may be read, and how. */
export interface SourceReaderOptions {
  /** Whether URLs may lead to loopback, private and link-local addresses. Asked for each picture. */
  readonly allowPrivateAddresses: () => boolean;
  /** The origin of the configured service; its own links are always let through. */
  readonly ownOrigin: () => string | undefined;
  readonly maxBytes?: number;
  readonly times?: DownloadOptions['times'];
  /** How requests connect; straight to the host when absent. */
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
  const isTrusted = (url: URL) => allowPrivateAddresses() || url.origin === ownOrigin();
  return {
    read: (location, signal) =>
      location.kind === 'file'
        ? readSourceFile(location.path, maxBytes, signal)
        : downloadPicture(location.url, { maxBytes, times, isTrusted, connect }, signal),
  };
}
