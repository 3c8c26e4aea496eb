import { randomUUID } from 'node:crypto';
import { type Draft, emptyDraft, recipeOfDraft } from '../mix/draft.ts';
import type { Recipe } from '../mix/recipe.ts';
import { locateSource, locationOf, portableSource, uriOf } from './sourceLocation.ts';

/**
 * The panel's draft of a recipe.
 * @param base absolute path of the folder that relative sources start from.
 * @param displayPath a file's path to display.
 * @throws MixFailure `invalid-recipe` for a source that is neither a path nor an http(s) URL.
 */
export function draftOfRecipe(recipe: Recipe, base: string, displayPath: (path: string) => string): Draft {
  const { images, version: _, ...rest } = recipe;
  const { prompt, negativePrompt, width, height, steps, guidanceScale, seed, samples, model } = recipe;
  return {
    prompt,
    negativePrompt,
    width,
    height,
    steps,
    guidanceScale,
    seed,
    samples,
    model,
    images: images.map(({ source, weight, enabled }, index) => {
      const location = locateSource(source, base, index);
      const path = location.kind === 'url' ? location.url : displayPath(location.path);
      return { id: randomUUID(), uri: uriOf(location), path, weight, enabled };
    }),
    extra: Object.fromEntries(Object.entries(rest).filter(([key]) => !Object.hasOwn(emptyDraft, key))),
  };
}

/** The text of a new recipe file for a draft. @param folder absolute path that sources are written relative to. */
export function recipeText(draft: Draft, folder: string): string {
  const images = draft.images.map(({ uri, weight, enabled }) => ({
    source: portableSource(locationOf(uri), folder),
    weight,
    ...(enabled ? {} : { enabled }),
  }));
  return `${JSON.stringify({ ...recipeOfDraft(draft), images }, null, 2)}\n`;
}
