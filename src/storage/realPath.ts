import { realpath as findRealPath } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemCode } from './systemError.ts';

/** How some drives answer that can't tell where a path leads: RAM disks and network drives on Windows, FUSE. */
const cannotResolve = ['EINVAL', 'EISDIR', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'UNKNOWN'];

/** A path with all links resolved. If the drive can't do that by itself, Node follows the links one by one. @throws the system error. */
export async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!cannotResolve.includes(systemCode(error))) throw error;
    return promisify(findRealPath)(path);
  }
}
