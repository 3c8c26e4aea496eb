import Agent from 'undici/lib/dispatcher/agent.js';
import { type DownloadOptions, downloadPicture } from './download.ts';
import { readSourceFile } from './fileReader.ts';
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
  /** Where requests go through; straight to the host when absent. */
  readonly dispatcher?: DownloadOptions['dispatcher'];
}

/** Reads source images from files and http(s) URLs. */
export function createSourceReader({
  allowPrivateAddresses,
  ownOrigin,
  maxBytes = maxSourceBytes,
  times = { connect: 10_000, silence: 30_000, whole: 180_000 },
  dispatcher = (connect) => new Agent({ connect }),
}: SourceReaderOptions): SourceReader {
  const isTrusted = (url: URL) => allowPrivateAddresses() || url.origin === ownOrigin();
  return {
    read: (location, signal) =>
      location.kind === 'file'
        ? readSourceFile(location.path, maxBytes, signal)
        : downloadPicture(location.url, { maxBytes, times, isTrusted, dispatcher }, signal),
  };
}
