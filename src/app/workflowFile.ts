import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { maxWorkflowBytes, parseWorkflow, type Workflow } from '../engines/comfyui/workflow.ts';
import { MixFailure } from '../mix/failure.ts';
import { systemCode } from '../storage/systemError.ts';
import { decodeText, isEncodingError } from './recipeFile.ts';

/**
 * Reads a workflow file. Call it in trusted workspaces only: a workflow runs on the user's server.
 * @param path as in the setting: absolute, or relative to the workspace folder. @param folder absolute path of that; undefined without one.
 * @param displayPath a file's path to display.
 * @throws MixFailure `invalid-recipe/workflow-…`.
 */
export async function readWorkflow(
  path: string,
  folder: string | undefined,
  displayPath: (path: string) => string,
): Promise<Workflow> {
  if (!isAbsolute(path) && folder === undefined) {
    throw new MixFailure('invalid-recipe/workflow-no-folder', { args: { file: path } });
  }
  const file = resolve(folder ?? '', path);
  const name = displayPath(file);
  return parseWorkflow(await readText(file, name), name);
}

async function readText(file: string, name: string): Promise<string> {
  try {
    const info = await stat(file);
    // Reading a pipe or a device could take forever.
    if (!info.isFile()) throw unreadable(name, 'not a file');
    if (info.size > maxWorkflowBytes) {
      throw new MixFailure('invalid-recipe/workflow-too-large', {
        args: { file: name, max: maxWorkflowBytes / 1_000_000 },
      });
    }
    return decodeText(await readFile(file));
  } catch (cause) {
    if (isEncodingError(cause))
      throw new MixFailure('invalid-recipe/workflow-no-json', { args: { file: name }, cause });
    const detail = systemCode(cause);
    if (detail === '') throw cause;
    throw unreadable(name, detail, cause);
  }
}

function unreadable(file: string, detail: string, cause?: unknown): MixFailure {
  return new MixFailure('invalid-recipe/workflow-unreadable', { args: { file, detail }, cause });
}
