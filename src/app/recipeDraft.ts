import { randomUUID } from 'node:crypto';
import { relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TextDecoder } from 'node:util';
import * as vscode from 'vscode';
import type { JobRecord } from '../jobs/job.ts';
import { locate } from './jobRequest.ts';
import { type Draft, emptyDraft, recipeOfDraft } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import { parseRecipe, type Recipe } from '../mix/recipe.ts';

/** Reads a recipe's JSON from its file. @throws MixFailure `invalid-recipe` where there is none or it is no JSON. */
export async function readRecipe(file: vscode.Uri): Promise<unknown> {
  const name = vscode.workspace.asRelativePath(file);
  let text: string;
  try {
    text = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
  } catch (cause) {
    throw new MixFailure('invalid-recipe/no-file', { args: { file: name }, cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : '';
    throw new MixFailure('invalid-recipe/no-json', { args: { file: name, detail }, cause });
  }
}

/** The mix that a recipe describes, its sources found from `base`. @throws MixFailure `invalid-recipe`. */
export function draftOfRecipe(json: unknown, base: string): Draft {
  const { recipe } = parseRecipe(json);
  const { images, version: _, ...rest } = recipe;
  const known = Object.keys(emptyDraft);
  return {
    ...pickKnown(recipe),
    images: images.map(({ source, weight, enabled }, index) => {
      const location = locate(source, base, index);
      const uri = location.kind === 'url' ? location.url : pathToFileURL(location.path).href;
      const path = location.kind === 'url' ? location.url : vscode.workspace.asRelativePath(location.path);
      return { id: randomUUID(), uri, path, weight, enabled };
    }),
    extra: Object.fromEntries(Object.entries(rest).filter(([key]) => !known.includes(key))),
  };
}

function pickKnown(recipe: Recipe): Omit<Draft, 'images' | 'extra'> {
  const { prompt, negativePrompt, width, height, steps, guidanceScale, seed, samples } = recipe;
  return { prompt, negativePrompt, width, height, steps, guidanceScale, seed, samples };
}

/** The mix that a job was made from, as it stands in the journal. */
export function draftOfJob({ request }: JobRecord): Draft {
  const draft = draftOfRecipe(request.recipe, request.destination.root);
  for (const { index, location } of request.sources) {
    const image = draft.images[index];
    if (image) image.uri = location.kind === 'url' ? location.url : pathToFileURL(location.path).href;
  }
  return draft;
}

/** The text of a new recipe file, made from a mix; sources are relative to `folder`. */
export function recipeText(draft: Draft, folder: vscode.Uri): string {
  const recipe = recipeOfDraft(draft);
  const images = draft.images.map(({ uri, weight, enabled }) => ({
    source: uri.startsWith('file:') ? relative(folder.fsPath, fileURLToPath(uri)).split(sep).join('/') : uri,
    weight,
    ...(enabled ? {} : { enabled }),
  }));
  return `${JSON.stringify({ ...recipe, images }, null, 2)}\n`;
}
