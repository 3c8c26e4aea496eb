import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { MixFailure } from '../mix/failure.ts';
import { tooManyBytes } from './sourceLimits.ts';

/** The bytes of a file; links are followed. @throws MixFailure `unreadable-image`, `image-too-large`. */
export async function readSourceFile(
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  const name = basename(path);
  const unreadable = (reason: string, cause?: unknown) =>
    new MixFailure('unreadable-image', { reason, args: { name }, cause });
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw unreadable('folder');
    if (!status.isFile()) throw unreadable('no-file'); // reading a pipe or a device might never end
    if (status.size === 0) throw unreadable('empty');
    if (status.size > maxBytes) throw tooManyBytes(status.size, maxBytes);
    const { buffer, byteOffset, byteLength } = await readFile(path, { signal });
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof MixFailure ? error : unreadable(reasonOf(error), error);
  }
}

function reasonOf(error: unknown): string {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return 'missing';
    case 'EACCES':
    case 'EPERM':
      return 'denied';
    default:
      return 'read-error';
  }
}
