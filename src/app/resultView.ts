import { pathToFileURL } from 'node:url';
import type { Draft } from '../mix/draft.ts';
import type { ResultView } from '../protocol/contract.ts';
import { draftOfRecipe } from './recipeDraft.ts';
import type { Result } from './resultEntry.ts';
import { uriOf } from './sourceLocation.ts';

/** The draft that reproduces a result. @param displayPath a file's path to display. */
export function draftOfResult({ recipe, base, sources }: Result, displayPath: (path: string) => string): Draft {
  const draft = draftOfRecipe(recipe, base, displayPath);
  for (const { index, location } of sources) {
    const image = draft.images[index];
    if (image) image.uri = uriOf(location);
  }
  return draft;
}

/** A result as the panel shows it. @param displayPath a file's path to display. */
export function viewOfResult(
  { id, path, createdAt, engine, seed, recipe }: Result,
  displayPath: (path: string) => string,
): ResultView {
  return {
    id,
    uri: pathToFileURL(path).href,
    path: displayPath(path),
    createdAt,
    engine,
    seed,
    prompt: recipe.prompt,
    width: recipe.width,
    height: recipe.height,
  };
}
