import { MixFailure } from '../mix/failure.ts';
import { systemCode } from '../storage/systemError.ts';

/** The failure for a system error while writing `path`. */
export function saveFailure(path: string, cause: unknown): MixFailure {
  const code = systemCode(cause);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new MixFailure('save-failed/disk-full', { args: { path }, cause });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new MixFailure('save-failed/read-only', { args: { path }, cause });
    case 'ENOTDIR':
    case 'EEXIST':
      return new MixFailure('save-failed/no-folder', { args: { path }, cause });
    default:
      return new MixFailure('save-failed/write-error', { args: { path, detail: code }, cause });
  }
}
