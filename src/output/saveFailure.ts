import { MixFailure } from '../mix/failure.ts';

/** The code of a system error, `ENOENT` and the like; empty for anything else. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The failure to write at `path` that a system error stands for. */
export function saveFailure(path: string, cause: unknown): MixFailure {
  const code = systemCode(cause);
  return new MixFailure('save-failed', { reason: reasonOf(code), args: { path, detail: code }, cause });
}

function reasonOf(code: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'disk-full';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'read-only';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'no-folder';
    default:
      return 'write-error';
  }
}
