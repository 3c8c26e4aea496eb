import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MixFailure } from '../mix/failure.ts';
import { flushFolder, writeFlushed } from './durableFile.ts';
import { type NameParts, renderFileName } from './fileNames.ts';
import { type Destination, makeFolderInside } from './outputFolder.ts';
import { saveFailure, systemCode } from './saveFailure.ts';

/** What a picture's file is named after. */
export interface NamedResult extends NameParts {
  readonly format: keyof typeof extensions;
}

const extensions = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/** Puts pictures into the project: whole or not at all, and never over a file that is there. */
export class ResultWriter {
  /**
   * A free path for a picture, its folder made. Names that differ only in case count as taken.
   * @param taken absolute paths that others have chosen and not written yet.
   * @throws MixFailure `save-failed`.
   */
  async choosePath(
    destination: Destination,
    picture: NamedResult,
    taken: ReadonlySet<string> = new Set(),
  ): Promise<string> {
    const { folder, root, fileName } = destination;
    await makeFolderInside(folder, root);
    const there = await readdir(folder).catch((error: unknown) => {
      throw saveFailure(folder, error);
    });
    const used = new Set([...there.map((name) => join(folder, name)), ...taken].map(fold));
    const stem = renderFileName(fileName, picture);
    for (let count = 1; ; count++) {
      const suffix = count === 1 ? '' : `-${count}`;
      const path = join(folder, `${stem}${suffix}.${extensions[picture.format]}`);
      if (!used.has(fold(path))) return path;
    }
  }

  /**
   * Writes a file that appears all at once. The same bytes there already are as good as written.
   * @throws MixFailure `save-failed`, with reason `exists` where the path holds other bytes.
   */
  async write(path: string, bytes: Uint8Array): Promise<'written' | 'already-there'> {
    const folder = dirname(path);
    const draft = join(folder, `.${randomUUID()}.tmp`);
    try {
      await mkdir(folder, { recursive: true });
      if (await holds(path, bytes)) return 'already-there';
      await writeFlushed(draft, bytes, { flag: 'wx' });
      await claim(draft, path);
      await flushFolder(folder);
      return 'written';
    } catch (error) {
      throw error instanceof MixFailure ? error : saveFailure(path, error);
    } finally {
      await rm(draft, { force: true }).catch(() => undefined); // what went wrong before counts
    }
  }
}

function fold(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** Gives a finished file its name. A hard link does so only where the name is free. */
async function claim(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw exists(path, error);
    await claimWithoutLinks(draft, path);
  }
}

/** For file systems without hard links: an empty file takes the name, if it is free, and is then replaced. */
async function claimWithoutLinks(draft: string, path: string): Promise<void> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? exists(path, error) : error;
  }
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Whether the path holds exactly these bytes; false where it is free. @throws MixFailure `save-failed`, reason `exists`. */
async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    if ((await readFile(path)).equals(bytes)) return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
  }
  throw exists(path);
}

function exists(path: string, cause?: unknown): MixFailure {
  return new MixFailure('save-failed/exists', { args: { path }, cause });
}
