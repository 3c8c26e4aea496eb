import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ignore, ignoreSystemError, systemCode } from './systemError.ts';

/** Milliseconds after which a temporary file belongs to a process that was killed while it wrote. */
const abandonedAfter = 10 * 60_000;
/** How often content is written at most if its temporary file vanishes. */
const maxTries = 3;
/** How often a file that is held is renamed at most: about half a second, all in all. */
const maxRenames = 10;

/**
 * The path of a new temporary file in a folder. `removeAbandoned` deletes it if the process doesn't.
 * @param owner letters, digits and hyphens: what the file is for, if only one process at a time writes that.
 */
export function temporaryPath(folder: string, owner?: string): string {
  return join(folder, `.image-mixer-${owner === undefined ? '' : `${owner}-`}${randomUUID()}.tmp`);
}
const temporaryName = /^\.image-mixer-(?:(?<owner>.+)-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** Whether a file name is that of a temporary file of this owner. */
export function isTemporaryOf(owner: string, name: string): boolean {
  return temporaryName.exec(name)?.groups?.owner === owner;
}

/**
 * Deletes the temporary files in a folder that a killed process left behind: those that are old, and all those of an owner that
 * writes nothing right now. A missing folder has none.
 * @param options.names the names in the folder, if they are known.
 * @throws the system error of one that can't be deleted, after the others are.
 */
export async function removeAbandoned(
  folder: string,
  { names, owner }: { readonly names?: readonly string[]; readonly owner?: string | undefined } = {},
): Promise<void> {
  const found = names ?? (await readdir(folder).catch(ignore('ENOENT', 'ENOTDIR'))) ?? [];
  const removals = found
    .filter((name) => temporaryName.test(name))
    .map(async (name) => {
      const path = join(folder, name);
      const isOwn = owner !== undefined && isTemporaryOf(owner, name);
      if (isOwn || (await isOld(path))) await rm(path, { force: true });
    });
  for (const removal of await Promise.allSettled(removals)) {
    if (removal.status === 'rejected') throw removal.reason;
  }
}

/** Also true for a file from the future, which another clock dated. `throughTemporary` survives it if a file isn't abandoned. */
async function isOld(path: string): Promise<boolean> {
  const status = await stat(path).catch(ignore('ENOENT'));
  return status !== undefined && Math.abs(Date.now() - status.mtimeMs) > abandonedAfter;
}

/** How a temporary file is written. */
export interface TemporaryOptions {
  readonly owner?: string | undefined;
  readonly mode?: number;
  /** Whether to wait until the content is on the disk. */
  readonly flush?: boolean;
}

/**
 * Writes content to a temporary file in `folder` and lets `place` move or link it. Afterwards the temporary file is gone. If it
 * vanishes before, it is written again: a process with another clock may have taken it for abandoned.
 */
export async function throughTemporary<Result>(
  folder: string,
  content: string | Uint8Array,
  place: (temporary: string) => Promise<Result>,
  { owner, ...options }: TemporaryOptions = {},
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    const temporary = temporaryPath(folder, owner);
    try {
      await writeNewFile(temporary, content, options);
      return await place(temporary);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || tries === maxTries) throw error;
    } finally {
      await rm(temporary, { force: true }).catch(ignoreSystemError); // if it stays, it's removed as abandoned
    }
  }
}

/**
 * Replaces a file completely or not at all, even in a power cut. Only this user may read it.
 * @param options.flush false if an older version may come back after a power cut.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  { flush = true }: { readonly flush?: boolean } = {},
): Promise<void> {
  const folder = dirname(path);
  await throughTemporary(folder, content, (temporary) => moveOver(temporary, path), { mode: 0o600, flush });
  if (flush) await flushFolder(folder);
}

/** Renames a file in its folder, over an existing one. On Windows, a virus scanner or an indexer may hold that for a moment. */
export async function moveOver(temporary: string, path: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await rename(temporary, path);
    } catch (error) {
      const isHeld = process.platform === 'win32' && ['EACCES', 'EBUSY', 'EPERM'].includes(systemCode(error));
      if (!isHeld || tries === maxRenames) throw error;
      await delay(10 * tries);
    }
  }
}

/**
 * How file systems answer that can't flush, or don't let us: network drives, shared folders of virtual machines, FUSE. On Windows,
 * EISDIR is how Node calls a function that a drive doesn't have. An error of the disk has other codes.
 */
const cannotFlush = [
  'EACCES',
  'EBADF',
  'EINVAL',
  'EISDIR',
  'ENOSYS',
  'ENOTSUP',
  'ENOTTY',
  'EOPNOTSUPP',
  'EPERM',
  'EROFS',
];

/** Writes a file that doesn't exist yet, or none. @param options.flush whether to wait until its content is on the disk. */
export async function writeNewFile(
  path: string,
  content: string | Uint8Array,
  { mode, flush = true }: { readonly mode?: number; readonly flush?: boolean } = {},
): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    if (flush) await file.sync().catch(ignore(...cannotFlush));
    await file.close();
  } catch (error) {
    // Neither of them must hide the first error.
    await file.close().catch(ignoreSystemError);
    await rm(path, { force: true }).catch(ignoreSystemError);
    throw error;
  }
}

/** Flushes the names in a folder to the disk, on systems that can do so. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(ignore(...cannotFlush)); // Windows can't open folders
  if (!handle) return;
  try {
    await handle.sync().catch(ignore(...cannotFlush));
  } finally {
    await handle.close();
  }
}
