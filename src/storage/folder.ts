import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './systemError.ts';

/**
 * Creates a folder and its missing parents. Unlike Node's recursive `mkdir`, it also ends on file systems such as `/proc`, which
 * answer ENOENT although the parent exists. @throws the system error; EEXIST or ENOTDIR if a file is in the way.
 * @param mode the permissions of new folders.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent, mode);
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || !(await isFolder(path))) throw error; // another process may have created it just now
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
