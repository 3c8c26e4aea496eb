import { MixFailure } from '../mix/failure.ts';
import { systemCode } from '../storage/systemError.ts';

/**
 * The failure for a system error while writing `path`. Returns any other error as it is: a failure that says more already, or a
 * mistake in the program.
 */
export function saveFailure(path: string, error: unknown): unknown {
  const code = systemCode(error);
  const details = { args: { path }, cause: error };
  const withCode = { args: { path, detail: code }, cause: error };
  switch (code) {
    case '':
      return error;
    case 'ENOSPC':
    case 'EDQUOT':
      return new MixFailure('save-failed/disk-full', details);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new MixFailure('save-failed/read-only', details);
    case 'ENOTDIR':
    case 'EEXIST':
      return new MixFailure('save-failed/no-folder', details);
    case 'ENOENT': // the drive is gone, or a virtual file system such as /proc
      return new MixFailure('save-failed/cannot-create', details);
    case 'EISDIR':
      return new MixFailure('save-failed/exists', details);
    case 'ENAMETOOLONG':
      return new MixFailure('save-failed/name-too-long', details);
    case 'EMFILE':
    case 'ENFILE':
      return new MixFailure('save-failed/too-many-files', details);
    case 'EINVAL':
    case 'ENOSYS':
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
    case 'EXDEV':
      return new MixFailure('save-failed/not-supported', withCode);
    case 'EHOSTDOWN':
    case 'EHOSTUNREACH':
    case 'EIO':
    case 'ENODEV':
    case 'ENOTCONN':
    case 'ENXIO':
    case 'EREMOTEIO':
    case 'ESTALE':
    case 'ETIMEDOUT':
      return new MixFailure('save-failed/disk-error', withCode);
    default:
      return new MixFailure('save-failed/write-error', withCode);
  }
}
