import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Mutex } from 'async-mutex';
import { requireReadable } from '../images/imageFormat.ts';
import { maxSourceBytes } from '../images/imageLimits.ts';
import { readSourceFile } from '../images/sourceReader.ts';
import { MixFailure } from '../mix/failure.ts';
import { safeFileName } from './fileNames.ts';
import { type Destination, sourcesFolder } from './outputFolder.ts';
import { ResultWriter } from './resultWriter.ts';

/** Several mixes may copy the same image at the same time. By folder, since one of them may be on a drive that doesn't answer. */
const turns = new Map<string, Mutex>();

/**
 * Copies an image from outside the project to `sources/<hash8>-<name>` in the output folder, once for the same bytes.
 * It copies only files that are images, so that a recipe can't bring other files into the project.
 * @returns the absolute path of the copy.
 * @throws MixFailure `unreadable-image`, `unsupported-image`, `image-too-large`, `save-failed`.
 */
export async function copySourceIntoProject(path: string, destination: Destination): Promise<string> {
  const bytes = await readSourceFile(path, maxSourceBytes);
  await requireReadable(bytes);
  const folder = sourcesFolder(destination.folder);
  const hash = createHash('sha256').update(bytes).digest('hex');
  // Another window may copy the same image right now. If it removes the temporary file of this copy, that is written again.
  const copyAs = async (digits: number) => {
    const copy = join(folder, `${hash.slice(0, digits)}-${safeFileName(path)}`);
    await new ResultWriter().write(copy, bytes, { root: destination.root, owner: `source-${hash.slice(0, 32)}` });
    return copy;
  };
  const turn = turns.get(folder) ?? new Mutex();
  turns.set(folder, turn);
  return turn.runExclusive(async () => {
    try {
      return await copyAs(8);
    } catch (error) {
      if (!(error instanceof MixFailure && error.key === 'save-failed/exists')) throw error;
      return copyAs(32); // the earlier copy was edited, and stays as it is
    }
  });
}
